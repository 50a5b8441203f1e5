import { expect, test } from 'vitest';
import { spfOf } from '#core/dns/measure/spf.ts';

const unknown = () => undefined;

test('each include, a, mx, ptr, exists and redirect costs a lookup; addresses and all cost none', () => {
  const text =
    'v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 a mx/24 -a:www.example.com ?ptr ~exists:%{i}.example.com include:_spf.example.com redirect=example.net -all';
  expect(spfOf([text], unknown)).toEqual({ policies: 1, lookups: 7 });
});

test('what an included record asks for counts where it is known', () => {
  const texts: Record<string, string[]> = {
    '_a.example.com': ['v=spf1 include:_b.example.com mx -all', 'some other text'],
    '_b.example.com': ['v=spf1 a a:www.example.com -all'],
  };
  expect(
    spfOf(['v=spf1 include:_A.example.com. include:_c.example.net -all'], (name) => texts[name]),
  ).toEqual({
    policies: 1,
    lookups: 6,
  });
});

test('policies that include each other come to an end', () => {
  expect(spfOf(['v=spf1 include:a.test -all'], () => ['v=spf1 include:a.test include:b.test -all'])).toEqual({
    policies: 1,
    lookups: 5,
  });
});

test('texts that are no policy do not count, and two policies are seen', () => {
  expect(spfOf(['v=spf10 include:a.test', 'v=DMARC1; p=none'], unknown)).toEqual({ policies: 0, lookups: 0 });
  expect(spfOf(['v=spf1 -all', 'V=SPF1 mx'], unknown)).toEqual({ policies: 2, lookups: 0 });
});
