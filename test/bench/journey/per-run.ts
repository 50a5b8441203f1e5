import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../command.ts';
import { ProcessTree } from '../process-cost.ts';
import { contenderEnv, type ContenderSettings } from './contender-settings.ts';
import { PEERS_FOLDER } from './peers.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PLAYWRIGHT_CONFIG = path.join(ROOT, 'test', 'bench', 'journey', 'playwright.config.ts');
const PLAYWRIGHT_CLI = path.join(ROOT, 'node_modules', 'playwright', 'cli.js');
/** Two to four seconds alone. */
const RUN_DEADLINE_MS = 60_000;

export interface RunCost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** Largest sum of PSS over the command and everything it started. */
  readonly peakMemoryBytes: number;
}

/** `npx playwright test` on a project of one spec. */
export function runPlaywrightTest(settings: ContenderSettings, signal: AbortSignal): Promise<RunCost> {
  const args = ['playwright', 'test', '--config', PLAYWRIGHT_CONFIG];
  return costOf('npx', args, ROOT, contenderEnv(settings), signal);
}

/** The CLI of @elastic/synthetics on one journey; it would take a screenshot at each step, which is turned off. */
export function runElasticSynthetics(settings: ContenderSettings, signal: AbortSignal): Promise<RunCost> {
  const { executablePath, baseUrl } = settings;
  const args = [
    'elastic-synthetics',
    path.join(PEERS_FOLDER, 'portal-login.journey.js'),
    '--playwright-options',
    JSON.stringify({ executablePath }),
    '--params',
    JSON.stringify({ baseUrl }),
    '--screenshots',
    'only-on-failure',
  ];
  return costOf('npx', args, PEERS_FOLDER, contenderEnv(settings), signal);
}

/** CPU seconds that `npx` itself takes of either: a command that does next to nothing, with it less without it. */
export async function npxCpuSeconds(signal: AbortSignal): Promise<number> {
  const direct = await costOf(process.execPath, [PLAYWRIGHT_CLI, '--version'], ROOT, {}, signal);
  const byNpx = await costOf('npx', ['playwright', '--version'], ROOT, {}, signal);
  return byNpx.cpuSeconds - direct.cpuSeconds;
}

async function costOf(
  file: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<RunCost> {
  let tree: ProcessTree | undefined;
  const startedMs = performance.now();
  try {
    await runCommand(file, args, {
      cwd,
      env: { ...process.env, ...env },
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
  if (tree === undefined) throw new Error(`${file} ${args[0]}: did not start`);
  return { cpuSeconds: tree.cpuSeconds(), wallSeconds, peakMemoryBytes: tree.peakMemoryBytes };
}
