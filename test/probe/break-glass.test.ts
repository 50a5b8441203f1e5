import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { HUB_GONE_AFTER_MS } from '#core/break-glass.ts';
import { EXIT } from '#probes/main.ts';
import { startPager, type Pager } from '#test/fixtures/pager/pager.ts';
import { eventsOf, spawnProbe, until, type SpawnedProbe } from '#test/fixtures/spawned-probe.ts';
import { StandInHub } from '#test/fixtures/stand-in-hub.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

/** A probe pauses for up to 15 s between two tries to reach a hub that has been gone for a while. */
const RECONNECT_DEADLINE_MS = 30_000;

/** A probe of a configuration that pages `pager` when the hub is gone, always on the same spool. */
async function aRegion(pager: Pager) {
  const directory = await temporaryDirectory();
  const check = { kind: 'journey', file: 'none.journey.ts', interval: '10s', timeout: '2s', owner: 'us' };
  const config = {
    publicUrl: 'http://127.0.0.1',
    regions: { 'us-east': {} },
    checks: { 'fail-login': check, 'calm-login': check },
    channels: {
      oncall: { kind: 'pagerduty', routingKey: { secret: 'PAGER_KEY' }, endpoint: pager.urls.pagerduty },
    },
    paging: { breakGlass: ['oncall'] },
  };
  const file = join(directory, 'latchkey.config.ts');
  await writeFile(file, `export default ${JSON.stringify(config)};\n`);
  const options = ['--config', file, '--spool', join(directory, 'spool')];
  return (hubUrl: string, key = pager.routingKey): SpawnedProbe =>
    spawnProbe('probe-process.ts', ['--hub', hubUrl, ...options], { PAGER_KEY: key });
}

const named = ({ lines }: SpawnedProbe, event: string) => lines.filter((line) => line.event === event);

test('a probe whose hub is gone while a check fails pages once, also over its own restart, and tells the hub that comes back', async () => {
  const pager = await startPager();
  onTestFinished(() => pager.stop());
  const incident = { seq: 3, open: false, accepted: true };
  const hub = await StandInHub.start({
    plan: [
      { check: 'fail-login', inMs: 0, incident },
      { check: 'calm-login', inMs: 0, incident },
    ],
  });
  const probeOf = await aRegion(pager);
  const first = probeOf(hub.url);
  await until(async () => expect((await hub.record()).stored.length).toBeGreaterThan(1));
  await hub.stop();
  const gone = vi.waitFor(() => expect(pager.alerts()).toHaveLength(1), {
    timeout: HUB_GONE_AFTER_MS + 15_000,
    interval: 50,
  });
  // It has failed before, and does not wait for its turn to fail again.
  await until(() => expect(eventsOf(first)).toContain('run-again'));
  expect(pager.attempts()).toEqual([]);
  await gone;
  const [alert] = pager.alerts();
  expect(alert?.dedupKey).toBe('fail-login:4');
  expect(alert?.opening.payload.summary).toContain('the probe there pages by itself');
  await until(() => expect(eventsOf(first)).toContain('break-glass-accepted'));
  first.child.kill('SIGKILL');
  await first.exit;

  const second = probeOf(hub.url);
  await until(() => expect(eventsOf(second)).toContain('hub-socket-failed'));
  await hub.restart();
  await vi.waitFor(async () => expect((await hub.record()).brokeGlass).toHaveLength(1), {
    timeout: RECONNECT_DEADLINE_MS,
    interval: 50,
  });
  const [told] = (await hub.record()).brokeGlass;
  expect(told?.message).toMatchObject({
    check: 'fail-login',
    seq: 4,
    region: 'us-east',
    probe: 'probe-1',
    channel: 'oncall',
    providerId: 'fail-login:4',
    failure: { class: 'http', httpStatus: 502 },
  });
  await until(() => expect(eventsOf(second)).toContain('broke-glass-told'));
  second.child.kill('SIGTERM');
  expect(await second.exit).toBe(EXIT.stopped);
  expect(named(second, 'break-glass')).toEqual([]);
  expect(pager.attempts()).toHaveLength(1);
}, 120_000);

test('a probe that could not page when it must does not start, and names the secret that it lacks', async () => {
  const pager = await startPager();
  onTestFinished(() => pager.stop());
  const probe = (await aRegion(pager))('http://127.0.0.1:9', '');
  expect(await probe.exit).toBe(EXIT.badConfig);
  expect(probe.lines.at(-1)?.['error']).toContain('PAGER_KEY: expected an environment variable of the probe');
});
