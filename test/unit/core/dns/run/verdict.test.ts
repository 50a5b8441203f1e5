import { describe, expect, it } from 'vitest';
import { ASPECT_NAMES, dnsSettingsOf, type DnsInput } from '#core/checks/dns.ts';
import type { Exchange, Trouble } from '#core/dns/asking/exchange.ts';
import { DnsEvidence } from '#core/dns/findings/evidence.ts';
import { FINDINGS_MAX, type Finding } from '#core/dns/findings/finding.ts';
import { inquire } from '#core/dns/run/inquirer.ts';
import { stepsOf } from '#core/dns/run/steps.ts';
import { judge, type Judgement } from '#core/dns/run/verdict.ts';
import { Run } from '#core/run.ts';
import { aFailedRun, anInvalidRun, aRun } from '#test/fixtures/builders.ts';
import { run, SILENT, WORKER, type Quirk, type World } from '#test/fixtures/dns/world.ts';
import { delegatedWorld, WALKED } from '../a-delegated-zone.ts';
import {
  DECLARED,
  DENIES,
  ELSEWHERE,
  NS1,
  NS2,
  R1,
  R2,
  R3,
  resolvedWorld,
  SERVFAILS,
} from '../a-resolved-zone.ts';

type Over = Partial<Omit<DnsInput, 'kind'>>;

async function judged(world: World, over: Over = {}, vantage?: typeof WORKER): Promise<Judgement> {
  return judge(await run(world, { ...DECLARED, aspects: ['resolvability'], ...over }, vantage));
}

const failsWith =
  (trouble: Trouble): Quirk =>
  () =>
    trouble;
const silent = failsWith(SILENT);
const allOf = (quirk: Quirk) => ({ ns1: quirk, ns2: quirk, r1: quirk, r2: quirk, r3: quirk });

describe('pass', () => {
  it('of a name that is well, with its warnings', async () => {
    const { outcome, evidence } = await judged(resolvedWorld({ r2: DENIES }));
    expect(outcome).toBe('pass');
    expect(evidence.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(['warn A6']);
    expect(DnsEvidence.safeParse(evidence).error).toBeUndefined();
  });

  it.each(ASPECT_NAMES)('needs an answer though only %s is looked at', async (aspect) => {
    const denied = await judged(resolvedWorld(allOf(DENIES)), { aspects: [aspect] });
    expect(denied.outcome).toBe('fail');
    const cannot = failsWith({ class: 'NOT_MEASURABLE', message: 'blocked' });
    expect(await judged(resolvedWorld(allOf(cannot)), { aspects: [aspect] })).toMatchObject({
      outcome: 'invalid',
    });
  });

  it('needs one for every required type', async () => {
    const over = { types: ['A', 'MX'], aspects: ['content' as const] };
    expect(await judged(resolvedWorld(), over)).toMatchObject({
      outcome: 'fail',
      failure: { step: 'A1 resolvability › MX' },
    });
  });

  it('of an alias that leads out of the zone, where only the zone is asked', async () => {
    const over = { name: 'out.example.test', resolvers: [], aspects: ['resolvability' as const] };
    expect(await judged(resolvedWorld(), over)).toMatchObject({ outcome: 'pass' });
  });
});

describe('fail', () => {
  it('is the worst finding, the target’s, and says how many more there are', async () => {
    const { outcome, failure, evidence } = await judged(resolvedWorld(allOf(SERVFAILS)));
    expect(outcome).toBe('fail');
    const bad = evidence.findings.filter(({ severity }) => severity === 'fail');
    expect(failure).toEqual({
      owner: 'target',
      class: 'dns',
      step: 'A1 resolvability › A',
      message: `${bad[0]?.message}`,
    });
    expect(bad.length).toBe(1);
    const both = await judged(resolvedWorld({ ...allOf(SERVFAILS), ns1: silent }));
    expect(both.failure?.message).toMatch(/ \(and [1-9] more\)$/);
  });

  it('has its findings worst first, once each, and no more than a run may have', async () => {
    const inquirer = await run(resolvedWorld(), { ...DECLARED, aspects: ['resolvability'] });
    const many: Finding[] = Array.from({ length: FINDINGS_MAX + 5 }, (_, at) => ({
      id: 'E1',
      severity: at === 50 ? 'critical' : 'info',
      subject: `${at} `.repeat(200),
      message: 'x'.repeat(900),
      figures: { good: 1, bad: Number.NaN },
    }));
    inquirer.findings = () => [...many, ...many];
    const { outcome, evidence } = judge(inquirer);
    expect(outcome).toBe('fail');
    expect(evidence.findings[0]).toMatchObject({ severity: 'critical', figures: { good: 1 } });
    expect(evidence.findings.length).toBe(FINDINGS_MAX);
    expect(evidence.findingsDropped).toBe(5);
    expect(DnsEvidence.safeParse(evidence).error).toBeUndefined();
  });
});

describe('invalid', () => {
  it('when there was no way out', async () => {
    const out = failsWith({
      class: 'NOT_MEASURABLE',
      message: 'connect ENETUNREACH 192.0.2.1:53',
      probeFault: true,
    });
    expect(await judged(resolvedWorld(allOf(out)))).toMatchObject({
      outcome: 'invalid',
      failure: {
        owner: 'probe',
        class: 'egress',
        message: 'www.example.test A could not be measured: connect ENETUNREACH 192.0.2.1:53',
      },
    });
  });

  it('when a Worker may not connect, as little as when nothing can be asked there', async () => {
    const blocked = failsWith({ class: 'CONNECT_FAILED_OR_BLOCKED', message: 'proxy request failed' });
    expect(await judged(resolvedWorld(allOf(blocked)), {}, WORKER)).toMatchObject({
      outcome: 'invalid',
      failure: { owner: 'probe', class: 'not-measurable' },
    });
  });

  it('when the control name does not resolve, whatever else is said', async () => {
    const controlName = { server: 'dns://203.0.113.77', name: 'www.elsewhere.test' };
    for (const world of [resolvedWorld(), resolvedWorld(allOf(SERVFAILS))]) {
      const { outcome, failure, evidence } = await judged(world, { controlName });
      expect({ outcome, failure }).toMatchObject({
        outcome: 'invalid',
        failure: { owner: 'probe', class: 'egress' },
      });
      expect(failure?.message).toContain('The control name www.elsewhere.test does not resolve');
      expect(evidence.findings.some(({ id }) => id === 'A9')).toBe(true);
    }
    const well = resolvedWorld().resolve('dns://203.0.113.77', [ELSEWHERE]);
    expect(await judged(well, { controlName })).toMatchObject({ outcome: 'pass' });
  });

  it('a control name that only cannot be asked from here says nothing', async () => {
    const blocked = failsWith({ class: 'CONNECT_FAILED_OR_BLOCKED', message: 'proxy request failed' });
    const world = resolvedWorld().resolve('dns://203.0.113.77', [ELSEWHERE], blocked);
    const controlName = { server: 'dns://203.0.113.77', name: 'www.elsewhere.test' };
    expect(await judged(world, { controlName }, WORKER)).toMatchObject({ outcome: 'pass' });
  });

  it('when neither a resolver is configured nor a server of the zone found', async () => {
    const over = { ...WALKED, resolvers: [], authorities: undefined, zone: undefined };
    expect(await judged(delegatedWorld({ quirks: { root: silent } }), over)).toMatchObject({
      outcome: 'invalid',
      failure: {
        class: 'not-measurable',
        message:
          "www.example.test A could not be measured: no resolver is configured, and the zone's own servers were not found",
      },
    });
  });
});

describe('the run', () => {
  it('is one that a hub takes, however it came out', async () => {
    const cases: [World, Over][] = [
      // A world without sockets has no second reply on a connection.
      [resolvedWorld(), { aspects: ASPECT_NAMES.filter((aspect) => aspect !== 'tcp') }],
      [resolvedWorld(allOf(SERVFAILS)), { aspects: undefined }],
      [resolvedWorld(allOf(silent)), { aspects: undefined, types: ['A', 'AAAA', 'MX'] }],
      [resolvedWorld(allOf(failsWith({ class: 'NOT_MEASURABLE', message: 'no' }))), { aspects: undefined }],
    ];
    const outcomes: string[] = [];
    for (const [world, over] of cases) {
      const inquirer = await run(world, { ...DECLARED, ...over });
      const { outcome, failure, evidence } = judge(inquirer);
      const base = outcome === 'pass' ? aRun() : outcome === 'fail' ? aFailedRun() : anInvalidRun();
      const whole = {
        ...base,
        ...(failure ? { failure } : {}),
        dns: evidence,
        steps: stepsOf(inquirer.inquiry()),
      };
      expect(Run.safeParse(whole).error).toBeUndefined();
      outcomes.push(outcome);
    }
    expect(outcomes).toEqual(['pass', 'fail', 'fail', 'invalid']);
  });

  it('never fails by what was not measured, whichever part of a check is left without replies', async () => {
    const cannot = failsWith({ class: 'NOT_MEASURABLE', message: 'blocked', probeFault: true });
    const every = [NS1, NS2, R1, R2, R3];
    for (const spared of every) {
      const quirks = Object.fromEntries(
        ['ns1', 'ns2', 'r1', 'r2', 'r3'].flatMap((key, at) => (every[at] === spared ? [] : [[key, cannot]])),
      );
      const { outcome, evidence } = await judged(resolvedWorld(quirks), {
        aspects: ['resolvability', 'freshness', 'encrypted'],
      });
      expect(outcome).toBe('pass');
      expect(evidence.findings.filter(({ severity }) => severity === 'fail')).toEqual([]);
    }
  });

  it('takes what cannot be decoded for what it is', async () => {
    const settings = dnsSettingsOf({ ...DECLARED, aspects: ['resolvability'] });
    const inquirer = await inquire(
      { settings, vantage: { kind: 'node', transports: ['udp', 'tcp'] }, nowMs: 0, salt: 'salt7x' },
      (task) =>
        Promise.resolve({ task, atMs: 0, exchangeMs: 1, tries: 1, reply: new Uint8Array(5) } as Exchange),
      () => false,
    );
    expect(judge(inquirer)).toMatchObject({ outcome: 'fail' });
    expect(inquirer.inquiry().answered.every(({ outcome }) => outcome === 'MALFORMED')).toBe(true);
  });
});
