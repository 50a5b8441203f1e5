import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Log as MiniflareLog, LogLevel, Miniflare } from 'miniflare';
import { systemClock } from '../clock.ts';
import { withDeadline } from '../deadline.ts';
import { errorText, type Log } from '../log.ts';
import { startCronLoop } from './cron-loop.ts';
import type { HubBundle } from './hub-bundle.ts';
import { migrate } from './migrations.ts';
import { guardWorkerd } from './orphan-guard.ts';

/** workerd starts in half a second; a cold disk under load takes longer. */
const START_DEADLINE_MS = 60_000;
/** Miniflare kills workerd, which needs no time: storage is durable at each acknowledgement. */
const STOP_DEADLINE_MS = 5_000;
/** How often is asked whether Miniflare has given up restarting workerd. */
const WATCH_INTERVAL_MS = 1_000;

export type HubHostOptions = {
  bundle: HubBundle;
  stateDirectory: string;
  /** The hub's secrets, by name. */
  secrets: Readonly<Record<string, string>>;
  log: Log;
  /** A line the hub wrote. */
  onHubLine: (line: string) => void;
};

export type HubHost = {
  /** Where workerd listens on loopback; a restarted workerd listens there again. */
  url: URL;
  migrated: string[];
  /** Rejects when workerd has died and cannot be started again; never resolves. */
  lost: Promise<never>;
  stop(): Promise<void>;
};

/**
 * Runs the hub in workerd with its state in `stateDirectory`. A workerd that dies is started again by Miniflare; one
 * whose host dies is ended. Rejects, with nothing left behind, when workerd does not start or a migration fails.
 */
export async function startHubHost(options: HubHostOptions): Promise<HubHost> {
  const { bundle, stateDirectory, log } = options;
  const persistence = join(stateDirectory, 'data');
  // Runs and screenshots are nobody else's business.
  await mkdir(persistence, { recursive: true, mode: 0o700 });
  const guard = guardWorkerd(join(stateDirectory, 'workerd.pid'));
  const miniflare = withoutSignalHandlers(() => new Miniflare(miniflareOptions(options, persistence)));
  const end = async (): Promise<void> => {
    await withDeadline(miniflare.dispose(), STOP_DEADLINE_MS, 'stopping workerd');
    await guard.release();
  };
  try {
    const url = await withDeadline(miniflare.ready, START_DEADLINE_MS, 'starting workerd');
    const migrated: string[] = [];
    for (const { binding, migrations } of bundle.databases)
      migrated.push(...(await migrate(await miniflare.getD1Database(binding), migrations)));
    const endCrons = startCronLoop(bundle.crons, systemClock, fireWith(miniflare), log);
    const watch = watchOver(miniflare);
    return {
      url,
      migrated,
      lost: watch.lost,
      async stop() {
        endCrons();
        watch.end();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function miniflareOptions(
  { bundle, secrets, log, onHubLine }: HubHostOptions,
  persistence: string,
): ConstructorParameters<typeof Miniflare>[0] {
  return convertV4MiniflareOptions({
    ...bundle.worker,
    bindings: { ...(bundle.worker.bindings as Record<string, string>), ...secrets },
    modules: bundle.modules,
    modulesRoot: bundle.modulesRoot,
    name: 'latchkey',
    host: '127.0.0.1',
    port: 0,
    resourcePersistencePath: persistence,
    // Neither may phone home: `cf` would fetch a description of this place.
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    log: new HostLog(log),
    handleStructuredLogs: ({ message }) => onHubLine(message),
    unsafeHandleRuntimeRestart: () => log('warn', 'workerd-restarted'),
  });
}

/** Miniflare writes to stdout, which is ours. */
class HostLog extends MiniflareLog {
  readonly #log: Log;
  constructor(log: Log) {
    super(LogLevel.WARN);
    this.#log = log;
  }
  override logWithLevel(level: LogLevel, message: string): void {
    if (level <= this.level) this.#log(level === LogLevel.ERROR ? 'error' : 'warn', 'miniflare', { message });
  }
}

/**
 * Miniflare ends the whole process at SIGTERM, SIGINT and SIGHUP before anything can be put in order. Its handler of
 * `exit`, which kills workerd, stays.
 */
function withoutSignalHandlers<T>(start: () => T): T {
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  const started = start();
  for (const signal of signals)
    for (const listener of process.listeners(signal))
      if (!before.get(signal)?.includes(listener)) process.off(signal, listener);
  return started;
}

function fireWith(miniflare: Miniflare): (expression: string, timeMs: number) => Promise<string> {
  return async (cron, timeMs) => {
    // Asked for each time: what was got before a restart of workerd is dead.
    const worker = await miniflare.getWorker();
    const { outcome } = await worker.scheduled({ cron, scheduledTime: new Date(timeMs) });
    return outcome;
  };
}

/** `miniflare.ready` rejects for good once a dead workerd could not be started again. */
function watchOver(miniflare: Miniflare): { lost: Promise<never>; end(): void } {
  let timer: NodeJS.Timeout | undefined;
  const lost = new Promise<never>((_resolve, reject) => {
    timer = setInterval(() => {
      miniflare.ready.catch((error: unknown) => reject(new Error(`the hub is lost: ${errorText(error)}`)));
    }, WATCH_INTERVAL_MS);
  });
  // Whoever hosts decides when to listen; until then it is no unhandled rejection.
  lost.catch(() => undefined);
  return { lost, end: () => clearInterval(timer) };
}
