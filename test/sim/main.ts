import { parseArgs } from 'node:util';
import { figuresOf, MONTHS_DEFAULT, rounded } from './figures.ts';
import { runMutants, runSeeds, threads } from './fleet.ts';
import { MUTANTS } from './mutants.ts';
import { describe } from './report.ts';

/** What a push is held to. */
const SEEDS_DEFAULT = 10_000;
/** A seed that tells on a mutant comes within so many, or the oracles are too weak. */
const MUTANT_SEEDS_DEFAULT = 3_000;
/** A week of simulating. */
const SEEDS_MAX = 100_000_000;
const MONTHS_MAX = 1_000;
/** Violations that are shrunk and told in full; the rest would be more of the same. */
const TOLD_MAX = 3;
/** Seeds between two lines of progress. */
const PROGRESS_SEEDS = 1_000;
const EXIT_VIOLATED = 1;
const EXIT_USAGE = 2;

const HELP = `npm run sim -- [options]

Runs the real core with simulated probes, links, hub and pagers: one seed, one scenario, the same every time. Looks for
pages that are late, lost or false (test/sim/README.md). Exit 1 on any violation, with a seed that shows it again.

  --seeds N    scenarios (default ${SEEDS_DEFAULT}; of each mutant at most, default ${MUTANT_SEEDS_DEFAULT})
  --from S     the first seed (default 1)
  --months N   months of single failures that false pages are counted in (default ${MONTHS_DEFAULT}; 0: no figures)
  --mutants    take away one protection at a time: each must be missed
  --json       one object on stdout
  --help`;

class UsageError extends Error {
  override readonly name = 'UsageError';
}

const say = (line: string): void => console.error(line);

async function main(argv: readonly string[]): Promise<void> {
  const values = parse(argv);
  if (values.help === true) return console.log(HELP);
  const from = whole('--from', values.from ?? '1', 0, SEEDS_MAX);
  const isMutants = values.mutants === true;
  const seedsText = values.seeds ?? String(isMutants ? MUTANT_SEEDS_DEFAULT : SEEDS_DEFAULT);
  const seeds = whole('--seeds', seedsText, 1, SEEDS_MAX);
  const months = whole('--months', values.months ?? String(MONTHS_DEFAULT), 0, MONTHS_MAX);
  const asJson = values.json === true;
  await (isMutants ? proveMutants(from, seeds, asJson) : proveSeeds(from, seeds, months, asJson));
}

async function proveSeeds(from: number, seeds: number, months: number, asJson: boolean): Promise<void> {
  const startedMs = performance.now();
  let done = 0;
  const found = await runSeeds(from, seeds, (more) => {
    const before = done;
    done += more;
    if (Math.floor(done / PROGRESS_SEEDS) > Math.floor(before / PROGRESS_SEEDS))
      say(`${done} of ${seeds} seeds, ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  for (const { seed, violation } of found.slice(0, TOLD_MAX)) say(describe(seed, violation));
  for (const { seed, violation } of found.slice(TOLD_MAX))
    say(`seed ${seed}: ${violation.oracle}: ${violation.message}`);
  if (found.length > 0) process.exitCode = EXIT_VIOLATED;
  // One seed is run to look at it, and says nothing of how fast pages are.
  const figures = months === 0 || seeds === 1 ? {} : await figuresOf(months, say);
  report(
    { seeds, violations: found.length, ...rounded({ seconds }), ...figures },
    { from, threads: threads(), failingSeeds: found.map(({ seed }) => seed) },
    asJson,
  );
}

async function proveMutants(from: number, seeds: number, asJson: boolean): Promise<void> {
  const startedMs = performance.now();
  const found = await runMutants(MUTANTS, from, seeds, (mutant, told) => {
    const how = told
      ? `${told.violation.oracle}  seed ${String(told.seed).padEnd(6)} ${told.violation.message}`
      : `not caught in ${seeds} seeds`;
    say(`${mutant.name.padEnd(50)} ${how}`);
  });
  const caught = found.filter((told) => told !== undefined).length;
  if (caught < MUTANTS.length) process.exitCode = EXIT_VIOLATED;
  const seconds = (performance.now() - startedMs) / 1_000;
  const table = MUTANTS.map(({ name, file }, at) => ({
    name,
    file,
    oracle: found[at]?.violation.oracle ?? null,
    seed: found[at]?.seed ?? null,
  }));
  report(
    { mutants: MUTANTS.length, caught, ...rounded({ seconds }) },
    { from, seedsMax: seeds, table },
    asJson,
  );
}

function report(figures: Record<string, number>, more: Record<string, unknown>, asJson: boolean): void {
  if (asJson) return console.log(JSON.stringify({ name: 'sim', ...more, figures }));
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(32)} ${value}`);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        seeds: { type: 'string' },
        from: { type: 'string' },
        months: { type: 'string' },
        mutants: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/u.test(text) || value < min || value > max)
    throw new UsageError(`${name}: expected a whole number from ${min} to ${max}, got ${text}`);
  return value;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  say(`${error.message}\n\n${HELP}`);
  process.exitCode = EXIT_USAGE;
}
