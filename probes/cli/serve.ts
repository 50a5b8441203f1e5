import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z, ZodError } from 'zod';
import { OPERATOR_PATH } from '#core/operator-path.ts';
import { ConfigFileError } from '../config-file.ts';
import { withDeadline } from '../deadline.ts';
import { EnvFileError, readEnvFile } from '../host/env-file.ts';
import { openFrontDoor, type FrontDoor } from '../host/front-door.ts';
import { bundleHub } from '../host/hub-bundle.ts';
import { startHubHost, type HubHost } from '../host/hub-host.ts';
import { loadHubConfig } from '../host/hub-config.ts';
import { hubSecrets } from '../host/hub-secrets.ts';
import { aborted, stopSignal } from '../host/stop-signal.ts';
import { errorCode, errorText, log } from '../log.ts';
import { lockDirectory, SpoolLockedError } from '../spool/lock.ts';
import { usageProblem } from './usage.ts';

export const SERVE_HELP = `latchkey serve: the hub on one machine, its state on disk

  --port N          public port (default 4300; 0 takes a free one)
  --host ADDRESS    address to listen on (default 127.0.0.1)
  --state FOLDER    where the hub keeps its state (default .latchkey/hub)
  --config FILE     what is watched (default latchkey.config.ts)
  --env-file FILE   secrets as KEY=VALUE lines; goes before the environment
  --json            say that it is ready as one object

Secrets: PROBE_TOKEN_KEYS, which sign the tokens of probes and services (one key, or two with a comma while you change it),
OPERATOR_TOKEN, which opens the operator's page, COOKIE_KEY, which keeps it open, and those that channels, watchdogs
and rollbacks name.
The first three are yours to make up; each by: openssl rand -hex 32

Logs go to stderr. Exit status: 0 stopped, 1 cannot serve, 2 wrong options.
Put TLS in front of it: a reverse proxy or a tunnel. End it with SIGTERM or Ctrl-C.`;

/** Answering a question about its own health. */
const HEALTH_DEADLINE_MS = 10_000;
/** Ending in order; workerd keeps nothing in memory that is not on disk. */
const STOP_DEADLINE_MS = 8_000;

const Refusal = z.object({ error: z.string() });

type ServeOptions = {
  port: number;
  host: string;
  state: string;
  config: string;
  envFile: string | undefined;
  json: boolean;
};

/** Why the hub cannot be served; the message is for people. */
class ServeError extends Error {
  override readonly name = 'ServeError';
}

/** Serves until it is told to stop. Resolves with the exit status: 0 stopped, 1 cannot serve, 2 wrong options. */
export async function serve(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  if (options === undefined) return 0;
  if (typeof options === 'string') return say(options, 2);
  const stop = stopSignal();
  try {
    await serveUntil(options, stop);
    return 0;
  } catch (error) {
    // What was cut short by the wish to stop has not failed.
    if (stop.aborted && !(error instanceof ServeError)) return 0;
    const known = [ServeError, ConfigFileError, EnvFileError].some((known) => error instanceof known);
    return say(known ? (error as Error).message : errorText(error), 1);
  }
}

async function serveUntil(options: ServeOptions, stop: AbortSignal): Promise<void> {
  const { config, hash } = await loadHubConfig(options.config);
  const secrets = await secretsFor(options, [config.channels, config.watchdogs, config.services]);
  const unlock = await takeState(options.state);
  let door: FrontDoor | undefined;
  let host: HubHost | undefined;
  try {
    door = await listen(options);
    const bundle = await bundleHub(options.config, join(options.state, 'bundle'), stop);
    host = await startHubHost({
      bundle,
      stateDirectory: options.state,
      secrets,
      log,
      onHubLine: (line) => console.error(line),
    });
    await mustBeHealthy(host.url);
    door.lead(host.url);
    console.log(
      readyLine(options, {
        url: `http://${options.host}:${door.port}`,
        publicUrl: config.publicUrl,
        statePath: options.state,
        configHash: hash,
        checks: config.checks.length,
        regions: config.regions.length,
        migrationsApplied: host.migrated,
        pid: process.pid,
      }),
    );
    await Promise.race([aborted(stop), host.lost]);
  } finally {
    await withDeadline(end(door, host, unlock), STOP_DEADLINE_MS, 'stopping');
  }
}

/** What is said when the hub is ready; with `--json` stable, one object with `ready: true`. */
type Ready = {
  url: string;
  publicUrl: string;
  statePath: string;
  configHash: string;
  checks: number;
  regions: number;
  migrationsApplied: string[];
  pid: number;
};

function readyLine({ json }: ServeOptions, ready: Ready): string {
  return json
    ? JSON.stringify({ ready: true, ...ready })
    : `The hub is ready at ${ready.url}: ${counted(ready.checks, 'check')} in ${counted(ready.regions, 'region')}, state in ${ready.statePath}
Operator's page: ${ready.url}${OPERATOR_PATH} (the way in is OPERATOR_TOKEN). A probe needs: latchkey token REGION`;
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

async function end(
  door: FrontDoor | undefined,
  host: HubHost | undefined,
  unlock: () => Promise<void>,
): Promise<void> {
  await door?.close();
  await host?.stop();
  await unlock();
}

async function secretsFor(options: ServeOptions, settings: unknown): Promise<Record<string, string>> {
  const file = options.envFile === undefined ? undefined : await readEnvFile(options.envFile);
  if (file?.exposed)
    log('warn', 'env-file-exposed', {
      file: options.envFile,
      advice: 'others can read it: chmod 600',
    });
  const { values, missing } = hubSecrets(settings, { ...process.env, ...file?.values });
  if (missing.length > 0)
    throw new ServeError(
      `These secrets are not set: ${missing.join(', ')}. Set them in the environment or in a file given as --env-file; ` +
        '`serve --help` says what they are and how to make them.',
    );
  return values;
}

async function takeState(state: string): Promise<() => Promise<void>> {
  try {
    return await lockDirectory(state, 'hub.pid');
  } catch (error) {
    if (error instanceof SpoolLockedError)
      throw new ServeError(
        `Another hub (process ${error.holderPid ?? 'unknown'}) runs on ${state}. Stop it, or give this one another --state.`,
      );
    throw error;
  }
}

async function listen(options: ServeOptions): Promise<FrontDoor> {
  try {
    return await openFrontDoor(options.host, options.port, log);
  } catch (error) {
    if (errorCode(error) !== 'EADDRINUSE') throw error;
    throw new ServeError(
      `Port ${options.port} of ${options.host} is taken already, perhaps by another Latchkey. Stop what holds it, or choose another with --port.`,
    );
  }
}

/** The hub itself knows best which secrets it can use; it refuses every request while it cannot, and says why. */
async function mustBeHealthy(url: URL): Promise<void> {
  const ask = (path: string): Promise<Response> =>
    fetch(new URL(path, url), { redirect: 'manual', signal: AbortSignal.timeout(HEALTH_DEADLINE_MS) });
  const health = await ask('/healthz');
  await health.body?.cancel();
  if (health.ok) return;
  const refusal = await ask('/').then((answer) => answer.text());
  throw new ServeError(`The hub does not work: ${reasonIn(refusal)}`);
}

/** The sentence in a refusal of the hub; all of it when it is of another shape. */
function reasonIn(refusal: string): string {
  try {
    return Refusal.parse(JSON.parse(refusal)).error;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof ZodError) return refusal;
    throw error;
  }
}

function optionsOf(argv: readonly string[]): ServeOptions | string | undefined {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string', default: '4300' },
        host: { type: 'string', default: '127.0.0.1' },
        state: { type: 'string', default: join('.latchkey', 'hub') },
        config: { type: 'string', default: 'latchkey.config.ts' },
        'env-file': { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(SERVE_HELP);
      return undefined;
    }
    const port = Number(values.port);
    if (!/^\d{1,5}$/.test(values.port) || port > 65_535)
      return `--port: expected 0 to 65535, got ${values.port}`;
    return { ...values, port, envFile: values['env-file'] };
  } catch (error) {
    return usageProblem(error, SERVE_HELP);
  }
}

function say(message: string, status: number): number {
  console.error(message);
  return status;
}
