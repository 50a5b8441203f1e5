import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Run } from '#core/run.ts';
import { Spool, UNSTORED_RUNS_MAX, type SpoolOptions } from '#probes/spool/spool.ts';
import { encodeRecord } from '#probes/spool/record.ts';
import { SpoolLockedError } from '#probes/spool/lock.ts';
import { eventLog } from '#test/fixtures/event-log.ts';
import { aDraft, aFailedDraft, anInvalidDraft } from '#test/fixtures/run-drafts.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

const NOW_MS = 1_700_000_000_000;
const BYTES_MAX = 1_000_000;

function openAt(directory: string, over: Partial<SpoolOptions> = {}): Promise<Spool> {
  const { log } = eventLog();
  return Spool.open({ directory, probe: 'probe-1', region: 'us-east', startedAtMs: NOW_MS, log, ...over });
}

async function idsIn(spool: Spool): Promise<string[]> {
  return (await spool.oldest(1_000, BYTES_MAX)).map(({ run }) => run.id);
}

test('a run is numbered by probe, boot and sequence, from 1, and comes back whole', async () => {
  const spool = await openAt(await temporaryDirectory());
  const first = await spool.append(aDraft(), 5);
  const second = await spool.append(aFailedDraft(), 6);
  expect([first.id, second.id]).toEqual([`probe-1.${NOW_MS}.1`, `probe-1.${NOW_MS}.2`]);
  expect(await spool.oldest(10, BYTES_MAX)).toEqual([
    { run: first, startedMonotonicMs: 5 },
    { run: second, startedMonotonicMs: 6 },
  ]);
  expect(Run.safeParse(second).success).toBe(true);
  await spool.close();
});

test('runs of earlier boots come first, in order, and each boot is above the one before', async () => {
  const directory = await temporaryDirectory();
  const first = await openAt(directory);
  await first.append(aDraft(), 0);
  await first.append(aDraft(), 0);
  await first.close();
  // The machine's clock was set back meanwhile.
  const second = await openAt(directory, { startedAtMs: NOW_MS - 86_400_000 });
  expect(second.boot).toBe(NOW_MS + 1);
  await second.append(aDraft(), 0);
  await second.close();
  const third = await openAt(directory, { startedAtMs: 5 });
  expect(third.boot).toBe(NOW_MS + 2);
  expect(await idsIn(third)).toEqual([
    `probe-1.${NOW_MS}.1`,
    `probe-1.${NOW_MS}.2`,
    `probe-1.${NOW_MS + 1}.1`,
  ]);
  expect((await third.oldest(1, BYTES_MAX))[0]?.startedMonotonicMs).toBeUndefined();
  await third.close();
});

test('a lost boot file does not bring a boot number back', async () => {
  const directory = await temporaryDirectory();
  const first = await openAt(directory);
  await first.append(aDraft(), 0);
  await first.close();
  await writeFile(join(directory, 'boot.json'), '{"bo');
  const second = await openAt(directory, { startedAtMs: 1 });
  expect(second.boot).toBe(NOW_MS + 1);
  await second.close();
});

test('an acknowledged run is gone, also after a restart; others stay', async () => {
  const directory = await temporaryDirectory();
  const spool = await openAt(directory);
  const runs = [
    await spool.append(aDraft(), 0),
    await spool.append(aDraft(), 0),
    await spool.append(aDraft(), 0),
  ];
  await spool.acknowledge([runs[1]?.id ?? '', 'probe-1.1.1']);
  expect(await idsIn(spool)).toEqual([runs[0]?.id, runs[2]?.id]);
  await spool.close();
  const again = await openAt(directory);
  expect(await idsIn(again)).toEqual([runs[0]?.id, runs[2]?.id]);
  await again.close();
});

test('a journal that ends in the middle of a record opens with those that are whole, and goes on', async () => {
  const origin = await temporaryDirectory();
  const spool = await openAt(origin);
  const runs = [await spool.append(aDraft(), 0), await spool.append(aFailedDraft(), 0)];
  await spool.acknowledge([runs[0]?.id ?? '']);
  runs.push(await spool.append(anInvalidDraft(), 0));
  await spool.close();
  const bytes = await readFile(join(origin, 'runs.log'));
  const lineEnds = [...bytes.keys()].filter((index) => bytes[index] === 0x0a).map((index) => index + 1);
  const ids = runs.map(({ id }) => id);
  // After lines 1 to 4: a run, a run, the first one gone, a run.
  const wholeAfter = [[], [ids[0]], [ids[0], ids[1]], [ids[1]], [ids[1], ids[2]]];

  const directory = await temporaryDirectory();
  // Every single byte is tried on the reader alone, in the unit tests: opening costs several fsyncs.
  const cuts = [...bytes.keys(), bytes.length].filter(
    (at) => at % 23 === 0 || lineEnds.some((end) => Math.abs(end - at) <= 1),
  );
  for (const length of cuts) {
    await copyFile(join(origin, 'runs.log'), join(directory, 'runs.log'));
    await truncate(join(directory, 'runs.log'), length);
    const cut = await openAt(directory);
    const whole = lineEnds.filter((end) => end <= length).length;
    const isTorn = length > 0 && !lineEnds.includes(length);
    expect(await idsIn(cut), `cut at ${length}`).toEqual(wholeAfter[whole]);
    expect(cut.stats().damaged, `cut at ${length}`).toBe(isTorn ? 1 : 0);
    const next = await cut.append(aDraft(), 0);
    await cut.close();
    // What follows a torn line is not lost with it.
    const reopened = await openAt(directory);
    expect(await idsIn(reopened), `cut at ${length}, one more`).toEqual([
      ...(wholeAfter[whole] ?? []),
      next.id,
    ]);
    await reopened.close();
  }
});

test('a damaged byte costs its record and no other', async () => {
  const origin = await temporaryDirectory();
  const spool = await openAt(origin);
  const ids = [(await spool.append(aDraft(), 0)).id, (await spool.append(aFailedDraft(), 0)).id];
  await spool.close();
  const bytes = await readFile(join(origin, 'runs.log'));
  const firstEnd = bytes.indexOf(0x0a);
  const directory = await temporaryDirectory();
  for (let at = 0; at < firstEnd; at += 7) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 0x04;
    await writeFile(join(directory, 'runs.log'), damaged);
    const opened = await openAt(directory);
    expect(await idsIn(opened), `byte ${at}`).toEqual([ids[1]]);
    expect(opened.stats().damaged).toBe(1);
    await opened.close();
  }
});

test('SIGKILL in the middle of appending loses no run that was announced as stored', async () => {
  const directory = await temporaryDirectory();
  const child = spawn(process.execPath, [
    join(import.meta.dirname, '../fixtures/spool-writer.ts'),
    directory,
  ]);
  onTestFinished(() => void child.kill('SIGKILL'));
  let announced = '';
  child.stdout.on('data', (chunk: Buffer) => {
    announced += chunk.toString();
    if (announced.split('\n').length > 20) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const stored = announced.split('\n').slice(0, -1);
  expect(stored.length).toBeGreaterThanOrEqual(20);
  const spool = await openAt(directory);
  const found = await idsIn(spool);
  expect(found.slice(0, stored.length)).toEqual(stored);
  await spool.close();
});

test('a full spool drops the oldest passes, then the oldest invalid runs, then the oldest failures, and counts', async () => {
  const directory = await temporaryDirectory();
  const spool = await openAt(directory, { runsMax: 4 });
  const [fail1] = [await spool.append(aFailedDraft(), 0)];
  await spool.append(aDraft(), 0);
  const invalid1 = await spool.append(anInvalidDraft(), 0);
  const pass2 = await spool.append(aDraft(), 0);
  const fail2 = await spool.append(aFailedDraft(), 0);
  expect(await idsIn(spool)).toEqual([fail1.id, invalid1.id, pass2.id, fail2.id]);
  const fail3 = await spool.append(aFailedDraft(), 0);
  const fail4 = await spool.append(aFailedDraft(), 0);
  expect(await idsIn(spool)).toEqual([fail1.id, fail2.id, fail3.id, fail4.id]);
  const fail5 = await spool.append(aFailedDraft(), 0);
  expect(await idsIn(spool)).toEqual([fail2.id, fail3.id, fail4.id, fail5.id]);
  expect(spool.stats()).toMatchObject({ pending: 4, dropped: 4 });
  await spool.close();
  const again = await openAt(directory);
  expect(await idsIn(again)).toEqual([fail2.id, fail3.id, fail4.id, fail5.id]);
  await again.close();
});

test('bytes are bounded as well as runs', async () => {
  const spool = await openAt(await temporaryDirectory(), { bytesMax: 2_000 });
  for (let index = 0; index < 20; index += 1) await spool.append(aDraft(), 0);
  expect(spool.stats().pendingBytes).toBeLessThanOrEqual(2_000);
  expect(spool.stats().dropped + spool.stats().pending).toBe(20);
  await spool.close();
});

test('the journal does not grow with runs that are gone', async () => {
  const directory = await temporaryDirectory();
  const spool = await openAt(directory);
  const steps = Array.from({ length: 100 }, (_, index) => ({
    title: `Step ${index} ${'x'.repeat(150)}`,
    startMs: 0,
    durationMs: 1,
    steps: [],
  }));
  const kept = await spool.append(aFailedDraft({ steps }), 0);
  for (let index = 0; index < 120; index += 1) {
    const { id } = await spool.append(aDraft({ steps }), 0);
    await spool.acknowledge([id]);
  }
  expect((await stat(join(directory, 'runs.log'))).size).toBeLessThan(1_200_000);
  expect(await idsIn(spool)).toEqual([kept.id]);
  await spool.close();
  const again = await openAt(directory);
  expect((await again.oldest(1, BYTES_MAX))[0]?.run).toEqual(kept);
  await again.close();
});

test('a batch is bounded by bytes, and holds one run even if that is over', async () => {
  const spool = await openAt(await temporaryDirectory());
  for (let index = 0; index < 5; index += 1) await spool.append(aDraft(), 0);
  const bytes = spool.stats().pendingBytes / 5;
  expect(await spool.oldest(10, bytes * 2.5)).toHaveLength(2);
  expect(await spool.oldest(3, BYTES_MAX)).toHaveLength(3);
  expect(await spool.oldest(10, 1)).toHaveLength(1);
  await spool.close();
});

test('on a full disk a run is sent all the same, as invalid disk-full, and says what it had found', async () => {
  const directory = await temporaryDirectory();
  // A real ENOSPC at every write.
  await symlink('/dev/full', join(directory, 'runs.log'));
  const { log, named } = eventLog();
  const spool = await openAt(directory, { log });
  const run = await spool.append(aFailedDraft(), 0, new Uint8Array(10));
  expect(run).toMatchObject({
    outcome: 'invalid',
    screenshot: false,
    failure: { owner: 'probe', class: 'disk-full' },
  });
  expect(run.failure?.message).toMatch(/fail, timeout.*ENOSPC/);
  expect(Run.safeParse(run).success).toBe(true);
  expect(named('spool-write-failed')).toHaveLength(1);
  expect(await idsIn(spool)).toEqual([run.id]);
  expect(spool.stats()).toMatchObject({ pending: 1, unstored: 1, dropped: 0 });
  await spool.acknowledge([run.id]);
  expect(await idsIn(spool)).toEqual([]);
  await spool.close();
});

test('runs that only memory holds are bounded; what goes over is counted', async () => {
  const directory = await temporaryDirectory();
  await symlink('/dev/full', join(directory, 'runs.log'));
  const spool = await openAt(directory);
  for (let index = 0; index < UNSTORED_RUNS_MAX + 3; index += 1) await spool.append(aDraft(), 0);
  expect(spool.stats()).toMatchObject({ pending: UNSTORED_RUNS_MAX, dropped: 3 });
  await spool.close();
});

test('two probes cannot share a spool; a lock of a process that is gone is taken over', async () => {
  const directory = await temporaryDirectory();
  const spool = await openAt(directory);
  await expect(openAt(directory)).rejects.toThrow(SpoolLockedError);
  await expect(openAt(directory)).rejects.toThrow(`process ${process.pid}`);
  await spool.close();
  const gone = spawn(process.execPath, ['--eval', '']);
  await once(gone, 'exit');
  await writeFile(join(directory, 'probe.pid'), JSON.stringify({ pid: gone.pid }));
  const after = await openAt(directory);
  await after.close();
  // A container that starts anew has the same pid each time.
  await writeFile(join(directory, 'probe.pid'), JSON.stringify({ pid: process.pid, startTicks: '1' }));
  const samePid = await openAt(directory);
  await samePid.close();
  await writeFile(join(directory, 'probe.pid'), '');
  const emptyLock = await openAt(directory);
  await emptyLock.close();
  expect((await readdir(directory)).filter((name) => name.startsWith('probe.pid'))).toEqual([]);
});

test('a refused run is out of the way, and kept with the reason', async () => {
  const directory = await temporaryDirectory();
  const spool = await openAt(directory);
  const run = await spool.append(aDraft(), 0);
  await spool.refuse(run, '400 unknown check');
  expect(await idsIn(spool)).toEqual([]);
  expect(spool.stats().refused).toBe(1);
  await spool.close();
  const kept = JSON.parse(await readFile(join(directory, 'refused.jsonl'), 'utf8')) as unknown;
  expect(kept).toMatchObject({ reason: '400 unknown check', run });
});

test('a run left by a version that wrote other runs is kept as refused, not sent', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'runs.log'), encodeRecord({ kind: 'run', json: '{"id":"old"}' }));
  const spool = await openAt(directory);
  expect(await idsIn(spool)).toEqual([]);
  expect(spool.stats().refused).toBe(1);
  await spool.close();
});

test('a picture waits until its run is acknowledged, survives a restart, and goes with a dropped run', async () => {
  const directory = await temporaryDirectory();
  const spool = await openAt(directory, { runsMax: 2 });
  const image = new Uint8Array([0x89, 0x50, 1, 2, 3]);
  const run = await spool.append(aFailedDraft(), 0, image);
  expect(run.screenshot).toBe(true);
  expect(await spool.nextPicture()).toBeUndefined();
  await spool.acknowledge([run.id]);
  await spool.close();

  const again = await openAt(directory, { runsMax: 2 });
  const waiting = await again.nextPicture();
  expect(waiting?.runId).toBe(run.id);
  expect([...(waiting?.image ?? [])]).toEqual([...image]);
  await again.pictureDone(run.id);
  expect(await again.nextPicture()).toBeUndefined();

  const dropped = await again.append(anInvalidDraft(), 0, image);
  await again.append(aFailedDraft(), 0);
  await again.append(aFailedDraft(), 0);
  expect(await idsIn(again)).not.toContain(dropped.id);
  expect(await readdir(join(directory, 'screenshots'))).toEqual([]);
  await again.close();
});

test('a picture over the limit is not kept, and the run does not promise one', async () => {
  const spool = await openAt(await temporaryDirectory());
  const run = await spool.append(aFailedDraft(), 0, new Uint8Array(2 * 1024 * 1024 + 1));
  expect(run.screenshot).toBe(false);
  await spool.close();
});
