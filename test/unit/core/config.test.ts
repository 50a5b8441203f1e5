import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { canonicalJson, parseConfig } from '#core/config.ts';
import { describeProblems } from '#core/problem.ts';

function input(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    publicUrl: 'https://latchkey.example/',
    regions: { 'us-east': {}, 'eu-west': { title: 'Frankfurt' } },
    checks: { 'portal-login': login() },
    channels: { oncall: { kind: 'anything' } },
    ...over,
  };
}

function login(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    kind: 'journey',
    file: 'probes/journeys/portal-login.journey.ts',
    interval: '30s',
    timeout: '20s',
    owner: 'identity team',
    severity: 'critical',
    ...over,
  };
}

function problemsOf(value: unknown): string[] {
  const parsed = parseConfig(value);
  return parsed.ok ? [] : describeProblems(parsed.problems).split('\n');
}

describe('parseConfig', () => {
  it('fills in titles, regions, channels and times', () => {
    const parsed = parseConfig(input());
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        publicUrl: 'https://latchkey.example',
        regions: [
          { id: 'us-east', title: 'us-east' },
          { id: 'eu-west', title: 'Frankfurt' },
        ],
        checks: [
          {
            id: 'portal-login',
            intervalMs: 30_000,
            timeoutMs: 20_000,
            regions: ['us-east', 'eu-west'],
            channels: ['oncall'],
          },
        ],
        paging: { clearAfterMs: 120_000, resolveAfterMs: 300_000, burstGapMs: 1_000 },
      },
    });
  });

  it('names every problem at once, each with its path, what was expected and what came', () => {
    const problems = problemsOf(
      input({
        publicUrl: 'nowhere',
        extra: 1,
        checks: {
          'portal-login': login({
            interval: '30 seconds',
            severity: 'loud',
            regions: ['us-east', 'mars'],
            typo: true,
          }),
          Bad_Id: login(),
        },
      }),
    );
    expect(problems).toContain('extra: expected no such key, got 1');
    expect(problems).toContain('checks.portal-login.typo: expected no such key, got true');
    expect(problems).toContain(
      'checks.portal-login.severity: expected "critical" or "error" or "warning" or "info", got "loud"',
    );
    expect(problems.join('\n')).toMatch(
      /checks\.portal-login\.interval: expected a duration.*got "30 seconds"/,
    );
    expect(problems.join('\n')).toMatch(/publicUrl: expected .*, got "nowhere"/);
    expect(problems.join('\n')).toMatch(/checks\.Bad_Id: expected .*, got "Bad_Id"/);
  });

  it.each([
    [
      'an unknown region',
      { regions: ['mars'] },
      'checks.portal-login.regions.0: expected one of us-east, eu-west, got "mars"',
    ],
    [
      'a repeated region',
      { regions: ['us-east', 'us-east'] },
      'checks.portal-login.regions.1: expected one of',
    ],
    [
      'an unknown channel',
      { channels: ['pager'] },
      'checks.portal-login.channels.0: expected one of oncall, got "pager"',
    ],
    [
      'a timeout not below the interval',
      { timeout: '30s' },
      'checks.portal-login.timeout: expected less than the interval',
    ],
    [
      'an absolute journey file',
      { file: '/etc/x.journey.ts' },
      'checks.portal-login.file: expected a relative path',
    ],
    ['no owner', { owner: undefined }, 'checks.portal-login.owner: expected string, got nothing'],
    ['an unknown kind', { kind: 'telnet' }, 'checks.portal-login.kind: expected "journey", got "telnet"'],
  ])('refuses %s', (_name, over, problem) => {
    const problems = problemsOf(input({ checks: { 'portal-login': login(over) } }));
    expect(problems.some((line) => line.startsWith(problem))).toBe(true);
  });

  it('refuses a configuration that could wake nobody', () => {
    const problems = problemsOf(input({ channels: {} }));
    expect(problems).toContain('channels: expected at least one channel, got {}');
  });

  it('refuses to resolve before it is clear', () => {
    expect(problemsOf(input({ paging: { clearAfter: '5m', resolveAfter: '1m' } }))[0]).toMatch(
      /^paging\.resolveAfter/,
    );
  });

  it('parses channels by the schema it is given', () => {
    const strict = z.strictObject({ kind: z.literal('bell'), url: z.url() });
    const parsed = parseConfig(input({ channels: { oncall: { kind: 'bell', url: 'x' } } }), strict);
    expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.path)).toEqual(['channels.oncall.url']);
  });

  it('never throws, whatever comes', () => {
    for (const value of [undefined, null, 3, 'x', [], () => 1, { checks: [] }, { regions: { a: 1 } }])
      expect(parseConfig(value).ok).toBe(false);
  });
});

describe('canonicalJson', () => {
  it('does not depend on the order of keys', () => {
    expect(canonicalJson({ b: [1, { d: 1, c: 2 }], a: 1 })).toBe(
      canonicalJson({ a: 1, b: [1, { c: 2, d: 1 }] }),
    );
  });
  it('depends on the order of lists', () => {
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });
});
