import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventLog } from '#test/fixtures/event-log.ts';
import { eventsOf, FIXTURES, spawnProbe, until, type SpawnedProbe } from '#test/fixtures/spawned-probe.ts';
import { listenOnLoopback } from '#test/fixtures/loopback-server.ts';
import { StandInHub } from '#test/fixtures/stand-in-hub.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';
import { EXIT } from '#probes/main.ts';
import { Spool } from '#probes/spool/spool.ts';

const aProbeProcess = (options: readonly string[], env: Record<string, string> = {}): SpawnedProbe =>
  spawnProbe('probe-process.ts', ['--config', join(FIXTURES, 'probe.config.ts'), ...options], env);

test('at SIGTERM a probe ends its runs, empties its spool, gives the directory back and exits 0', async () => {
  const hub = await StandInHub.start({ plan: [{ check: 'portal-login', inMs: 0 }] });
  const directory = await temporaryDirectory();
  const probe = aProbeProcess(['--hub', hub.url, '--spool', directory]);
  await until(async () => expect((await hub.record()).stored.length).toBeGreaterThan(0));
  probe.child.kill('SIGTERM');
  expect(await probe.exit).toBe(EXIT.stopped);
  expect(eventsOf(probe).slice(-2)).toEqual(['probe-stopping', 'probe-stopped']);
  expect(probe.lines.at(-1)).toMatchObject({ spooled: 0 });
  const finished = probe.lines.filter(({ event }) => event === 'run-finished').map(({ run }) => run);
  expect((await hub.record()).stored).toEqual(finished);
  const { log } = eventLog();
  const spool = await Spool.open({ directory, probe: 'probe-1', region: 'us-east', startedAtMs: 0, log });
  expect(spool.stats().pending).toBe(0);
  await spool.close();
});

test('a probe that is told to verify a deploy and to look reports both, beside its schedule', async () => {
  const hub = await StandInHub.start({ plan: [{ check: 'hang-login', inMs: 0 }] });
  const site = await listenOnLoopback(0, (_request, response) => {
    response.setHeader('x-cache', 'HIT').end();
  });
  onTestFinished(() => site.close());
  const probe = aProbeProcess(['--hub', hub.url, '--spool', await temporaryDirectory()]);
  await until(() => expect(eventsOf(probe)).toContain('plan-received'));
  const selector = { kind: 'header', name: 'x-canary', value: 'open-sesame-42' } as const;
  await hub.send({
    type: 'verify-now',
    check: 'portal-login',
    deploy: { service: 'portal', n: 3, pair: 6 },
    sides: [{ side: 'baseline' }, { side: 'canary', selector }],
  });
  await hub.send({ type: 'look-now', service: 'portal', n: 3, item: 'edge', urls: [`${site.url}/app.js`] });
  await until(async () => {
    const { reports, looked } = await hub.record();
    const runs = reports.flatMap(({ entries }) => entries.map(({ run }) => run));
    const pair = { service: 'portal', n: 3, pair: 6 };
    expect(new Set(runs.map(({ deploy }) => deploy))).toEqual(
      new Set([
        { ...pair, side: 'baseline', apart: false },
        { ...pair, side: 'canary', apart: true },
      ]),
    );
    const answers = [{ url: `${site.url}/app.js`, status: 200, headers: { 'x-cache': 'HIT' } }];
    expect(looked.map(({ message }) => message)).toEqual([
      { type: 'looked', probe: 'probe-1', service: 'portal', n: 3, item: 'edge', answers },
    ]);
  });
  expect(JSON.stringify(probe.lines)).not.toContain(selector.value);
  probe.child.kill('SIGTERM');
  expect(await probe.exit).toBe(EXIT.stopped);
});

test('a run that does not end at SIGTERM is given up, not reported as anything', async () => {
  const hub = await StandInHub.start({ plan: [{ check: 'hang-login', inMs: 0 }] });
  const probe = aProbeProcess(['--hub', hub.url, '--spool', await temporaryDirectory()]);
  await until(() => expect(eventsOf(probe)).toContain('plan-received'));
  await hub.send({ type: 'run-now', check: 'portal-login', trigger: 'burst' });
  await until(async () => expect((await hub.record()).stored).toHaveLength(1));
  probe.child.kill('SIGTERM');
  expect(await probe.exit).toBe(EXIT.stopped);
  expect(probe.lines.filter(({ event }) => event === 'run-given-up')).toEqual([
    expect.objectContaining({ check: 'hang-login' }),
  ]);
  expect((await hub.record()).stored).toHaveLength(1);
});

test('a probe killed by SIGKILL comes back on its spool: old runs first, under a higher boot', async () => {
  const hub = await StandInHub.start({ refuseReports: 503, plan: [{ check: 'portal-login', inMs: 0 }] });
  const directory = await temporaryDirectory();
  const first = aProbeProcess(['--hub', hub.url, '--spool', directory]);
  await until(() =>
    expect(eventsOf(first).filter((event) => event === 'run-finished').length).toBeGreaterThan(1),
  );
  first.child.kill('SIGKILL');
  await first.exit;
  await hub.set({ refuseReports: 0 });
  const second = aProbeProcess(['--hub', hub.url, '--spool', directory]);
  await until(() => expect(eventsOf(second)).toContain('run-finished'));
  await until(async () => {
    const boots = (await hub.record()).stored.map((id) => Number(id.split('.')[1]));
    expect(new Set(boots).size).toBe(2);
    expect(boots).toEqual(boots.toSorted((a, b) => a - b));
  });
  const before = first.lines.filter(({ event }) => event === 'run-finished').map(({ run }) => run);
  expect((await hub.record()).stored.slice(0, before.length)).toEqual(before);
  second.child.kill('SIGINT');
  expect(await second.exit).toBe(EXIT.stopped);
});

test('a probe does not start on the spool of another, nor with settings it cannot use', async () => {
  const hub = await StandInHub.start();
  const directory = await temporaryDirectory();
  const { log } = eventLog();
  const spool = await Spool.open({ directory, probe: 'probe-1', region: 'us-east', startedAtMs: 0, log });
  onTestFinished(() => spool.close());
  const locked = aProbeProcess(['--hub', hub.url, '--spool', directory]);
  const wrong = aProbeProcess(['--hub', 'hub', '--concurrency', 'many'], { LATCHKEY_TOKEN: '' });
  expect(await locked.exit).toBe(EXIT.spoolLocked);
  expect(locked.lines.at(-1)).toMatchObject({
    event: 'spool-locked',
    error: expect.stringContaining(`${process.pid}`) as string,
  });
  expect(await wrong.exit).toBe(EXIT.badConfig);
  const [said] = wrong.lines;
  for (const name of ['hub', 'concurrency', 'LATCHKEY_TOKEN']) expect(said?.['error']).toContain(name);
});
