import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { describeProblems } from '#core/problem.ts';
import { truncate } from '#core/units.ts';
import { WIRE_VERSION, type Command, type Hello } from '#core/wire.ts';
import { Agent } from './agent.ts';
import { BreakGlass } from './break-glass/break-glass.ts';
import { glassChannels, type GlassChannels } from './break-glass/glass-channels.ts';
import { blockedMarkerIn, spoolBlockedRuns } from './blocked-runs.ts';
import { systemClock } from './clock.ts';
import { ConfigFileError, loadConfigFile, type LoadedConfig } from './config-file.ts';
import { ControlTarget } from './control-target.ts';
import { aborted, stopSignal } from './host/stop-signal.ts';
import { keepHeapSmall } from './heap.ts';
import { HubClient } from './hub/hub-client.ts';
import { errorText, log } from './log.ts';
import { Looks } from './looks.ts';
import { readProbeConfig, type ProbeConfig } from './probe-config.ts';
import { probeRegionProblem } from './probe-region.ts';
import type { Runner } from './runners/runner.ts';
import { ownScratch } from './scratch.ts';
import { SpoolLockedError } from './spool/lock.ts';
import { Spool } from './spool/spool.ts';
import { isStray } from './runners/journey/strays.ts';
import { BLOCKED_MS_MAX, Watchdog } from './watchdog.ts';

/** Exit codes of a probe. A supervisor should start it again after `failed` only. */
export const EXIT = { stopped: 0, failed: 1, badConfig: 2, spoolLocked: 3 } as const;
type Exit = (typeof EXIT)[keyof typeof EXIT];

/** Of Latchkey itself. */
const VERSION = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))).version;
/** What a hello takes; a browser that boasts must not keep the probe out. */
const VERSION_CHARS_MAX = 64;

/** The hub hears of the probe at the latest by then, browser or not. */
const WARM_MS_MAX = 5_000;
/** Running runs get this long at a stop, the spool that long to be sent; orchestrators kill after 10 s. */
const END_RUNS_MS = 5_000;
const FLUSH_MS = 3_000;

/**
 * Runs a probe until SIGTERM, SIGINT or SIGHUP, and gives its exit code. Bad settings are reported all at once, before
 * anything is started. `createRunner` gets the configuration. A probe that does
 * nothing at all for `blockedMsMax` is killed, and its next start reports the runs that were under way.
 */
export async function runProbe(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  createRunner: (loaded: LoadedConfig) => Runner,
  { blockedMsMax = BLOCKED_MS_MAX }: { blockedMsMax?: number } = {},
): Promise<Exit> {
  const stop = stopSignal();
  const settings = readProbeConfig(argv, env);
  if (!settings.ok) return refuse('probe-settings-bad', describeProblems(settings.problems));
  try {
    const loaded = await loadConfigFile(settings.value.configFile);
    const { region } = settings.value;
    const wrongRegion = probeRegionProblem(loaded.config, region);
    if (wrongRegion !== undefined) return refuse('probe-settings-bad', wrongRegion);
    const channels = glassChannels(loaded.config, env);
    if (!channels.ok) return refuse('probe-settings-bad', describeProblems(channels.problems));
    return await serve({
      settings: settings.value,
      loaded,
      env,
      channels: channels.value,
      stop,
      blockedMsMax,
      createRunner: () => createRunner(loaded),
    });
  } catch (error) {
    if (error instanceof ConfigFileError) return refuse('config-bad', error.message);
    if (error instanceof SpoolLockedError) return refuse('spool-locked', error.message, EXIT.spoolLocked);
    throw error;
  }
}

async function serve(given: {
  settings: ProbeConfig;
  loaded: LoadedConfig;
  env: Readonly<Record<string, string | undefined>>;
  channels: GlassChannels;
  stop: AbortSignal;
  blockedMsMax: number;
  createRunner: () => Runner;
}): Promise<Exit> {
  const { settings, loaded, env, channels, stop, blockedMsMax, createRunner } = given;
  const { hubUrl, token, region, probe, spoolDirectory, concurrency } = settings;
  const spool = await Spool.open({
    directory: spoolDirectory,
    probe,
    region,
    startedAtMs: Math.floor(performance.timeOrigin),
    runsMax: settings.spoolRunsMax,
    bytesMax: settings.spoolBytesMax,
    log,
  });
  const removeScratch = await ownScratch(spoolDirectory, log);
  const shared = { clock: systemClock, log, spool };
  const { control, paging } = loaded.config;
  const checks = loaded.config.checks.filter(({ regions }) => regions.includes(region));
  const markerFile = blockedMarkerIn(spoolDirectory);
  await spoolBlockedRuns({ ...shared, markerFile, checks, configHash: loaded.hash });
  const glass = await BreakGlass.open({
    ...shared,
    directory: spoolDirectory,
    config: loaded.config,
    checks,
    region,
    probe,
    channels,
    env,
    knock: () => client.knock(),
    runAgain: (check) => agent.runAgain(check),
    onAccepted: () => client.wake(),
  });
  const watchdog = new Watchdog({ blockedMsMax, verdict: { kind: 'restart', markerFile }, log });
  const noteRuns = keepHeapSmall();
  const agent = new Agent({
    ...shared,
    region,
    probe,
    checks,
    configHash: loaded.hash,
    concurrency,
    softDeadlineMs: paging.lateness.ceilingMs,
    control: control && new ControlTarget(control, systemClock),
    createRunner,
    onUnderWay: (runs) => {
      watchdog.underWay(runs);
      noteRuns(runs.length);
    },
    onOverdue: (overdue) => void client.overdue(overdue),
    onEnded: (run) => glass.onEnded(run),
    onSpooled: () => client.wake(),
  });
  const looks = new Looks({ probe, log, onLooked: (looked) => void client.looked(looked) });
  const client: HubClient = new HubClient({
    ...shared,
    hubUrl,
    token,
    hello: () => helloOf({ probe, spool, configHash: loaded.hash, versions: agent.versions() }),
    onPlan: (plan) => {
      glass.onStarts(plan.starts);
      agent.onPlan(plan);
    },
    onStarts: (starts) => {
      glass.onStarts(starts);
      agent.onStarts(starts);
    },
    onCommand: (command) => obey(command, agent, looks),
    onReach: (outSinceMs) => glass.onReach(outSinceMs),
    nextBrokeGlass: () => glass.nextReport(),
    onBrokeGlassTold: (message) => glass.onTold(message),
  });
  log('info', 'probe-started', {
    probe,
    region,
    hub: hubUrl,
    boot: spool.boot,
    config: loaded.hash,
    spool: spoolDirectory,
    spooled: spool.stats().pending,
    concurrency,
    breakGlass: [...channels.keys()].join(' '),
  });
  // Whatever is on the disk stays; a supervisor starts the probe again.
  process.on('uncaughtException', (error) => {
    if (isStray()) return;
    log('error', 'probe-failed', { error: errorText(error), stack: error.stack });
    process.exit(EXIT.failed);
  });
  if (isExposed(hubUrl))
    log('warn', 'hub-unencrypted', { hub: hubUrl, advice: 'the token can be read on the way: use https' });
  agent.start();
  // The hello tells the browser's version; one that does not start must not keep the probe from saying so.
  await Promise.race([agent.warm(), pause(WARM_MS_MAX, undefined, { ref: false }), aborted(stop)]);
  client.start();
  await aborted(stop);
  log('info', 'probe-stopping', { spooled: spool.stats().pending });
  await Promise.all([agent.stop(END_RUNS_MS), glass.stop(), looks.stop()]);
  await client.drain(FLUSH_MS);
  await client.stop();
  await agent.close();
  await removeScratch();
  const { pending } = spool.stats();
  await spool.close();
  await watchdog.stop();
  log('info', 'probe-stopped', { spooled: pending });
  return EXIT.stopped;
}

function obey(command: Command, agent: Agent, looks: Looks): void {
  switch (command.type) {
    case 'run-now':
      return agent.onRunNow(command);
    case 'verify-now':
      return agent.onVerifyNow(command);
    case 'look-now':
      return looks.onLookNow(command);
    default:
      return command satisfies never;
  }
}

function helloOf(now: {
  probe: string;
  spool: Spool;
  configHash: string;
  versions: Record<string, string>;
}): Hello {
  const { pending, dropped, damaged } = now.spool.stats();
  const versions = Object.entries({ latchkey: VERSION, node: process.versions.node, ...now.versions });
  return {
    type: 'hello',
    wireVersion: WIRE_VERSION,
    probe: now.probe,
    boot: now.spool.boot,
    configHash: now.configHash,
    versions: Object.fromEntries(
      versions.map(([name, version]) => [name, truncate(version, VERSION_CHARS_MAX)]),
    ),
    spooled: pending,
    dropped: dropped + damaged,
  };
}

function isExposed(hubUrl: string): boolean {
  const { protocol, hostname } = new URL(hubUrl);
  return protocol === 'http:' && !/^(localhost|127\..*|\[::1\])$/.test(hostname);
}

function refuse(event: string, error: string, exit: Exit = EXIT.badConfig): Exit {
  log('error', event, { error });
  return exit;
}
