import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Overview } from '#dashboards/operator/overview.ts';
import { mintProbeToken } from '#worker/probe-token.ts';
import { startCommand, type Child } from '../e2e/child.ts';
import { until } from '../e2e/until.ts';
import { freePort } from '../fixtures/dns/ports.ts';
import { startPager, type Pager } from '../fixtures/pager/pager.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Bundling and migrating beside name servers on two cores. */
const READY_DEADLINE_MS = 60_000;

export type HubRigOptions = {
  /** Regions with a probe each, and regions of the hub's own. */
  probes: readonly string[];
  workers: readonly string[];
  /** Checks as in the configuration; kind and owner are filled in. */
  checks: Readonly<Record<string, object>>;
  /** PEM file of an authority that the hub's Worker and the probes trust. */
  caFile: string;
};

/** A hub in workerd with a pager, and probes that have no browser to start. */
export type HubRig = {
  pager: Pager;
  hubUrl: string;
  operatorToken: string;
  overview(): Promise<Overview>;
  /** Waits until every check is up with a vote of every region. */
  untilUp(): Promise<void>;
  /** What hub and probes have printed lately, for a failed test's message. */
  lines(): string;
  stop(): Promise<void>;
};

export async function startHubRig({ probes, workers, checks, caFile }: HubRigOptions): Promise<HubRig> {
  await mkdir(path.join(ROOT, '.latchkey'), { recursive: true });
  const folder = await mkdtemp(path.join(ROOT, '.latchkey', 'dns-hub-'));
  const ended: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const end of ended.splice(0).toReversed()) await end();
  };
  try {
    const pager = await startPager();
    ended.push(() => pager.stop());
    const port = await freePort();
    const hubUrl = `http://127.0.0.1:${port}`;
    const configFile = path.join(folder, 'latchkey.config.ts');
    const config = {
      publicUrl: hubUrl,
      regions: Object.fromEntries([
        ...probes.map((region) => [region, {}]),
        ...workers.map((region) => [region, { worker: { locationHint: 'weur' } }]),
      ]),
      checks: Object.fromEntries(
        Object.entries(checks).map(([id, check]) => [id, { kind: 'dns', owner: 'Network team', ...check }]),
      ),
      channels: {
        oncall: {
          kind: 'pagerduty',
          routingKey: { secret: 'PAGERDUTY_ROUTING_KEY' },
          endpoint: pager.urls.pagerduty,
        },
      },
      paging: { clearAfter: '2s', resolveAfter: '4s', burstGap: '200ms' },
    };
    await writeFile(configFile, `export default ${JSON.stringify(config, undefined, 2)};\n`);
    const operatorToken = randomBytes(24).toString('base64url');
    const tokenKey = randomBytes(32).toString('base64url');
    const trust = { NODE_EXTRA_CA_CERTS: caFile };
    const hub = startCommand(
      ['serve', `--port=${port}`, `--state=${path.join(folder, 'hub')}`, `--config=${configFile}`, '--json'],
      {
        ...trust,
        PROBE_TOKEN_KEYS: tokenKey,
        OPERATOR_TOKEN: operatorToken,
        COOKIE_KEY: randomBytes(32).toString('base64url'),
        PAGERDUTY_ROUTING_KEY: pager.routingKey,
      },
    );
    ended.push(() => hub.stop());
    await hub.untilLine((line) => line.startsWith('{') && line.includes('"ready"'), READY_DEADLINE_MS);
    const children: Child[] = [hub];
    for (const region of probes) {
      const token = await mintProbeToken([tokenKey], { region }, Date.now());
      const probe = startCommand(
        [
          'probe',
          `--hub=${hubUrl}`,
          `--config=${configFile}`,
          `--name=probe-${region}`,
          `--spool=${path.join(folder, 'probes', region)}`,
        ],
        { ...trust, LATCHKEY_TOKEN: token },
      );
      children.push(probe);
      ended.push(() => probe.stop());
    }
    const lines = (): string => children.map((child) => child.lines().slice(-15).join('\n')).join('\n');
    const overview = async (): Promise<Overview> => {
      const response = await fetch(`${hubUrl}/operator/api/overview`, {
        headers: { authorization: `Bearer ${operatorToken}` },
        signal: AbortSignal.timeout(10_000),
      });
      if (!response.ok) throw new Error(`overview: HTTP ${response.status} ${await response.text()}`);
      return (await response.json()) as Overview;
    };
    const untilUp = async (): Promise<void> => {
      await until(
        'every check up in every region',
        async () => ((await overview()).checks.every(isUpEverywhere) ? true : undefined),
        READY_DEADLINE_MS,
        async () => `${JSON.stringify((await overview()).checks.map(standingOf))}\n${lines()}`,
      );
    };
    return { pager, hubUrl, operatorToken, overview, untilUp, lines, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function isUpEverywhere(check: Overview['checks'][number]): boolean {
  return check.verdict === 'up' && check.votes === check.regions.length;
}

function standingOf(check: Overview['checks'][number]): unknown {
  const regions = check.regions.map(({ region, standing, message }) => ({ region, standing, message }));
  return { check: check.check, verdict: check.verdict, regions };
}
