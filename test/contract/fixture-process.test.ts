import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';

const ReadyLine = z.object({ ready: z.literal(true), urls: z.record(z.string(), z.url()) });
const started: ChildProcess[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
});

function run(fixture: string, ...args: string[]): ChildProcess {
  const main = fileURLToPath(new URL(`../fixtures/${fixture}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no stdout');
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line', { signal: AbortSignal.timeout(15_000) })) as [string];
  return line;
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    () => true,
    () => false,
  );
}

describe.for(['portal', 'pager'])('the %s as a process', (fixture) => {
  it('says in one line where it listens, and stops at SIGTERM', async () => {
    const child = run(fixture);
    const { urls } = ReadyLine.parse(JSON.parse(await firstLine(child)));
    for (const url of Object.values(urls)) expect(await answers(url)).toBe(true);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    for (const url of Object.values(urls)) expect(await answers(url)).toBe(false);
  });

  it('explains itself with --help', async () => {
    const child = run(fixture, '--help');
    expect(await firstLine(child)).toMatch(/^The /u);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('the portal as a process', () => {
  it('leaves no exam tool behind when it is killed', async () => {
    const child = run('portal');
    const { urls } = ReadyLine.parse(JSON.parse(await firstLine(child)));
    expect(await answers(urls.exam ?? '')).toBe(true);
    child.kill('SIGKILL');
    await vi.waitFor(async () => expect(await answers(urls.exam ?? '')).toBe(false), 10_000);
  });
});
