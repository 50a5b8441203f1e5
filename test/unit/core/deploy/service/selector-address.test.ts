import { describe, expect, it, test } from 'vitest';
import { addressProblem, HostPattern } from '#core/deploy/service/selector-address.ts';
import { Selector, selectorName } from '#core/deploy/service/selector.ts';

const OWN = 'https://portal.example/start';
const at = (url: string) => ({ kind: 'url', url, var: 'baseUrl' }) as const;
const SERVICE = { canary: undefined, baseline: undefined, canaryHosts: [] as string[] };

describe('an address in the place of a journey’s', () => {
  it.each([
    ['of the same host', 'https://portal.example/v2', OWN, SERVICE],
    ['of another port of it', 'https://portal.example:8443', OWN, SERVICE],
    ['of the same host without a service', 'https://PORTAL.example', OWN, undefined],
    ['in the clear, as it was', 'http://127.0.0.1:4401', 'http://127.0.0.1:4400', SERVICE],
    ['over https, which it was not', 'https://127.0.0.1', 'http://127.0.0.1:4400', SERVICE],
    ['of IPv6', 'http://[::1]:81/', 'http://[0:0:0:0:0:0:0:1]', SERVICE],
    ['of a host that is configured', 'https://a.example', OWN, { ...SERVICE, canaryHosts: ['a.example'] }],
    [
      'below a configured domain',
      'https://pr-7.a.example',
      OWN,
      { ...SERVICE, canaryHosts: ['*.a.example'] },
    ],
    ['that is configured', 'http://c.example/x', OWN, { ...SERVICE, canary: at('http://c.example/x') }],
    [
      'of a configured one’s host',
      'https://c.example/y',
      OWN,
      { ...SERVICE, baseline: at('https://c.example') },
    ],
  ])('may be one %s', (_what, url, replaced, service) => {
    expect(addressProblem(at(url), replaced, service)).toBeUndefined();
  });

  it.each([
    ['of a stranger', 'https://evil.example', OWN, 'evil.example'],
    ['below its host', 'https://evil.portal.example', OWN, 'evil.portal.example'],
    ['above its host', 'https://example', OWN, 'example'],
    ['that has the host before an @', 'https://portal.example@evil.example/', OWN, 'evil.example'],
    ['that browsers read otherwise', 'https://evil.example\\@portal.example/', OWN, 'evil.example'],
    ['that has the host in its path', 'https://evil.example/portal.example', OWN, 'evil.example'],
    ['that has the host in its query', 'https://evil.example?@portal.example', OWN, 'evil.example'],
    ['with an @ in the user', 'https://a%40portal.example:x@evil.example', OWN, 'evil.example'],
    ['of another address in digits', 'http://2130706433/', 'http://portal.example', '127.0.0.1'],
    ['in the place of what is none', 'https://evil.example', 'robot', 'evil.example'],
    ['in the clear', 'http://portal.example', OWN, 'http'],
  ])('is none %s', (_what, url, replaced, received) => {
    expect(addressProblem(at(url), replaced, SERVICE)?.received).toBe(received);
  });

  it('is not one in the clear because its host is configured', () => {
    const service = { ...SERVICE, canaryHosts: ['a.example', '*.b.example'] };
    expect(addressProblem(at('http://a.example'), OWN, service)?.received).toBe('http');
    expect(addressProblem(at('https://b.example'), OWN, service)?.expected).toContain(
      '(portal.example, a.example, *.b.example)',
    );
  });
});

test.each(['*', '*.example', '*.*.example.com', 'a.*.example.com', 'https://a.example', 'a.example:81', ''])(
  'a configured host is none such as %o',
  (text) => {
    expect(HostPattern.safeParse(text).success).toBe(false);
  },
);

test('the name of an address has no key in it', () => {
  expect(selectorName(at('https://user:key@canary.example:81/a/b?token=key#key'))).toBe(
    'https://canary.example:81/a/b',
  );
  expect(selectorName(at('https://canary.example?token=key'))).toBe('https://canary.example');
});

test.each(['Host', 'Forwarded', 'X-Forwarded-Host', 'x-forwarded-proto', 'X-Original-URL', 'X-Host'])(
  'a header %s, by which an app may send a login elsewhere, is no selector',
  (name) => {
    expect(Selector.safeParse({ kind: 'header', name, value: 'evil.example' }).success).toBe(false);
    expect(Selector.safeParse({ kind: 'header', name: `my-${name}`, value: '1' }).success).toBe(true);
  },
);
