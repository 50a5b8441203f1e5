import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { availableMemoryMiB } from '#probes/browser/memory.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

const MIB = 1_024 * 1_024;

async function aSystem(files: Record<string, string>): Promise<string> {
  const root = await temporaryDirectory();
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
  return root;
}

const meminfo = (mib: number): string => `MemTotal:       16000000 kB\nMemAvailable:   ${mib * 1_024} kB\n`;

test('without limits it is what the machine has available', async () => {
  const root = await aSystem({ 'proc/meminfo': meminfo(900), 'proc/self/cgroup': '0::/user.slice\n' });
  expect(await availableMemoryMiB(root)).toBe(900);
});

test('the tightest control group above us counts, and page cache counts as free', async () => {
  const root = await aSystem({
    'proc/meminfo': meminfo(900),
    'proc/self/cgroup': '0::/a.slice/b.service\n',
    'sys/fs/cgroup/a.slice/memory.max': `${500 * MIB}\n`,
    'sys/fs/cgroup/a.slice/memory.current': `${400 * MIB}\n`,
    'sys/fs/cgroup/a.slice/memory.stat': `anon 1\nactive_file ${30 * MIB}\ninactive_file ${20 * MIB}\n`,
    'sys/fs/cgroup/a.slice/b.service/memory.max': 'max\n',
    'sys/fs/cgroup/a.slice/b.service/memory.current': `${300 * MIB}\n`,
  });
  expect(await availableMemoryMiB(root)).toBe(150);
});

test('in a container, whose own group is the root, its limit counts', async () => {
  const root = await aSystem({
    'proc/meminfo': meminfo(900),
    'proc/self/cgroup': '0::/\n',
    'sys/fs/cgroup/memory.max': `${512 * MIB}\n`,
    'sys/fs/cgroup/memory.current': `${500 * MIB}\n`,
  });
  expect(await availableMemoryMiB(root)).toBe(12);
});

test('a system that does not tell gives nothing, not a guess', async () => {
  expect(await availableMemoryMiB(await temporaryDirectory())).toBeUndefined();
});
