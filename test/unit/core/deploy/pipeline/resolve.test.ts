import { describe, expect, it } from 'vitest';
import { Announcement, type AnnouncementInput } from '#core/deploy/pipeline/announcement.ts';
import { resolveChecks } from '#core/deploy/pipeline/resolve.ts';
import { parseConfig } from '#core/config.ts';
import { describeProblems } from '#core/problem.ts';

const JOURNEY = { kind: 'journey', file: 'a/b.journey.ts', owner: 'Tests' };

function resolved(over: Partial<AnnouncementInput>, services: object = {}) {
  const parsed = parseConfig({
    publicUrl: 'https://hub.example',
    regions: { 'us-east': {} },
    checks: {
      login: { ...JOURNEY, tags: ['sso'], vars: { baseUrl: 'https://portal.example' } },
      launch: { ...JOURNEY, tags: ['sso', 'lti'], vars: { start: 'https://portal.example/exam' } },
      bare: JOURNEY,
      name: { kind: 'dns', name: 'portal.example', owner: 'Tests', tags: ['sso'] },
    },
    channels: { oncall: { kind: 'pagerduty' } },
    services: { portal: { tags: ['lti'] }, ...services },
  });
  if (!parsed.ok) throw new Error(describeProblems(parsed.problems));
  const announcement = Announcement.parse({ service: 'portal', version: '1', ...over });
  const found = resolveChecks(parsed.value, announcement);
  return found.ok ? found.value : describeProblems(found.problems);
}

describe('the journeys that verify a deploy', () => {
  it('are those it names by id and tag, else the service’s own', () => {
    expect(resolved({})).toEqual(['launch']);
    expect(resolved({ checks: ['bare'] })).toEqual(['bare']);
    expect(resolved({ tags: ['sso'] })).toEqual(['login', 'launch']);
    expect(resolved({ checks: ['bare'], tags: ['lti'] })).toEqual(['launch', 'bare']);
    expect(resolved({ service: 'unknown-to-us', checks: ['login'] })).toEqual(['login']);
  });

  it.each<[string, Partial<AnnouncementInput>, string]>([
    [
      'a service that nobody knows',
      { service: 'shop' },
      'service: expected one that the configuration knows (portal), or checks or tags beside it, got "shop"',
    ],
    [
      'a check that is none',
      { checks: ['nope'] },
      'checks.0: expected one of the journeys login, launch, bare, got "nope"',
    ],
    [
      'a check without a browser',
      { checks: ['name'] },
      'checks.0: expected one of the journeys login, launch, bare, got "name"',
    ],
    [
      'a tag that no journey has',
      { tags: ['nope'] },
      'tags.0: expected a tag of a journey: sso, lti, got "nope"',
    ],
    [
      'an address that a journey has no place for',
      { canary: { kind: 'url', url: 'https://canary.example' } },
      'canary.var: expected one of the vars of launch (start), got "baseUrl"',
    ],
    [
      'a place that every object has',
      { canary: { kind: 'url', url: 'https://portal.example', var: 'constructor' } },
      'canary.var: expected one of the vars of launch (start), got "constructor"',
    ],
    [
      'a stranger’s address, who would be told the password',
      { canary: { kind: 'url', url: 'https://portal.example.evil.example/x', var: 'start' } },
      "canary.url: expected a host that the configuration knows (portal.example), or another one in the service's canaryHosts, got portal.example.evil.example",
    ],
    [
      'a stranger’s address for the version beside it',
      {
        canary: { kind: 'cookie', name: 'lane', value: 'canary' },
        baseline: { kind: 'url', url: 'https://evil.example', var: 'start' },
      },
      "baseline.url: expected a host that the configuration knows (portal.example), or another one in the service's canaryHosts, got evil.example",
    ],
    [
      'an address in the clear',
      { canary: { kind: 'url', url: 'http://portal.example/exam', var: 'start' } },
      'canary.url: expected https, as vars.start has, got http',
    ],
    [
      'a cookie for no address',
      { checks: ['bare'], canary: { kind: 'cookie', name: 'lane', value: 'canary' } },
      'canary: expected an address among the vars of bare, to set a cookie for, got none',
    ],
    [
      'a baseline beside nothing',
      { baseline: { kind: 'cookie', name: 'lane', value: 'stable' } },
      'baseline: expected `canary` beside it, got cookie',
    ],
  ])('are not guessed for %s', (_name, over, problem) => {
    expect(resolved(over)).toBe(problem);
  });
});

describe('services in the configuration', () => {
  it.each<[string, object, string]>([
    ['no journey', { shop: {} }, 'services.shop.checks: expected at least one check or tag, got []'],
    [
      'an unknown journey',
      { shop: { checks: ['nope'] } },
      'services.shop.checks.0: expected one of the journeys login, launch, bare, got "nope"',
    ],
    [
      'a check without a browser',
      { shop: { checks: ['name'] } },
      'services.shop.checks.0: expected one of the journeys login, launch, bare, got "name"',
    ],
    [
      'an unknown tag',
      { shop: { tags: ['nope'] } },
      'services.shop.tags.0: expected a tag of a journey: sso, lti, got "nope"',
    ],
    [
      'an unknown channel',
      { shop: { checks: ['login'], channels: ['nope'] } },
      'services.shop.channels.0: expected one of oncall, got "nope"',
    ],
    [
      'two items of one id',
      {
        shop: {
          checks: ['login'],
          checklist: [
            { kind: 'confirmed', id: 'capacity', title: 'A' },
            { kind: 'confirmed', id: 'capacity', title: 'B' },
          ],
        },
      },
      'services.shop.checklist.1.id: expected an id that no other item has, got "capacity"',
    ],
    [
      'a header that is the browser’s',
      { shop: { checks: ['login'], canary: { kind: 'header', name: 'Host', value: 'x' } } },
      'services.shop.canary.name: expected a header of your own, such as x-canary, got "Host"',
    ],
  ])('are refused with %s', (_name, services, problem) => {
    expect(() => resolved({}, services)).toThrow(problem);
  });
});
