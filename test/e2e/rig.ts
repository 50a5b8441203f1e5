import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import type { Overview } from '#dashboards/operator/overview.ts';
import type { ServiceInput } from '#core/deploy/service/service.ts';
import { mintProbeToken } from '#worker/probe-token.ts';
import { mintServiceToken } from '#worker/service-token.ts';
import { startPager, type Pager } from '../fixtures/pager/pager.ts';
import { DEMO } from '../fixtures/portal/accounts.ts';
import { startPortal, type Portal } from '../fixtures/portal/portal.ts';
import { startCommand, type Child } from './child.ts';
import { descendantsOf } from './processes.ts';
import { until } from './until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** A hub bundles, migrates and listens in 3–5 s alone; beside four browsers on two cores it takes longer. */
const READY_DEADLINE_MS = 60_000;

export type CheckName = 'portal-login' | 'lti-launch' | 'expired-session';

export type RigOptions = {
  /** Checks to run, each in all regions. */
  checks: readonly CheckName[];
  regions: readonly string[];
  /** Start to start, and hard deadline, in ms. Short, so that an outage and its end fit in a test. */
  intervalMs: number;
  timeoutMs: number;
  clearAfterMs: number;
  resolveAfterMs: number;
  /** Pause between two runs of a region in a burst; short when absent. */
  burstGapMs?: number;
  /** Probes may page by themselves when the hub is gone. */
  breakGlass?: boolean;
  /** Services whose deploys are verified, as a configuration has them, told the portal they are about. */
  services?: (portal: Portal) => Record<string, z.input<typeof ServiceInput>>;
};

/** The secret by which a service's rollback is signed, and which the portal's hook knows. */
export const ROLLBACK_SECRET_NAME = 'ROLLBACK_SIGNING_SECRET';

/** The whole of Latchkey on one machine, real processes all: portal, pager, hub in workerd, probes with Chromium. */
export type Rig = {
  readonly portal: Portal;
  readonly pager: Pager;
  readonly hubUrl: string;
  readonly operatorToken: string;
  /** A token with which a pipeline announces deploys of a service. */
  serviceToken(service: string): Promise<string>;
  /** The hub that was started last. */
  readonly hub: Child;
  readonly probes: ReadonlyMap<string, Child>;
  /** What the operator's JSON says now. */
  overview(): Promise<Overview>;
  /** Waits until every check is up with a vote of every region; rejects with the reason of `signal` when that is aborted. */
  untilUp(deadlineMs?: number, signal?: AbortSignal): Promise<void>;
  /** Ends the hub as a machine that loses its power does: nothing of it runs any more. */
  killHub(): Promise<void>;
  /** Starts the hub again, with its state and on its port; resolves when it serves. */
  startHub(): Promise<void>;
  /** Ends a region's probe with its browser, at once. */
  killProbe(region: string): Promise<void>;
  startProbe(region: string): Promise<void>;
  /** Ends everything once, leaves nothing behind on disk, and tells the exit codes of hub and probes. */
  stop(): Promise<{ hub: number | null; probes: (number | null)[] }>;
};

/** Starts a rig. On failure everything started is ended again. */
export async function startRig(options: RigOptions): Promise<Rig> {
  await mkdir(path.join(ROOT, '.latchkey'), { recursive: true });
  const folder = await mkdtemp(path.join(ROOT, '.latchkey', 'e2e-'));
  const ended: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const endAll = async (): Promise<void> => {
    for (const end of ended.toReversed()) await end();
  };
  try {
    const rollbackSecret = `whsec_${randomBytes(32).toString('base64')}`;
    const portal = await startPortal({ rollbackSecret });
    ended.push(() => portal.stop());
    const pager = await startPager();
    ended.push(() => pager.stop());
    const port = await freePort();
    const hubUrl = `http://127.0.0.1:${port}`;
    const configFile = path.join(folder, 'latchkey.config.ts');
    await writeFile(configFile, configText(options, hubUrl, portal, pager));

    const operatorToken = randomBytes(24).toString('base64url');
    const tokenKey = randomBytes(32).toString('base64url');
    const serve = (): Child =>
      startCommand(
        [
          'serve',
          '--port',
          String(port),
          '--state',
          path.join(folder, 'hub'),
          '--config',
          configFile,
          '--json',
        ],
        {
          PROBE_TOKEN_KEYS: tokenKey,
          OPERATOR_TOKEN: operatorToken,
          COOKIE_KEY: randomBytes(32).toString('base64url'),
          PAGERDUTY_ROUTING_KEY: pager.routingKey,
          [ROLLBACK_SECRET_NAME]: rollbackSecret,
        },
      );
    let hub = serve();
    ended.push(() => hub.stop());
    const untilServing = (): Promise<string> =>
      hub.untilLine((line) => line.startsWith('{') && line.includes('"ready"'), READY_DEADLINE_MS);
    await untilServing();

    const probes = new Map<string, Child>();
    const startProbe = async (region: string): Promise<void> => {
      const token = await mintProbeToken([tokenKey], { region }, Date.now());
      const probe = startCommand(
        [
          'probe',
          `--hub=${hubUrl}`,
          `--config=${configFile}`,
          `--name=probe-${region}`,
          `--spool=${path.join(folder, 'probes', region)}`,
        ],
        {
          LATCHKEY_TOKEN: token,
          PORTAL_PASSWORD: DEMO.password,
          ...(options.breakGlass ? { PAGERDUTY_ROUTING_KEY: pager.routingKey } : {}),
          ...chromiumEnv(),
        },
      );
      ended.push(() => probe.stop());
      probes.set(region, probe);
    };
    for (const region of options.regions) await startProbe(region);
    const kill = async (child: Child | undefined): Promise<void> => {
      if (!child) throw new Error('nothing of that name runs');
      const below = descendantsOf(child.pid).map(({ pid }) => pid);
      child.kill('SIGKILL');
      await child.exited;
      // What it leaves behind ends by itself; a loss of power leaves nothing.
      for (const pid of below) killIfThere(pid);
    };

    const askOverview = async (): Promise<Overview | undefined> => {
      const response = await fetch(`${hubUrl}/operator/api/overview`, {
        headers: { authorization: `Bearer ${operatorToken}` },
        signal: AbortSignal.timeout(10_000),
      });
      // A killed workerd is being started again.
      if (response.status === 503) return undefined;
      if (!response.ok) throw new Error(`overview: HTTP ${response.status} ${await response.text()}`);
      return (await response.json()) as Overview;
    };
    const overview = (): Promise<Overview> =>
      until('the hub answers', askOverview, READY_DEADLINE_MS, () => hub.lines().slice(-20).join('\n'));
    let stopped: ReturnType<Rig['stop']> | undefined;
    const stop: Rig['stop'] = async () => {
      const probeCodes = await Promise.all([...probes.values()].map((probe) => probe.stop()));
      const hubCode = await hub.stop();
      await endAll();
      return { hub: hubCode, probes: probeCodes };
    };
    return {
      portal,
      pager,
      hubUrl,
      operatorToken,
      serviceToken: (service) => mintServiceToken([tokenKey], service, Date.now()),
      get hub() {
        return hub;
      },
      probes,
      killHub: () => kill(hub),
      startHub: async () => {
        hub = serve();
        await untilServing();
      },
      killProbe: (region) => kill(probes.get(region)),
      startProbe,
      overview,
      untilUp: (deadlineMs = READY_DEADLINE_MS, signal?) =>
        until(
          'every check up in every region',
          async () => {
            signal?.throwIfAborted();
            return (await overview()).checks.every(isUpEverywhere) ? true : undefined;
          },
          deadlineMs,
          async () => JSON.stringify((await overview()).checks.map(standingOf)),
        ).then(() => undefined),
      stop: () => (stopped ??= stop()),
    };
  } catch (error) {
    await endAll();
    throw error;
  }
}

function isUpEverywhere(check: Overview['checks'][number]): boolean {
  return check.verdict === 'up' && check.votes === check.regions.length;
}

function standingOf(check: Overview['checks'][number]): unknown {
  return { check: check.check, verdict: check.verdict, regions: check.regions.map((cell) => cell.standing) };
}

function configText(options: RigOptions, publicUrl: string, portal: Portal, pager: Pager): string {
  const check = (name: CheckName): unknown => ({
    kind: 'journey',
    file: path.posix.join('../../probes/journeys', `${name}.journey.ts`),
    interval: `${options.intervalMs}ms`,
    timeout: `${options.timeoutMs}ms`,
    vars: { baseUrl: portal.urls.portal, username: DEMO.username },
    secrets: ['PORTAL_PASSWORD'],
    runbook: `https://runbooks.example/${name}`,
    owner: 'identity team',
    severity: 'critical',
  });
  const config = {
    publicUrl,
    regions: Object.fromEntries(options.regions.map((region) => [region, {}])),
    checks: Object.fromEntries(options.checks.map((name) => [name, check(name)])),
    ...(options.services ? { services: options.services(portal) } : {}),
    channels: {
      oncall: {
        kind: 'pagerduty',
        routingKey: { secret: 'PAGERDUTY_ROUTING_KEY' },
        endpoint: pager.urls.pagerduty,
      },
    },
    paging: {
      clearAfter: `${options.clearAfterMs}ms`,
      resolveAfter: `${options.resolveAfterMs}ms`,
      burstGap: `${options.burstGapMs ?? 200}ms`,
      ...(options.breakGlass ? { breakGlass: ['oncall'] } : {}),
    },
  };
  return `export default ${JSON.stringify(config, undefined, 2)};\n`;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The browser somebody chose for the test run is the probes' too. */
function chromiumEnv(): Record<string, string> {
  const chosen = process.env.LATCHKEY_CHROMIUM;
  return chosen === undefined ? {} : { LATCHKEY_CHROMIUM: chosen };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
