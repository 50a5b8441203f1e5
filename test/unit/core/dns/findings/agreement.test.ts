import { expect, test } from 'vitest';
import type { Server } from '#core/dns/asking/server.ts';
import { agreed, withNote } from '#core/dns/findings/agreement.ts';
import { Finding } from '#core/dns/findings/finding.ts';

const server = (host: string, title?: string): Server => ({
  url: `dns://${host}`,
  scheme: 'dns',
  host,
  port: 53,
  title,
});
const [one, two, three] = [server('192.0.2.1', 'ns1.example.test'), server('192.0.2.2'), server('192.0.2.3')];
const big: Finding = { id: 'B2', severity: 'fail', subject: 'A', message: 'A: 674 octets.' };
const many: Finding = { id: 'B1', severity: 'warn', subject: 'A', message: 'A: 12 records.' };

test('what all say is said once, with how many they are', () => {
  expect(
    agreed([
      { server: one, findings: [big, many] },
      { server: two, findings: [big, many] },
    ]),
  ).toEqual([
    { ...big, message: 'A: 674 octets. The same at all 2 authorities.' },
    { ...many, message: 'A: 12 records. The same at all 2 authorities.' },
  ]);
});

test('what some say is said with who they are', () => {
  expect(
    agreed([
      { server: one, findings: [big] },
      { server: two, findings: [big] },
      { server: three, findings: [many] },
    ]).map(({ message }) => message),
  ).toEqual([
    'A: 674 octets. At ns1.example.test (dns://192.0.2.1), dns://192.0.2.2; not at 1 of 3 authorities.',
    'A: 12 records. At dns://192.0.2.3; not at 2 of 3 authorities.',
  ]);
});

test('another severity is another finding', () => {
  const findings = agreed([
    { server: one, findings: [big] },
    { server: two, findings: [{ ...big, severity: 'warn' }] },
  ]);
  expect(findings.map(({ severity }) => severity)).toEqual(['fail', 'warn']);
});

test('one alone is named, and none is nothing', () => {
  expect(agreed([{ server: two, findings: [big] }]).map(({ message }) => message)).toEqual([
    'A: 674 octets. At dns://192.0.2.2.',
  ]);
  expect(agreed([{ server: two, findings: [] }])).toEqual([]);
});

test('a note stays whole where a sentence must be cut', () => {
  const noted = withNote({ ...big, message: 'x'.repeat(500) }, ' At dns://192.0.2.2.');
  expect(Finding.parse(noted).message).toMatch(/^x+… At dns:\/\/192\.0\.2\.2\.$/);
});
