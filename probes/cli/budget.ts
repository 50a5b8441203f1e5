import { parseArgs } from 'node:util';
import {
  assumedP99Ms,
  BUDGET_MS,
  budgetDeadlines,
  budgetOf,
  overBudget,
  remediesOf,
} from '#core/budget/budget.ts';
import type { Check, Config } from '#core/config.ts';
import { falsePagesPerMonth, type Flakes } from '#core/budget/false-pages.ts';
import { parseDurationMs } from '#core/units.ts';
import { CONCURRENCY_DEFAULT } from '../agent.ts';
import { ConfigFileError } from '../config-file.ts';
import { loadHubConfig } from '../host/hub-config.ts';
import { budgetTable, type CheckBudget } from './budget-table.ts';
import { usageProblem } from './usage.ts';

export const BUDGET_HELP = `latchkey budget: worst and expected time-to-page of each check, from its configuration

  --config FILE         what is watched (default latchkey.config.ts)
  --check ID            this check only
  --p99 DURATION        how long its runs take, p99 (default: paging.lateness.ceiling / timesP99)
  --flake SHARE         of all runs that fail though nothing is wrong (default 1%)
  --correlation SHARE   of the runs that fail right after such a one in the same region (default 10%)
  --json                one JSON object on stdout

Every outage is one that all regions meet; each row has more wrong besides. Budgeted is the way from the outage's onset
to a provider's acceptance. Promised within 120 s are all rows with two live regions or more, and a failover of the hub
once the check has had twenty passes; with --json:
  { budgetMs, notes: [text], checks: [{ check, intervalMs, timeoutMs, regions, p99Ms, learnt: { softMs, confirmMs },
    new: { softMs, confirmMs }, inBudget, worstMs, falsePagesPerMonth, flakeRatio, correlationRatio,
    remedies: [{ intervalMs?, timeoutMs?, regions? }],
    rows: [{ scenario, shape, notApplicable?, promised, notPromised?, regionsDown, worstMs, expectedMs,
      terms: [{ name, about, worstMs, expectedMs }] }] }] }
  worstMs of a check is the worst of its promised rows.
Exit status: 0 every check is in budget, 1 one is not, 2 wrong usage or configuration.`;

type BudgetOptions = {
  config: string;
  check: string | undefined;
  p99Ms: number | undefined;
  flakes: Flakes;
  json: boolean;
};

const EXIT_OVER = 1;
const EXIT_USAGE = 2;
/** A run that fails every other time is no flake, and what always fails again is an outage. */
const FLAKE_MAX = 0.5;
const CORRELATION_MAX = 0.95;

/** Prints the budget. Resolves with the exit status. */
export async function budget(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  if (options === undefined) return 0;
  if (typeof options === 'string') return refuse(options);
  try {
    const { config } = await loadHubConfig(options.config);
    const checks = config.checks.filter(({ id }) => options.check === undefined || id === options.check);
    if (checks.length === 0 && options.check !== undefined) {
      const known = config.checks.map(({ id }) => id).join(', ') || '(none)';
      return refuse(`--check: expected one of ${known}, got ${options.check}`);
    }
    const budgets = checks.map((check) => budgetOfCheck(config, check, options));
    const notes = notesOf(config, checks);
    console.log(
      options.json
        ? JSON.stringify({ budgetMs: BUDGET_MS, notes, checks: budgets.map(jsonOf) })
        : [...budgets.map(budgetTable), notes.join('\n')].filter((part) => part !== '').join('\n\n'),
    );
    const over = budgets.filter((one) => one.over.length > 0).map(({ check }) => check.id);
    if (over.length === 0) return 0;
    console.error(`over the budget of ${BUDGET_MS / 1_000} s: ${over.join(', ')}`);
    return EXIT_OVER;
  } catch (error) {
    if (error instanceof ConfigFileError) return refuse(error.message);
    throw error;
  }
}

function budgetOfCheck(config: Config, check: Check, { p99Ms, flakes }: BudgetOptions): CheckBudget {
  const usedMs = Math.min(p99Ms ?? assumedP99Ms(config, check), check.timeoutMs);
  const rows = budgetOf(config, check, usedMs);
  const over = overBudget(rows);
  return {
    check,
    p99Ms: usedMs,
    deadlines: budgetDeadlines(config, check, usedMs),
    rows,
    over,
    remedies: over.length === 0 ? [] : remediesOf(config, check, p99Ms),
    flakes,
    falsePagesPerMonth: falsePagesPerMonth(check.regions.length, check.intervalMs, flakes),
  };
}

function jsonOf({ check, p99Ms, deadlines, rows, over, remedies, ...rest }: CheckBudget): object {
  return {
    check: check.id,
    intervalMs: check.intervalMs,
    timeoutMs: check.timeoutMs,
    regions: check.regions.length,
    p99Ms,
    ...deadlines,
    inBudget: over.length === 0,
    worstMs: Math.max(0, ...rows.filter(({ promised }) => promised).map(({ worstMs }) => worstMs)),
    falsePagesPerMonth: rest.falsePagesPerMonth,
    ...rest.flakes,
    remedies,
    rows,
  };
}

/** What the figures leave out, where it matters. */
function notesOf(config: Config, checks: readonly Check[]): string[] {
  const crowded = config.regions.filter(
    ({ id }) => config.checks.filter(({ regions }) => regions.includes(id)).length > CONCURRENCY_DEFAULT,
  );
  const own = config.regions.filter(
    ({ id, worker }) => worker !== undefined && checks.some(({ regions }) => regions.includes(id)),
  );
  const alone = checks.filter(({ channels }) =>
    config.paging.fallback.every((channel) => channels.includes(channel)),
  );
  return [
    ...(crowded.length > 0
      ? [
          `A region runs ${CONCURRENCY_DEFAULT} checks at once: more that hang together wait, which is not in here.`,
        ]
      : []),
    ...(own.length > 0
      ? [
          `${own.map(({ id }) => id).join(', ')}: starts by alarms, at worst a minute late: then as one region down.`,
        ]
      : []),
    ...(alone.length > 0
      ? [
          `No paging.fallback for ${alone.map(({ id }) => id).join(', ')}: a pager that stays down is not in here.`,
        ]
      : []),
  ];
}

function optionsOf(argv: readonly string[]): BudgetOptions | string | undefined {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: 'string', default: 'latchkey.config.ts' },
        check: { type: 'string' },
        p99: { type: 'string' },
        flake: { type: 'string', default: '1%' },
        correlation: { type: 'string', default: '10%' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(BUDGET_HELP);
      return undefined;
    }
    const flakeRatio = ratioOf(values.flake);
    if (flakeRatio === undefined || flakeRatio > FLAKE_MAX)
      return `--flake: expected a share from 0% to 50%, such as 1% or 0.01, got ${values.flake}`;
    const correlationRatio = ratioOf(values.correlation);
    if (correlationRatio === undefined || correlationRatio > CORRELATION_MAX)
      return `--correlation: expected a share from 0% to 95%, such as 10% or 0.1, got ${values.correlation}`;
    const p99Ms = values.p99 === undefined ? undefined : parseDurationMs(values.p99);
    if (values.p99 !== undefined && (p99Ms === undefined || p99Ms === 0))
      return `--p99: expected a duration such as "2s" or "850ms", got ${values.p99}`;
    const { config, check, json } = values;
    return { config, check, p99Ms, flakes: { flakeRatio, correlationRatio }, json };
  } catch (error) {
    return usageProblem(error, BUDGET_HELP);
  }
}

/** `1%` or `0.01` → 0.01; anything else → `undefined`. */
function ratioOf(text: string): number | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,6})?|\.\d{1,6})(%?)$/.exec(text);
  if (!match) return undefined;
  return Number(match[1]) / (match[2] === '%' ? 100 : 1);
}

function refuse(message: string): number {
  console.error(message);
  return EXIT_USAGE;
}
