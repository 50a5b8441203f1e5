import { access, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { Run } from '#core/run.ts';
import { blockedMarkerIn, spoolBlockedRuns } from '#probes/blocked-runs.ts';
import { Spool } from '#probes/spool/spool.ts';
import { aCheck } from '#test/fixtures/builders.ts';
import { eventLog } from '#test/fixtures/event-log.ts';
import { ManualClock } from '#test/fixtures/manual-clock.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

const CHECKS = ['a', 'b'].map((id) => aCheck({ id, regions: ['us-east'] }));

/** What a start makes of this marker. */
async function afterMarker(text: string) {
  const clock = new ManualClock();
  const { log, named } = eventLog();
  const directory = await temporaryDirectory();
  const origin = { probe: 'probe-1', region: 'us-east', startedAtMs: clock.wallMs() };
  const spool = await Spool.open({ ...origin, directory, log });
  onTestFinished(() => spool.close());
  const markerFile = blockedMarkerIn(directory);
  await writeFile(markerFile, text);
  await spoolBlockedRuns({ markerFile, checks: CHECKS, configHash: 'abc123abc123', clock, log, spool });
  const runs = await spool.oldest(10, 1_000_000);
  await expect(access(markerFile)).rejects.toThrow('ENOENT');
  return { clock, runs, named };
}

const underWay = (check: string, startedAtMs: number) => ({
  check,
  trigger: 'burst',
  startedAtMs,
  waitedMs: 3,
});

test('a run that verified a deploy says so still: the hub would take it for nothing else', async () => {
  const atMs = new ManualClock().wallMs() - 5_000;
  const deploy = { service: 'portal', n: 3, pair: 8, side: 'canary', apart: true };
  const run = { ...underWay('a', atMs - 16_000), trigger: 'deploy', deploy };
  const { runs } = await afterMarker(JSON.stringify({ atMs, blockedMs: 15_040, underWay: [run] }));
  expect(runs.map((spooled) => Run.parse(spooled.run))).toMatchObject([
    { check: 'a', trigger: 'deploy', deploy, outcome: 'invalid', failure: { class: 'journey-error' } },
  ]);
});

test('of several runs under way, each says that one of them did it; one of a check that is gone says nothing', async () => {
  const atMs = new ManualClock().wallMs() - 5_000;
  const marker = {
    atMs,
    blockedMs: 15_040,
    underWay: ['a', 'b', 'gone'].map((id) => underWay(id, atMs - 16_000)),
  };
  const { clock, runs, named } = await afterMarker(JSON.stringify(marker));
  expect(runs.map(({ run }) => [run.check, run.seq, run.boot])).toEqual([
    ['a', 1, clock.wallMs()],
    ['b', 2, clock.wallMs()],
  ]);
  expect(runs[0]).toMatchObject({
    startedMonotonicMs: clock.monotonicMs() - 21_000,
    run: {
      outcome: 'invalid',
      trigger: 'burst',
      durationMs: 16_000,
      waitedMs: 3,
      failure: {
        owner: 'probe',
        class: 'journey-error',
        message:
          'one of the journeys a, b, gone kept the probe from doing anything else for 15.0 s (an endless loop?), and the probe was restarted',
      },
    },
  });
  expect(named('probe-was-blocked')).toEqual([{ blockedMs: 15_040, checks: 'a b gone' }]);
});

test.each(['', '{"atMs":', '{"blockedMs":"long"}'])(
  'a marker %o is removed, and the log says so',
  async (text) => {
    const { runs, named } = await afterMarker(text);
    expect(runs).toEqual([]);
    expect(named('blocked-marker-unreadable')).toHaveLength(1);
  },
);
