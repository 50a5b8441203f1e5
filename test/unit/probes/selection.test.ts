import { expect, test } from 'vitest';
import type { Selector } from '#core/deploy/service/selector.ts';
import { OwnFault } from '#probes/own-fault.ts';
import { selectionOf } from '#probes/runners/journey/selection.ts';
import { aCheck } from '#test/fixtures/builders.ts';

const VARS = {
  baseUrl: 'https://portal.example/start',
  idp: 'https://login.example:8443',
  user: 'robot',
};
const CHECK = aCheck({ vars: VARS });
const cookie = (value = 'canary-v2'): Selector => ({ kind: 'cookie', name: 'lane', value });

function faultOf(work: () => unknown): OwnFault {
  try {
    work();
  } catch (error) {
    if (error instanceof OwnFault) return error;
    throw error;
  }
  throw new Error('expected a fault, got none');
}

test('without a selector the run is as ever', () => {
  expect(selectionOf(CHECK)).toEqual({ check: CHECK, entry: {}, hidden: new Map() });
});

test('what the run waits for goes with it, selector or not', () => {
  const ready = (): Promise<void> => Promise.resolve();
  expect(selectionOf(CHECK, { ready }).entry).toEqual({ ready });
  expect(selectionOf(CHECK, { ready, selector: cookie() }).entry).toMatchObject({
    ready,
    cookies: [{ name: 'lane' }, { name: 'lane' }],
  });
});

test('a header goes with all requests, and its value is not to be told', () => {
  expect(selectionOf(CHECK, { selector: { kind: 'header', name: 'x-canary', value: 'let me in' } })).toEqual({
    check: CHECK,
    entry: { headers: { 'x-canary': 'let me in' } },
    hidden: new Map([['header x-canary', 'let me in']]),
  });
});

test('a cookie is set for every host among the vars, at its root, over https also for posts from elsewhere', () => {
  const { check, entry, hidden } = selectionOf(CHECK, { selector: cookie() });
  expect(check).toBe(CHECK);
  expect(entry).toEqual({
    cookies: ['https://portal.example/', 'https://login.example:8443/'].map((url) => ({
      name: 'lane',
      value: 'canary-v2',
      url,
      sameSite: 'None',
    })),
  });
  expect(hidden).toEqual(new Map([['cookie lane', 'canary-v2']]));
});

test('of a host with several addresses the one over http counts: its cookie reaches them all', () => {
  const vars = {
    a: 'https://portal.example',
    b: 'http://portal.example:8080/x',
    c: 'https://portal.example:8443',
  };
  expect(selectionOf(aCheck({ vars }), { selector: cookie() }).entry.cookies).toEqual([
    { name: 'lane', value: 'canary-v2', url: 'http://portal.example:8080/' },
  ]);
});

test('an address replaces one of the vars and leaves the others', () => {
  const { check, entry, hidden } = selectionOf(CHECK, {
    selector: { kind: 'url', url: 'https://portal.example:8443/v2', var: 'baseUrl' },
  });
  expect(check).toEqual({ ...CHECK, vars: { ...VARS, baseUrl: 'https://portal.example:8443/v2' } });
  expect([entry, hidden.size]).toEqual([{}, 0]);
  expect(CHECK.vars.baseUrl).toBe('https://portal.example/start');
});

test('a value too short to be a secret is not taken out of messages', () => {
  expect(selectionOf(CHECK, { selector: cookie('1') }).hidden.size).toBe(0);
});

test.each([
  {
    why: 'a var that the check does not have',
    check: CHECK,
    selector: { kind: 'url', url: 'https://canary.example', var: 'portal' } as const,
    said: 'the selector replaces vars.portal: expected one that portal-login has (baseUrl, idp, user)',
  },
  {
    why: 'a name that every object has',
    check: CHECK,
    selector: { kind: 'url', url: 'https://canary.example', var: 'constructor' } as const,
    said: 'the selector replaces vars.constructor: expected one that',
  },
  {
    why: 'an address of a stranger, whatever the hub says,',
    check: CHECK,
    selector: { kind: 'url', url: 'https://evil.example', var: 'baseUrl' } as const,
    said: 'the selector leads portal-login astray: expected a host that the configuration knows (portal.example)',
  },
  {
    why: 'a cookie and no address',
    check: aCheck({ vars: { user: 'robot' } }),
    selector: cookie('canary-v2'),
    said: 'cookie lane: expected an address among the vars of portal-login, to set the cookie for',
  },
  {
    why: 'a cookie and an address that is none',
    check: aCheck({ vars: { baseUrl: 'https://portal.example:port/' } }),
    selector: cookie('canary-v2'),
    said: 'expected an address to set a cookie for, got https://portal.example:port/',
  },
])('$why is our own fault', ({ check, selector, said }) => {
  const fault = faultOf(() => selectionOf(check, { selector }));
  expect(fault.fault).toBe('probe-error');
  expect(fault.message).toContain(said);
  expect(fault.message).not.toContain('canary-v2');
});
