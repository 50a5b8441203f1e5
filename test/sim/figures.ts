import { TRIGGERS_PER_MONTH, type Family } from './family.ts';
import { measureFamily } from './fleet.ts';
import { quantile } from './statistics.ts';

/** Outages of each family: the slowest of them is a figure, and a thousand tell it to half a second. */
const OUTAGES = 1_000;
/** Months of single failures in each of the quiet families, unless another number is asked for. */
export const MONTHS_DEFAULT = 1;

/** The figures of one run, seconds but for the counts. */
export type Figures = Record<string, number>;

/** How the default check fares in scenarios of one kind. */
export async function figuresOf(months: number, say: (line: string) => void): Promise<Figures> {
  const secondsOf = async (family: Family): Promise<number[]> => {
    say(`measuring ${OUTAGES} outages: ${family}`);
    return (await measureFamily(family, OUTAGES)).map((ms) => ms / 1_000);
  };
  const falsePages = async (family: Family): Promise<number> => {
    say(`measuring ${months} months of single failures: ${family}`);
    const pages = await measureFamily(family, Math.round(TRIGGERS_PER_MONTH * months));
    return pages.reduce((sum, page) => sum + page, 0) / months;
  };
  const page = await secondsOf('page');
  const unlearnt = await secondsOf('page-unlearnt');
  const twoRegions = await secondsOf('two-regions-hang');
  const partial = await secondsOf('partial-30');
  return rounded({
    pageP50S: quantile(page, 0.5),
    pageP99S: quantile(page, 0.99),
    pageMaxS: Math.max(...page),
    unlearntP50S: quantile(unlearnt, 0.5),
    unlearntMaxS: Math.max(...unlearnt),
    twoRegionsHangP50S: quantile(twoRegions, 0.5),
    twoRegionsHangMaxS: Math.max(...twoRegions),
    partial30MedianS: quantile(partial, 0.5),
    partial30P95S: quantile(partial, 0.95),
    falsePagesPerMonth: await falsePages('quiet'),
    falsePagesPerMonthCorrelated30: await falsePages('quiet-correlated-30'),
    falsePagesMonths: months,
  });
}

/** Figures are of seconds: a millisecond says enough. */
export function rounded(figures: Figures): Figures {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Math.round(value * 1_000) / 1_000]),
  );
}
