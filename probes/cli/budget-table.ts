import {
  BUDGET_MS,
  SCENARIOS,
  SHAPES,
  type BudgetRow,
  type Remedy,
  type ScenarioName,
  type Shape,
} from '#core/budget/budget.ts';
import type { Check } from '#core/config.ts';
import { FALSE_PAGES_MAX, type Flakes } from '#core/budget/false-pages.ts';
import type { Deadlines } from '#core/lateness.ts';
import { TERMS, type TermName } from '#core/budget/way-to-page.ts';

/** What is said of one check. */
export type CheckBudget = {
  check: Check;
  p99Ms: number;
  deadlines: Record<'learnt' | 'new', Deadlines>;
  rows: BudgetRow[];
  over: BudgetRow[];
  remedies: Remedy[];
  flakes: Flakes;
  falsePagesPerMonth: number;
};

/** Columns of the table: 38 for what it is about, and 14 for each shape, which makes 80. */
const ABOUT_COLUMNS = 38;
const FIGURE_COLUMNS = 14;
const SHAPE_NAMES = Object.keys(SHAPES) as Shape[];
/** The row that has every term there is. */
const WHOLE: ScenarioName = 'failover';

/** A check's budget for people: 80 columns, no colours. */
export function budgetTable(budget: CheckBudget): string {
  const { check, rows, deadlines, p99Ms } = budget;
  const { learnt, new: unknown } = deadlines;
  const reasons = [...new Set(rows.flatMap(({ notPromised }) => notPromised ?? []))];
  const missing = [...new Set(rows.flatMap(({ notApplicable }) => notApplicable ?? []))];
  return [
    `${check.id}: every ${seconds(check.intervalMs)} s, ${seconds(check.timeoutMs)} s at most, ${count(check.regions.length, 'region')}`,
    `  learnt (p99 ${seconds(p99Ms)} s): overdue after ${seconds(learnt.softMs)} s, confirmed within ${seconds(learnt.confirmMs)} s`,
    `  new (nothing learnt yet): overdue after ${seconds(unknown.softMs)} s, confirmed within ${seconds(unknown.confirmMs)} s`,
    '',
    line('time-to-page: worst (expected), s', Object.values(SHAPES)),
    ...(Object.keys(SCENARIOS) as ScenarioName[]).map((scenario) =>
      line(
        SCENARIOS[scenario],
        SHAPE_NAMES.map((shape) => figureOf(rowOf(rows, scenario, shape), reasons)),
      ),
    ),
    '',
    line('its last row, term by term: worst, s', Object.values(SHAPES)),
    ...termLines(SHAPE_NAMES.map((shape) => rowOf(rows, WHOLE, shape))),
    '',
    ...reasons.map((reason, index) => `  ${marks(index)} not promised: ${reason}`),
    ...missing.map((reason) => `  – does not apply: ${reason}`),
    `  ${falsePagesLine(budget)}`,
    `  ${verdictLine(budget)}`,
  ].join('\n');
}

/** What to change, as one would write it in the configuration. */
export function remedyText({ intervalMs, timeoutMs, regions }: Remedy): string {
  return [
    ...(intervalMs === undefined ? [] : [`interval: '${intervalMs / 1_000}s'`]),
    ...(timeoutMs === undefined ? [] : [`timeout: '${timeoutMs / 1_000}s'`]),
    ...(regions === undefined ? [] : [`${regions} regions`]),
  ].join(' with ');
}

function verdictLine({ check, rows, over, remedies }: CheckBudget): string {
  const promised = rows.filter((row) => row.promised);
  const worst = promised.reduce((a, b) => (b.worstMs > a.worstMs ? b : a));
  const said = `${seconds(worst.worstMs)} s at worst of ${BUDGET_MS / 1_000} s`;
  if (over.length === 0) return `in budget: ${said}`;
  const changes = remedies.map(remedyText).join(', or ');
  const advice =
    changes === '' ? 'shorten interval and timeout, add regions' : `what brings it in: ${changes}`;
  return `OVER BUDGET: ${check.id}: ${said} (${SCENARIOS[worst.scenario]}; ${SHAPES[worst.shape]})\n  ${advice}`;
}

function falsePagesLine({ falsePagesPerMonth, flakes }: CheckBudget): string {
  const { flakeRatio, correlationRatio } = flakes;
  const warning = falsePagesPerMonth > FALSE_PAGES_MAX ? `WARNING, over ${FALSE_PAGES_MAX}: ` : '';
  const shown = falsePagesPerMonth < 0.0001 ? 'under 0.0001' : Number(falsePagesPerMonth.toPrecision(2));
  return `${warning}false pages a month: ${shown} (${percent(flakeRatio)} of runs fail, ${percent(correlationRatio)} after a failure)`;
}

function termLines(rows: readonly (BudgetRow | undefined)[]): string[] {
  const lines = (Object.keys(TERMS) as TermName[]).flatMap((name) => {
    const terms = rows.map((row) => row?.terms.find((term) => term.name === name));
    if (terms.every((term) => term === undefined || term.worstMs === 0)) return [];
    return [
      line(
        TERMS[name],
        terms.map((term) => (term ? seconds(term.worstMs) : '')),
      ),
    ];
  });
  return [
    ...lines,
    line(
      'all of it',
      rows.map((row) => (row ? seconds(row.worstMs) : '')),
    ),
  ];
}

function figureOf(row: BudgetRow | undefined, reasons: readonly string[]): string {
  if (!row || row.notApplicable !== undefined) return '–';
  const mark = row.notPromised === undefined ? '' : marks(reasons.indexOf(row.notPromised));
  return `${mark}${seconds(row.worstMs)} (${seconds(row.expectedMs)})`;
}

function rowOf(rows: readonly BudgetRow[], scenario: ScenarioName, shape: Shape): BudgetRow | undefined {
  return rows.find((row) => row.scenario === scenario && row.shape === shape);
}

function line(about: string, figures: readonly string[]): string {
  return (
    `  ${about}`.padEnd(ABOUT_COLUMNS) + figures.map((figure) => figure.padStart(FIGURE_COLUMNS)).join('')
  );
}

function marks(index: number): string {
  return '*'.repeat(index + 1);
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(3))} %`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
