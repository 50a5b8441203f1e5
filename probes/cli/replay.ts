import { parseArgs } from 'node:util';
import type { Check, Config } from '#core/config.ts';
import { NO_ROUTES } from '#core/policy.ts';
import { replay as replayRuns } from '#core/replay/replay.ts';
import { parseDurationMs } from '#core/units.ts';
import { ConfigFileError } from '../config-file.ts';
import { EnvFileError, readEnvFile } from '../host/env-file.ts';
import { loadHubConfig } from '../host/hub-config.ts';
import { replayTable, type CheckReplay } from './replay-table.ts';
import { readStoredFile, readStoredHub, StoredLinesError, type StoredHistory } from './stored-lines.ts';
import { usageProblem } from './usage.ts';

export const REPLAY_HELP = `latchkey replay: what another configuration would have paged, by the runs that are stored

  --policy FILE     the configuration to try, as a latchkey.config.ts
  --runs FILE       stored runs and incidents, a line of JSON each; or, from a hub:
  --hub URL         the hub; needs OPERATOR_TOKEN
  --from WHEN       since then: a moment such as 2026-11-22T02:00:00Z, or a duration ago such as 24h
  --to WHEN         until then (default now)
  --export FILE     keep what the hub has answered, to be replayed again with --runs
  --env-file FILE   secrets as KEY=VALUE lines; goes before the environment
  --check ID        this check only
  --json            one JSON object on stdout

The runs are as they were: when they came, how they ended and how long they took, whatever interval and timeout the policy
has. Begin some minutes before what you want to see: what is normal must be learnt first. Lines of a file:
  {"type":"run","startedAtMs":…,"receivedAtMs":…,"late":false,"run":{…}}      as the hub has stored it, hub's clock
  {"type":"incident","check":"portal-login","incident":{…}}                   as in the operator's history
With --json, times in epoch ms:
  { policy, checks: [{ check, runs, fromMs, toMs, realPages, extra,
    pages: [{ seq, reason, sinceMs, decidedMs, tookMs, resolvedMs?, incident?, laterMs? }],
    missed: [{ seq, reason, sinceMs, decidedMs, tookMs, resolvedMs? }], notes: [text] }], unknownChecks: [ID] }
  tookMs: from the start of the first failed run to the decision. incident: the real one a page is about; none: an extra page.
Exit status: 0 replayed, whatever came of it, 1 the runs cannot be read, 2 wrong usage or policy.`;

type ReplayOptions = {
  policy: string;
  source: { runs: string } | { hub: URL; fromMs: number; toMs: number; exportTo: string | undefined };
  envFile: string | undefined;
  check: string | undefined;
  json: boolean;
};

const EXIT_UNREADABLE = 1;
const EXIT_USAGE = 2;

/** Replays stored runs. Resolves with the exit status. */
export async function replay(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  if (options === undefined) return 0;
  if (typeof options === 'string') return say(options, EXIT_USAGE);
  try {
    const { config } = await loadHubConfig(options.policy);
    const checks = config.checks.filter(({ id }) => options.check === undefined || id === options.check);
    if (checks.length === 0) {
      const known = config.checks.map(({ id }) => id).join(', ') || '(none)';
      return say(`--check: expected one of ${known}, got ${options.check}`, EXIT_USAGE);
    }
    const history = await historyFor(options, checks);
    const replays = checks.map((check) => replayOf(config, check, history));
    const policyIds = new Set(config.checks.map(({ id }) => id));
    const unknownChecks = [...new Set(history.runs.map(({ run }) => run.check))].filter(
      (id) => !policyIds.has(id),
    );
    console.log(
      options.json
        ? JSON.stringify({ policy: options.policy, checks: replays, unknownChecks })
        : [
            ...replays.map(replayTable),
            ...(unknownChecks.length > 0 ? [`Not in the policy: ${unknownChecks.join(', ')}`] : []),
          ].join('\n\n'),
    );
    return 0;
  } catch (error) {
    if (error instanceof ConfigFileError) return say(error.message, EXIT_USAGE);
    if (error instanceof StoredLinesError || error instanceof EnvFileError)
      return say(error.message, EXIT_UNREADABLE);
    throw error;
  }
}

function replayOf(config: Config, check: Check, history: StoredHistory): CheckReplay {
  const runs = history.runs.filter(({ run }) => run.check === check.id);
  const incidents = history.incidents.flatMap((one) => (one.check === check.id ? [one.incident] : []));
  const report = replayRuns({ config, check, routes: NO_ROUTES }, runs, incidents);
  const met = report.pages.filter(({ incident }) => incident !== undefined).length;
  return { check: check.id, realPages: met + report.missed.length, ...report };
}

async function historyFor(
  { source, envFile }: ReplayOptions,
  checks: readonly Check[],
): Promise<StoredHistory> {
  if ('runs' in source) return readStoredFile(source.runs);
  const file = envFile === undefined ? undefined : await readEnvFile(envFile);
  const token = file?.values.OPERATOR_TOKEN ?? process.env.OPERATOR_TOKEN ?? '';
  if (token === '')
    throw new StoredLinesError('The secret OPERATOR_TOKEN is not set, in the environment or --env-file.');
  const { hub, fromMs, toMs, exportTo } = source;
  return readStoredHub({ hub, token, checks: checks.map(({ id }) => id), fromMs, toMs }, exportTo);
}

function optionsOf(argv: readonly string[]): ReplayOptions | string | undefined {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        policy: { type: 'string' },
        runs: { type: 'string' },
        hub: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        export: { type: 'string' },
        'env-file': { type: 'string' },
        check: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(REPLAY_HELP);
      return undefined;
    }
    if (values.policy === undefined) return `--policy: expected a file\n\n${REPLAY_HELP}`;
    const source = sourceOf(values, Date.now());
    if (typeof source === 'string') return source;
    const { policy, check, json, 'env-file': envFile } = values;
    return { policy, source, envFile, check, json };
  } catch (error) {
    return usageProblem(error, REPLAY_HELP);
  }
}

function sourceOf(
  values: { [name in 'runs' | 'hub' | 'from' | 'to' | 'export']?: string | undefined },
  nowMs: number,
): ReplayOptions['source'] | string {
  const { runs, hub, from, to, export: exportTo } = values;
  if ((runs === undefined) === (hub === undefined)) return 'expected either --runs or --hub';
  if (runs !== undefined)
    return from === undefined && to === undefined && exportTo === undefined
      ? { runs }
      : '--from, --to and --export: only with --hub';
  const url = URL.parse(hub ?? '');
  if (!url || !['http:', 'https:'].includes(url.protocol))
    return `--hub: expected an http or https URL, got ${hub}`;
  const fromMs = momentOf(from, nowMs);
  if (fromMs === undefined)
    return `--from: expected a moment such as 2026-11-22T02:00:00Z or a duration such as 24h, got ${from ?? 'nothing'}`;
  const toMs = to === undefined ? nowMs : momentOf(to, nowMs);
  if (toMs === undefined || toMs <= fromMs)
    return `--to: expected a moment or a duration ago, after --from, got ${to ?? 'now'}`;
  return { hub: url, fromMs, toMs, exportTo };
}

/** `2026-11-22T02:00:00Z`, or `24h` for so long ago, as epoch ms. */
function momentOf(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const agoMs = parseDurationMs(text);
  if (agoMs !== undefined) return nowMs - agoMs;
  const isMoment = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const atMs = isMoment ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}

function say(message: string, status: number): number {
  console.error(message);
  return status;
}
