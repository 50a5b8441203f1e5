import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Check } from '#core/config.ts';
import type { DnsEvidence } from '#core/dns/findings/evidence.ts';
import { ASSERTIONS } from '#core/dns/findings/finding.ts';
import { failureLabel } from '#core/failure.ts';
import type { Outcome, Step } from '#core/run.ts';
import { formatMs } from '#core/units.ts';
import { ConfigFileError, loadConfigFile, type LoadedConfig } from '../config-file.ts';
import { errorText, log, type Log } from '../log.ts';
import { createRunner } from '../runners/index.ts';
import { KILL_GRACE_MS, READY_MS_MAX, type Runner, type RunResult } from '../runners/runner.ts';
import { Watchdog } from '../watchdog.ts';
import { usageProblem } from './usage.ts';

export const RUN_HELP = `latchkey run CHECK: run a check once, here and now, and print its steps

  --config FILE   what is watched (default latchkey.config.ts)
  --headed        show the browser; needs a whole Chromium and a display
  --json          one JSON object on stdout: check, outcome, failure, durationMs, steps, screenshot, configHash, versions;
                  of a DNS check also dns: findings, summary, exchanges

Secrets are environment variables, as on a probe. A failure's screenshot goes to .latchkey/screenshots.
Exit status: 0 pass, 1 fail, 2 invalid or wrong usage.`;

const EXIT: Record<Outcome, number> = { pass: 0, fail: 1, invalid: 2 };
const EXIT_USAGE = 2;
/** Past the time in which every run ends by itself: two or three looks of the watchdog. */
const BLOCKED_MARGIN_MS = 2_500;
/** What a shell expects of a command that was interrupted. */
const EXIT_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

type RunOptions = { check: string; config: string; headed: boolean; json: boolean };

/**
 * Runs one check. Resolves with the exit status. A journey that does not let anything else run for `blockedMsMax`, or
 * for longer than any run may take, is ended from outside.
 */
export async function run(
  argv: readonly string[],
  { blockedMsMax }: { blockedMsMax?: number } = {},
): Promise<number> {
  const options = optionsOf(argv);
  if (typeof options === 'string') return refuse(options);
  if (options === undefined) {
    console.log(RUN_HELP);
    return 0;
  }
  try {
    const loaded = await loadConfigFile(options.config);
    const check = loaded.config.checks.find(({ id }) => id === options.check);
    if (check) return await runCheck(check, loaded, options, blockedMsMax ?? blockedMsMaxOf(check));
    const known = loaded.config.checks.map(({ id }) => id).join(', ') || '(none)';
    return refuse(`check: expected one of ${known}, got ${options.check}`);
  } catch (error) {
    if (error instanceof ConfigFileError) return refuse(error.message);
    throw error;
  }
}

function blockedMsMaxOf({ timeoutMs }: Check): number {
  return timeoutMs + READY_MS_MAX + KILL_GRACE_MS + BLOCKED_MARGIN_MS;
}

async function runCheck(
  check: Check,
  loaded: LoadedConfig,
  options: RunOptions,
  blockedMsMax: number,
): Promise<number> {
  const runner = createRunner({
    directory: loaded.directory,
    env: process.env,
    headed: options.headed,
    log: onlyTroubles,
  });
  const stopListening = closeAtSignal(runner);
  const sentence = `${check.id}: ended without an outcome: the journey kept everything else from running for ${formatMs(blockedMsMax)} (an endless loop?)`;
  const verdict = { kind: 'exit', status: EXIT.invalid, sentence } as const;
  const watchdog = new Watchdog({ blockedMsMax, verdict, log });
  try {
    const result = await runner.run(check);
    const screenshot = await saveScreenshot(check, result, loaded.directory);
    if (options.json) console.log(JSON.stringify(reportOf(check, result, screenshot, loaded, runner)));
    else console.log(describe(check, result, screenshot));
    return EXIT[result.outcome];
  } finally {
    await runner.close();
    await watchdog.stop();
    stopListening();
  }
}

/** A person at a terminal gets the outcome; the browser's coming and going is a probe's log. */
const onlyTroubles: Log = (level, event, fields) => {
  if (level !== 'info') log(level, event, fields);
};

/** No browser may be left behind by Ctrl-C. */
function closeAtSignal(runner: Runner): () => void {
  const listeners = Object.entries(EXIT_SIGNAL).map(([signal, code]) => {
    const listener = (): void => void runner.close().finally(() => process.exit(code));
    process.once(signal, listener);
    return () => process.off(signal, listener);
  });
  return () => listeners.forEach((remove) => remove());
}

async function saveScreenshot(
  check: Check,
  { screenshot }: RunResult,
  directory: string,
): Promise<string | undefined> {
  if (!screenshot) return undefined;
  const folder = join(directory, '.latchkey', 'screenshots');
  const file = join(folder, `${check.id}-${new Date().toISOString().replaceAll(':', '-')}.jpg`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(file, screenshot);
    return file;
  } catch (error) {
    log('warn', 'screenshot-not-saved', { file, error: errorText(error) });
    return undefined;
  }
}

function reportOf(
  check: Check,
  { outcome, failure, durationMs, steps, dns }: RunResult,
  screenshot: string | undefined,
  loaded: LoadedConfig,
  runner: Runner,
): Record<string, unknown> {
  return {
    check: check.id,
    outcome,
    failure: failure ?? null,
    durationMs,
    steps,
    screenshot: screenshot ?? null,
    configHash: loaded.hash,
    versions: runner.versions(),
    ...(dns === undefined ? {} : { dns }),
  };
}

function describe(check: Check, result: RunResult, screenshot: string | undefined): string {
  const { outcome, failure, durationMs } = result;
  const lines = [
    `${outcome === 'pass' ? '✓' : '✗'} ${check.id}: ${outcome} in ${formatMs(durationMs)}`,
    ...linesOf(result.steps, '  '),
    ...findingLines(result.dns),
  ];
  if (!failure) return lines.join('\n');
  const where = failure.owner === 'target' ? failure.url : undefined;
  lines.push(
    '',
    `${failureLabel(failure)}, the ${failure.owner}'s fault`,
    ...(failure.step === undefined ? [] : [`  step  ${failure.step}`]),
    ...(where === undefined ? [] : [`  url   ${where}`]),
    ...(screenshot === undefined ? [] : [`  shot  ${screenshot}`]),
    '',
    failure.message,
  );
  return lines.join('\n');
}

/** What a DNS check has found, the worst first. */
function findingLines(dns: DnsEvidence | undefined): string[] {
  if (!dns) return [];
  const { findings, findingsDropped = 0, unasked = 0 } = dns;
  return [
    '',
    ...(findings.length === 0 ? ['nothing found'] : []),
    ...findings.map(
      ({ id, severity, message }) => `${severity.padEnd(8)}  ${id.padEnd(3)}  ${ASSERTIONS[id]}: ${message}`,
    ),
    ...(findingsDropped > 0 ? [`and ${findingsDropped} more`] : []),
    ...(unasked > 0 ? [`${unasked} questions could not be put in time`] : []),
  ];
}

function linesOf(steps: readonly Step[], indent: string): string[] {
  return steps.flatMap(({ title, durationMs, error, steps: inner }) => [
    `${indent}${error === undefined ? '✓' : '✗'} ${title}  ${formatMs(durationMs)}${error === undefined ? '' : `  ${error}`}`,
    ...linesOf(inner, `${indent}  `),
  ]);
}

/** The options; `undefined` when only help was asked for, a sentence when they are wrong. */
function optionsOf(argv: readonly string[]): RunOptions | string | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: 'string', default: 'latchkey.config.ts' },
        headed: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return undefined;
    const [check, ...rest] = positionals;
    if (check === undefined || rest.length > 0)
      return `expected one CHECK, got ${positionals.length}\n\n${RUN_HELP}`;
    return { check, config: values.config, headed: values.headed, json: values.json };
  } catch (error) {
    return usageProblem(error, RUN_HELP);
  }
}

function refuse(message: string): number {
  console.error(message);
  return EXIT_USAGE;
}
