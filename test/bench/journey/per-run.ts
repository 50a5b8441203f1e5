import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { runCommand } from '../command.ts';
import { ProcessTree } from '../process-cost.ts';
import { contenderEnv, type ContenderSettings } from './contender-settings.ts';
import { PEERS_FOLDER, peerScript } from './peers.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Two to four seconds alone. */
const RUN_DEADLINE_MS = 60_000;

export interface RunCost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** Largest sum of PSS over the command and everything it started. */
  readonly peakMemoryBytes: number;
}

/** `playwright test` on a project of one spec, without the time npx itself takes. */
export function runPlaywrightTest(settings: ContenderSettings, signal: AbortSignal): Promise<RunCost> {
  const cli = path.join(ROOT, 'node_modules', 'playwright', 'cli.js');
  const config = path.join(ROOT, 'test', 'bench', 'journey', 'playwright.config.ts');
  return costOf([cli, 'test', '--config', config], ROOT, settings, signal);
}

/** The CLI of @elastic/synthetics on one journey; it would take a screenshot at each step, which is turned off. */
export function runElasticSynthetics(settings: ContenderSettings, signal: AbortSignal): Promise<RunCost> {
  const { executablePath, baseUrl } = settings;
  const args = [
    peerScript('@elastic/synthetics/dist/cli.js'),
    path.join(PEERS_FOLDER, 'portal-login.journey.js'),
    '--playwright-options',
    JSON.stringify({ executablePath }),
    '--params',
    JSON.stringify({ baseUrl }),
    '--screenshots',
    'only-on-failure',
  ];
  return costOf(args, PEERS_FOLDER, settings, signal);
}

async function costOf(
  args: readonly string[],
  cwd: string,
  settings: ContenderSettings,
  signal: AbortSignal,
): Promise<RunCost> {
  let tree: ProcessTree | undefined;
  const startedMs = performance.now();
  try {
    await runCommand(process.execPath, args, {
      cwd,
      env: { ...process.env, ...contenderEnv(settings) },
      deadlineMs: RUN_DEADLINE_MS,
      signal,
      onStart: (pid) => {
        tree = new ProcessTree(pid);
        tree.watch({ memory: true });
      },
    });
  } finally {
    tree?.stop();
  }
  const wallSeconds = (performance.now() - startedMs) / 1_000;
  if (tree === undefined) throw new Error(`${args[0]}: did not start`);
  return { cpuSeconds: tree.cpuSeconds(), wallSeconds, peakMemoryBytes: tree.peakMemoryBytes };
}
