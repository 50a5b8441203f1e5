import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleHub, PACKAGE_ROOT, type HubBundle } from '#probes/host/hub-bundle.ts';
import { startHubHost, type HubHost } from '#probes/host/hub-host.ts';
import { runCommand } from '../command.ts';

const ENTRY = fileURLToPath(new URL('../worker/ingest-worker.ts', import.meta.url));
const CONFIG = fileURLToPath(new URL('../worker/latchkey.config.ts', import.meta.url));
/** Two seconds alone. */
const BUNDLE_DEADLINE_MS = 120_000;

export interface BenchHubOptions {
  /** For the bundle and the state, on a disk. */
  readonly folder: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The hub's objects and the bare one behind one small worker, hosted as `latchkey serve` hosts the hub. */
export async function startBenchHub({ folder, say, signal }: BenchHubOptions): Promise<HubHost> {
  const hub = await bundleHub(CONFIG, path.join(folder, 'hub'), signal);
  const bundle: HubBundle = {
    ...hub,
    worker: {
      ...hub.worker,
      durableObjects: {
        ...(hub.worker.durableObjects as Record<string, unknown>),
        BARE: { className: 'BareObject', useSQLite: true },
      },
    },
    ...(await bundleEntry(path.join(folder, 'entry'), signal)),
  };
  return startHubHost({
    bundle,
    stateDirectory: path.join(folder, 'state'),
    secrets: {},
    log: (level, event, fields) => say(`${level} ${event} ${JSON.stringify(fields ?? {})}`),
    onHubLine: say,
  });
}

async function bundleEntry(
  folder: string,
  signal: AbortSignal,
): Promise<Pick<HubBundle, 'modules' | 'modulesRoot'>> {
  const require = createRequire(import.meta.url);
  const wrangler = path.join(path.dirname(require.resolve('wrangler/package.json')), 'bin', 'wrangler.js');
  const toml = path.join(PACKAGE_ROOT, 'wrangler.toml');
  const options = ['--dry-run', '--outdir', folder, '--config', toml, '--alias', `#config:${CONFIG}`];
  await runCommand(process.execPath, [wrangler, 'deploy', ENTRY, ...options], {
    cwd: PACKAGE_ROOT,
    env: {
      ...process.env,
      CI: '1',
      NO_COLOR: '1',
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_LOG_PATH: folder,
    },
    deadlineMs: BUNDLE_DEADLINE_MS,
    signal,
  });
  const script = path.join(folder, 'ingest-worker.js');
  const contents = new Uint8Array(await readFile(script));
  return { modulesRoot: folder, modules: [{ type: 'ESModule', path: script, contents }] };
}
