import { describe, expect, test } from 'vitest';
import { OwnFault } from '#probes/own-fault.ts';
import { createRedactor, plainUrl, readSecrets } from '#probes/redact.ts';

const SECRET = `p&ss "w<r>d'/+%ü`;
const clean = createRedactor(new Map([['PORTAL_PASSWORD', SECRET]]));
const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

describe('a secret is removed in every encoding it is likely to travel in', () => {
  test.each([
    ['raw', SECRET],
    ['URL', encodeURIComponent(SECRET)],
    ['URL, lower-case hex', encodeURIComponent(SECRET).replace(/%../g, (hex) => hex.toLowerCase())],
    ['URL twice', encodeURIComponent(encodeURIComponent(SECRET))],
    ['encodeURI', encodeURI(SECRET)],
    ['form', new URLSearchParams({ a: SECRET }).toString().slice(2)],
    ['JSON', JSON.stringify(SECRET).slice(1, -1)],
    ['JSON in JSON', JSON.stringify(JSON.stringify(SECRET)).slice(3, -3)],
    [
      'HTML',
      SECRET.replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;')
        .replaceAll("'", '&#39;'),
    ],
    ['base64', base64(SECRET)],
    ['base64url', Buffer.from(SECRET).toString('base64url')],
  ])('%s', (_encoding, text) => {
    expect(clean(`before ${text} after`)).toBe('before [secret PORTAL_PASSWORD] after');
  });

  test.each(['user:', 'u:', 'ab', 'abc', ''])('inside a longer base64 text, after %j', (before) => {
    const text = base64(`${before}${SECRET}:tail`);
    const cleaned = clean(`Authorization: Basic ${text}`);
    expect(cleaned).toContain('[secret PORTAL_PASSWORD]');
    const left = cleaned.replace('[secret PORTAL_PASSWORD]', ' ').split(' ').slice(2);
    expect(left.map((part) => Buffer.from(part, 'base64').toString('latin1')).join('')).not.toContain(
      'ss "w',
    );
  });
});

test('a secret inside another one does not leave the rest of the longer one behind', () => {
  const both = createRedactor(
    new Map([
      ['SHORT', 'hunter2'],
      ['LONG', 'hunter2-and-more'],
    ]),
  );
  expect(both('hunter2-and-more, hunter2')).toBe('[secret LONG], [secret SHORT]');
});

test('characters with a meaning in patterns are only characters', () => {
  expect(createRedactor(new Map([['A', '.*+?^${}()|[]\\-']]))('x.*+?^${}()|[]\\-y abc')).toBe(
    'x[secret A]y abc',
  );
});

test('cleaning twice changes nothing more', () => {
  const once = clean(`${SECRET} at https://u:p@x.example/a?code=1#t`);
  expect(clean(once)).toBe(once);
});

test('URLs in a text lose what a login carries in them, with and without secrets to remove', () => {
  const text =
    'navigating to "https://ada:pw@idp.example/cb?code=abc&state=1#id_token=e" and http://x/y, done';
  const expected = 'navigating to "https://idp.example/cb?…" and http://x/y, done';
  expect(clean(text)).toBe(expected);
  expect(createRedactor(new Map())(text)).toBe(expected);
});

test.each([
  ['https://ada:pw@idp.example/cb?code=1#x', 'https://idp.example/cb'],
  ['https://idp.example/users/a@b', 'https://idp.example/users/a@b'],
  ['https://idp.example#t', 'https://idp.example'],
  ['about:blank', 'about:blank'],
  ['', ''],
])('plainUrl(%j) is %j', (url, plain) => expect(plainUrl(url)).toBe(plain));

describe('secrets of a check', () => {
  test('all that is wrong with them is said at once, by name and without a value', () => {
    const read = (): unknown =>
      readSecrets(['ABSENT', 'EMPTY', 'SHORT', 'GOOD'], { EMPTY: '', SHORT: 'abc', GOOD: 'good-one' });
    expect(read).toThrow(OwnFault);
    expect(read).toThrow(
      'ABSENT: expected an environment variable of the probe, got nothing\n' +
        'EMPTY: expected an environment variable of the probe, got nothing\n' +
        'SHORT: expected at least 4 characters, got 3',
    );
    expect(read).not.toThrow(/abc|good-one/);
  });

  test('only those that the check lists are read', () => {
    expect([...readSecrets(['A_SECRET'], { A_SECRET: 'value-a', OTHER: 'value-b' })]).toEqual([
      ['A_SECRET', 'value-a'],
    ]);
  });
});
