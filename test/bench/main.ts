import { parseArgs } from 'node:util';
import type { Benchmark, Report } from './benchmark.ts';
import { describeMachine } from './machine.ts';
import { tableOf } from './report.ts';

/** Loaded when asked for: each brings browsers or workerd with it. */
const BENCHES: Readonly<Record<string, () => Promise<Benchmark>>> = {
  journey: async () => (await import('./journey.ts')).journey,
  ingest: async () => (await import('./ingest.ts')).ingest,
  page: async () => (await import('./page.ts')).page,
  dns: async () => (await import('./dns.ts')).dns,
  canary: async () => (await import('./canary.ts')).canary,
};

/** Above this a benchmark would run for a day. */
const RUNS_MAX = 10_000;
/** As shells count: 128 + SIGINT or SIGTERM. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
const EXIT_USAGE = 2;

class UsageError extends Error {
  override readonly name = 'UsageError';
}

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    process.exitCode = EXIT_CODES[name];
    stopping.abort(new Error(`stopped by ${name}`));
  });
}

const say = (line: string): void => console.error(line);

async function main(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parse(argv);
  if (values.help === true) return console.log(await help());
  const [name, ...rest] = positionals;
  const load = name === undefined ? undefined : BENCHES[name];
  if (name === undefined || load === undefined || rest.length > 0)
    throw new UsageError(
      `NAME: expected one of ${Object.keys(BENCHES).join(', ')}, got ${positionals.join(' ') || 'none'}`,
    );
  const bench = await load();
  const runs = values.runs === undefined ? bench.runsDefault : parseRuns(values.runs);
  const only = values.only === undefined ? {} : { only: parseOnly(values.only, bench.parts ?? [], name) };
  const machine = describeMachine();
  const { notes, ...measured } = await bench.measure({ runs, ...only, say, signal: stopping.signal });
  const report: Report = { name, machine, ...measured };
  console.log(values.json === true ? JSON.stringify(report) : tableOf(report, notes));
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        runs: { type: 'string' },
        only: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function parseRuns(text: string): number {
  const runs = Number(text);
  if (!/^\d+$/u.test(text) || runs < 1 || runs > RUNS_MAX)
    throw new UsageError(`--runs: expected a whole number from 1 to ${RUNS_MAX}, got ${text}`);
  return runs;
}

function parseOnly(text: string, parts: readonly string[], name: string): string[] {
  if (parts.length === 0) throw new UsageError(`--only: ${name} has no parts to choose from, got ${text}`);
  const chosen = text.split(',');
  const unknown = chosen.filter((part) => !parts.includes(part));
  if (unknown.length > 0)
    throw new UsageError(
      `--only: expected some of ${parts.join(', ')}, separated by commas, got ${unknown.map((part) => part || 'nothing').join(', ')}`,
    );
  return chosen;
}

async function help(): Promise<string> {
  const benches = await Promise.all(
    Object.entries(BENCHES).map(async ([name, load]) => {
      const { summary, runsDefault, runsMean, parts = [] } = await load();
      const lines = [
        `  ${name.padEnd(9)} ${summary}`,
        `            --runs ${runsDefault}: ${runsMean}`,
        ...(parts.length === 0 ? [] : [`            --only ${parts.join(',')}`]),
      ];
      return lines.join('\n');
    }),
  );
  return `Benchmarks, each beside a peer or a limit in the same run.

  npm run bench -- NAME [--json] [--runs N] [--only PART,…]

${benches.join('\n')}

  --json    one object on stdout: { name, machine, runs, figures, targets }; progress goes to stderr
  --runs N  fewer for a quick look, more for steadier figures
  --only    these parts, and the figures of no other

A benchmark reports. A missed target is printed and is no failure; only an error makes the exit code 1.`;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (stopping.signal.aborted) {
    say(`bench: ${(stopping.signal.reason as Error).message}`);
    // What was under way may still wait for something that cannot come any more.
    process.exit();
  }
  const usage = error instanceof UsageError;
  say(usage ? `bench: ${error.message}` : `bench: ${(error as Error).stack ?? String(error)}`);
  process.exitCode = usage ? EXIT_USAGE : 1;
}
