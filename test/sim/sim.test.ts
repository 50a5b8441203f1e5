import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
/** Ten times what it takes: a machine that is busy with something else is no fault of core. */
const DEADLINE_MS = 600_000;
/** A seed that tells on a mutant comes sooner; the whole proof runs with `npm run sim -- --mutants`. */
const MUTANT_SEEDS = 3_000;

const Report = z.object({
  failingSeeds: z.array(z.number()).optional(),
  table: z.array(z.object({ name: z.string(), oracle: z.string().nullable() })).optional(),
  figures: z.record(z.string(), z.number()),
});

/** Runs the simulator as people do; what it finds is in its report, so that its exit code may be 1. */
async function sim(...args: string[]): Promise<z.infer<typeof Report>> {
  const run = promisify(execFile)(process.execPath, [MAIN, '--json', ...args], {
    timeout: DEADLINE_MS,
    maxBuffer: 16 * 1024 * 1024,
  });
  const { stdout } = await run.catch((error: Error & { stdout?: string; stderr?: string }) => {
    if (error.stdout === undefined || error.stdout === '') throw error;
    console.error(error.stderr);
    return { stdout: error.stdout };
  });
  return Report.parse(JSON.parse(stdout));
}

test(
  'ten thousand random worlds break no promise',
  async () => {
    const { failingSeeds, figures } = await sim('--seeds', '10000', '--months', '0');
    expect(failingSeeds).toEqual([]);
    expect(figures).toMatchObject({ seeds: 10_000, violations: 0 });
  },
  DEADLINE_MS,
);

test(
  'each protection is missed when it is taken away',
  async () => {
    const { table = [], figures } = await sim('--mutants', '--seeds', String(MUTANT_SEEDS));
    expect(table.filter(({ oracle }) => oracle === null).map(({ name }) => name)).toEqual([]);
    expect(figures.caught).toBe(figures.mutants);
    expect(figures.mutants).toBeGreaterThanOrEqual(15);
  },
  DEADLINE_MS,
);
