import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { DnsCheck } from '#core/config.ts';
import type { Message } from '#core/dns/codec/message.ts';
import type { DnsEvidence } from '#core/dns/findings/evidence.ts';
import { RunDeadline } from '#probes/run-deadline.ts';
import { createDnsRunner } from '#probes/runners/dns.ts';
import type { RunResult } from '#probes/runners/runner.ts';
import { aDnsCheck } from '#test/fixtures/builders.ts';
import { eventsOf, spawnProbe, until } from '#test/fixtures/spawned-probe.ts';
import { StandInHub } from '#test/fixtures/stand-in-hub.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';
import { resolverOf, startPlainDoh, startUdp } from './small-servers.ts';

const NAME = 'portal.example.test';

function aCheckOf(resolver: string, dns: Parameters<typeof aDnsCheck>[0], timeoutMs = 5_000): DnsCheck {
  return aDnsCheck({ name: NAME, resolvers: [resolver], aspects: ['resolvability'], ...dns }, { timeoutMs });
}

async function runOf(check: DnsCheck, deadline?: RunDeadline): Promise<RunResult & { dns: DnsEvidence }> {
  const runner = createDnsRunner();
  onTestFinished(() => runner.close());
  const { dns, ...result } = await runner.run(check, deadline);
  if (!dns) throw new Error(`expected evidence, got ${result.outcome} ${result.failure?.message}`);
  return { ...result, dns };
}

test('a run tells what was asked and answered, with the replies as they came', async () => {
  const { outcome, failure, steps, dns, durationMs } = await runOf(
    aCheckOf(await startPlainDoh(resolverOf(NAME)), { pace: '0ms' }),
  );
  expect({ outcome, failure }).toEqual({ outcome: 'pass', failure: undefined });
  expect(dns.summary.addresses).toEqual([{ address: '192.0.2.1', answers: expect.any(Number) as number }]);
  const first = dns.exchanges.find(({ name, type }) => name === NAME && type === 1);
  expect(first).toMatchObject({ outcome: 'ANSWER', transport: 'https' });
  expect(Buffer.from(first?.reply ?? '', 'base64').includes(Buffer.from([192, 0, 2, 1]))).toBe(true);
  expect(steps).toHaveLength(1);
  expect(durationMs).toBeGreaterThan(0);
});

test('what a resolver says wrong is the failure, and whose answer it was is in it', async () => {
  const servfail = (query: Message): Uint8Array => {
    const reply = resolverOf(NAME)(query);
    reply[3] = ((reply[3] ?? 0) & 0xf0) | 2;
    return reply;
  };
  const { outcome, failure, dns } = await runOf(aCheckOf(await startPlainDoh(servfail), { pace: '0ms' }));
  expect(outcome).toBe('fail');
  expect(failure).toMatchObject({ owner: 'target', class: 'dns' });
  expect(dns.findings.find(({ id }) => id === 'A1')).toMatchObject({ severity: 'fail', outcome: 'SERVFAIL' });
});

test('silence is told as silence when the deadline is shorter than the question may take', async () => {
  const server = await startUdp(() => undefined);
  const startedMs = performance.now();
  const check = aCheckOf(server.url, { pace: '0ms', exchangeTimeout: '10s' }, 1_500);
  const { outcome, failure, dns } = await runOf(check);
  expect(performance.now() - startedMs).toBeLessThan(1_500 + 500);
  expect(outcome).toBe('fail');
  expect(failure?.class).toBe('dns');
  expect(dns.exchanges.filter(({ outcome }) => outcome === 'TIMEOUT').length).toBeGreaterThan(0);
});

test('a deadline that is shortened in the middle ends the run then', async () => {
  const server = await startUdp(() => undefined);
  const deadline = new RunDeadline(30_000);
  const startedMs = performance.now();
  const running = runOf(aCheckOf(server.url, { exchangeTimeout: '10s' }, 30_000), deadline);
  await expect.poll(() => server.packets.length).toBeGreaterThan(0);
  expect(deadline.hasBegun).toBe(true);
  deadline.shorten(1_500);
  expect((await running).outcome).toBe('fail');
  expect(performance.now() - startedMs).toBeLessThan(3_000);
});

test('when only our own pace was too slow, what came is judged and what is left is counted', async () => {
  const check = aCheckOf(await startPlainDoh(resolverOf(NAME)), { pace: '300ms' }, 800);
  const { outcome, dns } = await runOf(check);
  expect(dns.exchanges.length).toBeGreaterThan(0);
  expect(dns.unasked).toBeGreaterThan(0);
  expect(dns.findings.filter(({ severity }) => severity === 'fail')).toEqual([]);
  expect(outcome).toBe('pass');
});

test('no two runs ask for the same name that must not exist', async () => {
  const asked = new Set<string>();
  const answer = resolverOf(NAME);
  const url = await startPlainDoh((query) => {
    const { name } = query.questions[0] ?? { name: '' };
    if (name.startsWith('latchkey-')) asked.add(name);
    return answer(query);
  });
  await runOf(aCheckOf(url, { pace: '0ms' }));
  const once = asked.size;
  await runOf(aCheckOf(url, { pace: '0ms' }));
  expect(once).toBeGreaterThan(0);
  expect(asked.size).toBe(2 * once);
});

test('a probe whose region has DNS checks only reports them and starts no browser', async () => {
  const directory = await temporaryDirectory();
  const config = {
    publicUrl: 'http://127.0.0.1:1',
    regions: { 'us-east': {}, 'eu-west': {} },
    channels: { oncall: { kind: 'none' } },
    checks: {
      'portal-name': {
        kind: 'dns',
        name: NAME,
        resolvers: [await startPlainDoh(resolverOf(NAME))],
        aspects: ['resolvability'],
        regions: ['us-east'],
        owner: 'us',
      },
      'front-door': { kind: 'journey', file: 'none.journey.ts', regions: ['eu-west'], owner: 'us' },
    },
  };
  const file = join(directory, 'latchkey.config.ts');
  await writeFile(file, `export default ${JSON.stringify(config)};`);
  const hub = await StandInHub.start({ plan: [{ check: 'portal-name', inMs: 0 }] });
  const options = ['--config', file, '--hub', hub.url, '--spool', join(directory, 'spool')];
  const probe = spawnProbe('journey-probe-process.ts', options);
  await until(async () => expect((await hub.record()).stored.length).toBeGreaterThan(0));
  probe.child.kill('SIGTERM');
  expect(await probe.exit).toBe(0);
  const { reports, hellos } = await hub.record();
  const run = reports[0]?.entries[0];
  expect(JSON.stringify(run)).toContain('"outcome":"pass"');
  expect(JSON.stringify(run)).toContain('"addresses":[{"address":"192.0.2.1"');
  expect(hellos[0]?.versions).not.toHaveProperty('chromium');
  expect(eventsOf(probe).filter((event) => event.startsWith('browser-'))).toEqual([]);
});
