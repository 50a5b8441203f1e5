import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { ProcessTree } from '../../bench/process-cost.ts';

const BURN_SECONDS = 0.2;
/** Uses that much CPU, however busy the machine is. */
const BURN = `while (process.cpuUsage().user < ${BURN_SECONDS * 1e6});`;

/** What the tree below a Node script has cost by its end. */
async function costOf(script: string): Promise<number> {
  const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  const tree = new ProcessTree(child.pid ?? 0);
  tree.watch({ memory: false });
  try {
    await once(child, 'close');
    return tree.cpuSeconds();
  } finally {
    tree.stop();
  }
}

/** Starts to burn when its parent has gone. */
const BURN_AS_ORPHAN = `
  const parent = Number(process.argv[1]);
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    ${BURN}
  }, 20);`;

const spawning = (script: string): string =>
  `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(script)}, String(process.pid)], { stdio: 'ignore', detached: true })`;

describe.runIf(process.platform === 'linux')('the cost of a tree of processes', { timeout: 20_000 }, () => {
  test('holds what the process itself used, after its end too', async () => {
    expect(await costOf(BURN)).toBeGreaterThan(BURN_SECONDS * 0.8);
  });

  test('holds what a child used that its parent has waited for', async () => {
    expect(await costOf(spawning(BURN))).toBeGreaterThan(BURN_SECONDS * 0.8);
  });

  test('holds what a child used that outlived its parent and that only init waits for', async () => {
    const parent = `${spawning(BURN_AS_ORPHAN)}.unref(); process.stdin.on('end', () => process.exit()).resume();`;
    const child = spawn(process.execPath, ['-e', parent], { stdio: ['pipe', 'ignore', 'ignore'] });
    const tree = new ProcessTree(child.pid ?? 0);
    tree.watch({ memory: false });
    try {
      await expect.poll(() => tree.size, { timeout: 10_000 }).toBe(2);
      child.stdin.end();
      await once(child, 'close');
      await expect.poll(() => tree.size, { timeout: 10_000 }).toBe(0);
      expect(tree.cpuSeconds()).toBeGreaterThan(BURN_SECONDS * 0.8);
    } finally {
      tree.stop();
    }
  });

  test('tells the memory of the living', () => {
    const tree = new ProcessTree(process.pid);
    expect(tree.memoryBytes()).toBeGreaterThan(10 * 1024 ** 2);
    expect(tree.peakMemoryBytes).toBeGreaterThan(10 * 1024 ** 2);
  });
});
