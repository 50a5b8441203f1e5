import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { canonicalJson, CHANNELS_MAX, CHECKS_MAX, parseConfig, REGIONS_MAX } from '#core/config.ts';
import { configOf, input, login, problemsOf } from './config-input.ts';

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
    [
      'an unknown kind',
      { kind: 'telnet' },
      'checks.portal-login.kind: expected "journey" or "dns", got "telnet"',
    ],
  ])('refuses %s', (_name, over, problem) => {
    const problems = problemsOf(input({ checks: { 'portal-login': login(over) } }));
    expect(problems.some((line) => line.startsWith(problem))).toBe(true);
  });

  it.each([
    ['a dependency that is no name', { dependsOn: ['Identity Provider'] }, 'dependsOn.0: expected 1–64 of'],
    ['too many dependencies', { dependsOn: Array(21).fill('idp') }, 'dependsOn: expected at most 20 entries'],
    ['an interval under a second', { interval: '500ms' }, 'interval: expected 1000 to 86400000 ms'],
    ['a runbook that is no address', { runbook: 'see wiki' }, 'runbook: expected '],
    ['an empty list of channels', { channels: [] }, 'channels: expected at least 1 entries, got []'],
  ])('refuses %s', (_name, over, problem) => {
    const [line = ''] = problemsOf(input({ checks: { 'portal-login': login(over) } }));
    expect(line.slice(0, `checks.portal-login.${problem}`.length)).toBe(`checks.portal-login.${problem}`);
  });

  it.each([
    [
      'a control target that is no web page',
      { control: { url: 'ftp://example.com' } },
      /^control\.url: expected .*got "ftp:\/\/example\.com"$/,
    ],
    [
      'a control target that may take longer than a page can wait',
      { control: { url: 'https://example.com', timeout: '11s' } },
      /^control\.timeout: expected 100 to 10000 ms, got "11s"$/,
    ],
    ['a control target without an address', { control: {} }, /^control\.url: expected string, got nothing$/],
    ['a platform nobody owns', { platform: { channels: ['oncall'] } }, /^platform\.owner: expected string/],
    [
      'a platform that is told nothing',
      { platform: { owner: 'us', channels: [] } },
      /^platform\.channels: expected at least 1 entries/,
    ],
    [
      'a platform told by an unknown channel',
      { platform: { owner: 'us', channels: ['oncall', 'fax'] } },
      /^platform\.channels\.1: expected one of oncall, got "fax"$/,
    ],
    [
      'a watchdog without a usable address',
      { watchdogs: [{ url: 'watchdog' }] },
      /^watchdogs\.0\.url: expected .*got "watchdog"$/,
    ],
    [
      'a watchdog whose secret has no usable name',
      { watchdogs: [{ url: { secret: 'beat url' } }] },
      /^watchdogs\.0\.url/,
    ],
    [
      'a watchdog pinged too often',
      { watchdogs: [{ url: 'https://beat.example', every: '100ms' }] },
      /^watchdogs\.0\.every: expected 1000 to 3600000 ms, got "100ms"$/,
    ],
    [
      'too many watchdogs',
      { watchdogs: Array.from({ length: 6 }, () => ({ url: 'https://beat.example' })) },
      /^watchdogs: expected at most 5 entries/,
    ],
    [
      'a window of a check there is not',
      {
        maintenance: [
          { title: 'a', from: '2026-11-22T02:00:00Z', until: '2026-11-22T03:00:00Z', checks: ['crm'] },
        ],
      },
      /^maintenance\.0\.checks\.0: expected one of portal-login, got "crm"$/,
    ],
    [
      'a window that ends before it begins',
      { maintenance: [{ title: 'a', from: '2026-11-22T02:00:00Z', until: '2026-11-22T01:00:00Z' }] },
      /^maintenance\.0\.until: expected a moment after `from`/,
    ],
    [
      'a window that begins at no moment',
      { maintenance: [{ title: 'a', from: 'soon', until: '2026-11-22T01:00:00Z' }] },
      /^maintenance\.0\.from: expected a moment with its offset, such as "2026-11-22T02:00:00Z", got "soon"$/,
    ],
    [
      'too many windows',
      {
        maintenance: Array.from({ length: 101 }, () => ({
          title: 'a',
          from: '2026-11-22T02:00:00Z',
          until: '2026-11-22T03:00:00Z',
        })),
      },
      /^maintenance: expected at most 100 entries/,
    ],
    ['no region', { regions: {} }, /^regions: expected at least one region, got \{\}$/],
    [
      'too many regions',
      { regions: Object.fromEntries(Array.from({ length: REGIONS_MAX + 1 }, (_, n) => [`r${n}`, {}])) },
      /^regions: expected at most 20 regions, got 21$/,
    ],
    [
      'too many channels',
      {
        channels: Object.fromEntries(
          Array.from({ length: CHANNELS_MAX + 1 }, (_, n) => [`c${n}`, { kind: 'x' }]),
        ),
      },
      /^channels: expected at most 20 channels, got 21$/,
    ],
    [
      'too many checks',
      { checks: Object.fromEntries(Array.from({ length: CHECKS_MAX + 1 }, (_, n) => [`c${n}`, login()])) },
      /^checks: expected at most 500 checks, got 501$/,
    ],
  ])('refuses %s, and names the field', (_name, over, problem) => {
    const problems = problemsOf(input(over));
    expect(problems.filter((line) => problem.test(line))).toHaveLength(1);
    expect(problems).toHaveLength(1);
  });

  it('takes control target, platform, watchdogs, windows and dependencies, with units in their names', () => {
    const config = configOf({
      checks: { 'portal-login': login({ dependsOn: ['identity-provider'] }) },
      control: { url: 'https://example.com/' },
      platform: { owner: 'probe team', channels: ['oncall'] },
      watchdogs: [{ url: { secret: 'BEAT_URL' } }, { url: 'https://beat.example', every: '1m' }],
      maintenance: [
        { title: 'Move', from: '2026-11-22T02:00:00Z', until: '2026-11-22T05:00:00+01:00' },
        {
          title: 'Switch',
          from: '2026-11-22T02:00:00Z',
          until: '2026-11-22T03:00:00Z',
          checks: ['portal-login'],
        },
      ],
    });
    expect(config).toMatchObject({
      checks: [{ dependsOn: ['identity-provider'] }],
      control: { url: 'https://example.com/', timeoutMs: 3_000 },
      platform: { owner: 'probe team', channels: ['oncall'] },
      watchdogs: [
        { url: { secret: 'BEAT_URL' }, everyMs: 30_000 },
        { url: 'https://beat.example', everyMs: 60_000 },
      ],
      maintenance: [
        { title: 'Move', fromMs: Date.UTC(2026, 10, 22, 2), untilMs: Date.UTC(2026, 10, 22, 4) },
        { title: 'Switch', checks: ['portal-login'] },
      ],
    });
  });

  it('has none of these when they are not asked for', () => {
    const config = configOf();
    expect(config).not.toHaveProperty('control');
    expect(config).not.toHaveProperty('platform');
    expect(config).toMatchObject({ maintenance: [], watchdogs: [], checks: [{ dependsOn: [] }] });
  });

  it('refuses a configuration that could wake nobody', () => {
    const problems = problemsOf(input({ channels: {} }));
    expect(problems).toContain('channels: expected at least one channel, got {}');
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
