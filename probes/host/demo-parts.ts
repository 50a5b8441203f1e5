import { join } from 'node:path';
import type { Config } from '#core/config.ts';
import { mintProbeToken } from '#worker/probe-token.ts';
import { PACKAGE_ROOT } from './hub-bundle.ts';
import type { Part } from './supervised.ts';

export type DemoOptions = {
  hubPort: number;
  portalPort: number;
  pagerPort: number;
  /** Folder of the demo's state and secrets. */
  stateDirectory: string;
  configFile: string;
};

/** The parts of Latchkey on one machine, in the order they are started; they are ended the other way round. */
export type DemoParts = { portal: Part; pager: Part; hub: Part; probes: Part[] };

/**
 * Runs at once in a probe: a place for each check of the demo. A journey that hangs waits and costs no CPU, but with one
 * place it would hold up the checks behind it past their turn. More than three would only measure each other.
 */
const PROBE_CONCURRENCY_MAX = 3;
/** The password that the portal's login form shows to everybody. */
const PORTAL_PASSWORD = 'correct-horse-7';

const FIXTURE_READY_MS = 30_000;
const FIXTURE_STOP_MS = 3_000;
/** Bundling comes first. */
const HUB_READY_MS = 180_000;
const HUB_STOP_MS = 10_000;
/** A probe is ready when the hub has taken it in. */
const PROBE_READY_MS = 60_000;
/** A probe lets its runs end and sends what it has: 8 s, and its browser. */
const PROBE_STOP_MS = 12_000;

/** Options of a command, by name. */
type Settings = Readonly<Record<string, string | number>>;

/** Describes every part; each region of the configuration gets a probe, but for those that the hub itself asks from. */
export async function demoParts(
  options: DemoOptions,
  secrets: Readonly<Record<string, string>>,
  secretsFile: string,
  config: Pick<Config, 'regions' | 'checks'>,
): Promise<DemoParts> {
  const { hubPort, portalPort, pagerPort, stateDirectory, configFile } = options;
  const keys = (secrets.PROBE_TOKEN_KEYS ?? '').split(',');
  const fixture = (name: string, settings: Settings): Part => ({
    name,
    args: [join(PACKAGE_ROOT, `test/fixtures/${name}/main.ts`), ...optionsOf(settings)],
    env: process.env,
    isReady: saysReady,
    readyWithinMs: FIXTURE_READY_MS,
    stopWithinMs: FIXTURE_STOP_MS,
  });
  const probe = async ({ id: region }: { id: string }): Promise<Part> => ({
    name: region,
    args: command('probe', {
      hub: `http://127.0.0.1:${hubPort}`,
      region,
      name: `${region}-1`,
      config: configFile,
      spool: join(stateDirectory, 'probes', region),
      concurrency: concurrencyOf(config, region),
    }),
    env: {
      PORTAL_PASSWORD,
      ...process.env,
      // A probe may page by itself when the hub is gone.
      PAGERDUTY_ROUTING_KEY: secrets.PAGERDUTY_ROUTING_KEY,
      LATCHKEY_TOKEN: await mintProbeToken(keys, { region, probe: `${region}-1` }, Date.now()),
    },
    isReady: (line) => line.includes('"event":"hub-connected"'),
    readyWithinMs: PROBE_READY_MS,
    stopWithinMs: PROBE_STOP_MS,
  });
  return {
    portal: fixture('portal', {
      port: portalPort,
      'rollback-secret': secrets.ROLLBACK_SIGNING_SECRET ?? '',
    }),
    pager: fixture('pager', {
      port: pagerPort,
      'webhook-secret': secrets.WEBHOOK_SIGNING_SECRET ?? '',
    }),
    hub: {
      name: 'hub',
      args: [
        ...command('serve', {
          port: hubPort,
          state: join(stateDirectory, 'hub'),
          config: configFile,
          'env-file': secretsFile,
        }),
        '--json',
      ],
      // The demo's messages go to the demo's inbox, whatever the environment has.
      env: { ...process.env, SLACK_WEBHOOK_URL: `http://127.0.0.1:${pagerPort}/slack/services/latchkey` },
      isReady: saysReady,
      readyWithinMs: HUB_READY_MS,
      stopWithinMs: HUB_STOP_MS,
    },
    probes: await Promise.all(config.regions.filter(({ worker }) => worker === undefined).map(probe)),
  };
}

function concurrencyOf({ checks }: Pick<Config, 'checks'>, region: string): number {
  const mine = checks.filter(({ regions }) => regions.includes(region)).length;
  return Math.min(PROBE_CONCURRENCY_MAX, Math.max(1, mine));
}

function command(name: string, settings: Settings): string[] {
  return [join(PACKAGE_ROOT, 'probes/cli/main.ts'), name, ...optionsOf(settings)];
}

function optionsOf(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

function saysReady(line: string): boolean {
  return line.startsWith('{"ready":true');
}
