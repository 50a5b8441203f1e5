import { describe, expect, test } from 'vitest';
import type { Finding } from '#core/dns/findings/finding.ts';
import { MS_PER_DAY, MS_PER_HOUR } from '#core/units.ts';
import type { AnswerFacts, CheckFacts, TypeFacts } from '#probes/cli/dns/check-facts.ts';
import { checkText, type CheckJudgement } from '#probes/cli/dns/check-text.ts';
import { resolversIn } from '#probes/cli/dns/resolv-conf.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 3);
const NS1 = 'ns1.example.test (dns://192.0.2.53)';
const NS2 = 'ns2.example.test (dns://192.0.2.54)';

const ANSWER: AnswerFacts = {
  outcome: 'ANSWER',
  by: NS1,
  ofAuthority: true,
  records: 8,
  lines: Array.from({ length: 8 }, (_, at) => `api.example.test. 60 IN A 198.51.100.${at}`),
  floorBytes: 162,
  wireBytes: 173,
  plainRoom: { bytes: 350, records: 21 },
  ednsRoom: { bytes: 1_059, records: 66 },
  chain: 0,
  target: 'api.example.test',
  ttlS: 60,
  clients: 14,
  lost: [],
};
const WHOLE = { text: 'whole, 8 records', servers: [NS1, NS2] };
const TYPE: TypeFacts = {
  type: 1,
  answer: ANSWER,
  ways: [
    { way: 'U0', said: [WHOLE] },
    { way: 'U1', said: [WHOLE] },
    { way: 'T', said: [WHOLE] },
  ],
  heard: [],
};
const FACTS: CheckFacts = {
  name: 'api.example.test',
  zone: 'example.test',
  authorities: [NS1, NS2],
  resolvers: ['dns://127.0.0.53'],
  types: [TYPE],
  questions: 84,
  durationMs: 2_140,
};
const finding = (
  id: Finding['id'],
  severity: Finding['severity'],
  message = `Something. More of it.`,
): Finding => ({
  id,
  severity,
  subject: 'A',
  message,
});

type Told = {
  type?: Partial<TypeFacts>;
  answer?: Partial<AnswerFacts>;
  facts?: Partial<CheckFacts>;
  judgement?: CheckJudgement;
  findings?: Finding[];
  all?: boolean;
};

/** The lines of a check that is fine but for what is given. */
function lines({ type, answer, facts, judgement, findings = [], all = false }: Told = {}): string[] {
  const types = [{ ...TYPE, answer: { ...ANSWER, ...answer }, ...type }];
  const outcome: CheckJudgement = judgement ?? { outcome: 'pass' };
  return checkText({ ...FACTS, types, ...facts }, outcome, findings, { all, nowMs: NOW_MS }).split('\n');
}

test('a check that is fine', () => {
  expect(lines()).toEqual([
    '✓ api.example.test A: fits every client: 8 records in 162 octets.',
    '  Room     under 512 (no EDNS): 350 octets, 21 records; under 1232 (EDNS): 1059 octets, 66 records',
    '  UDP      no EDNS: whole, 8 records at all 2; EDNS 1232: whole, 8 records at all 2',
    '  TCP      whole, 8 records at all 2',
    '  Clients  all 14 kinds get it whole',
    `  Way      no alias; TTL 60 s; measured at ${NS1}; no DNSSEC seen`,
    `  Asked    ${NS1}, ${NS2} (zone example.test); resolver dns://127.0.0.53; 84 questions in 2.1 s`,
    '  Else     nothing',
    '  More     --json for programs; latchkey dns plan judges a change before it is published',
  ]);
});

describe('the first line', () => {
  const first = (told: Told): string | undefined => lines(told)[0];

  test.each<[string, Told]>([
    [
      '✗ api.example.test A: TOO BIG for 1 of 14 kinds of clients: 8 records in 162 octets, 9 over the 512 of a client without EDNS.',
      {
        answer: {
          plainRoom: { bytes: -9, records: -1 },
          lost: [{ id: 'x', title: 'x', prediction: { outcome: 'NODATA' } }],
        },
        judgement: { outcome: 'fail' },
      },
    ],
    [
      '✗ api.example.test A: fits every client: 8 records in 162 octets, but 1 other thing is bad.',
      { judgement: { outcome: 'fail' }, findings: [finding('D3', 'fail'), finding('D6', 'warn')] },
    ],
    [
      '? api.example.test A: fits every client: 8 records in 162 octets, but no server of the zone was reached.',
      { judgement: { outcome: 'invalid', why: 'no server of the zone was reached' } },
    ],
    [
      '✓ api.example.test A: nothing that could be too big: no record of that type (NODATA).',
      { answer: { records: 0, outcome: 'NODATA' } },
    ],
    [
      '✗ api.example.test A: does not resolve: no such name (NXDOMAIN).',
      { answer: { records: 0, outcome: 'NXDOMAIN' }, judgement: { outcome: 'fail' } },
    ],
    [
      '✗ api.example.test A: no answer to measure: SERVFAIL (dns://127.0.0.53).',
      { type: { answer: undefined, heard: ['SERVFAIL (dns://127.0.0.53)'] }, judgement: { outcome: 'fail' } },
    ],
    [
      '? api.example.test A: no answer to measure: nothing was measured.',
      { type: { answer: undefined }, judgement: { outcome: 'invalid', why: 'nothing was measured' } },
    ],
  ])('%s', (expected, told) => {
    expect(first(told)).toBe(expected);
  });
});

const LOST = [
  { id: 'a', title: 'old musl', prediction: { outcome: 'SUBSET', records: 29 } },
  { id: 'b', title: 'other musl', prediction: { outcome: 'NODATA' } },
  { id: 'c', title: 'one without TCP', prediction: { outcome: 'TIMEOUT' } },
  { id: 'd', title: 'another without TCP', prediction: { outcome: 'TIMEOUT' } },
  { id: 'e', title: 'a strict one', prediction: { outcome: 'NXDOMAIN' } },
] satisfies AnswerFacts['lost'];

test('who loses, and what they see: the most common first', () => {
  const lost = lines({ answer: { records: 40, lost: LOST } }).find((line) => line.startsWith('  Lost'));
  expect(lost).toBe(
    '  Lost     one without TCP, another without TCP: hangs, then fails; old musl: 29 of 40 records; other musl: nothing, as if there were no records; and 1 more',
  );
  const all = lines({ answer: { records: 40, lost: LOST }, all: true });
  expect(all).toContain('           a strict one: as if the name did not exist');
});

test('what is too much is told in records too, where they are of one size', () => {
  const room = (type: number) =>
    lines({ type: { type, answer: { ...ANSWER, plainRoom: { bytes: -162, records: -11 } } } })[1];
  expect(room(1)).toMatch(/^ {2}Room +under 512 \(no EDNS\): none, 162 octets, 11 records too many; /);
  expect(room(16)).toMatch(/^ {2}Room +under 512 \(no EDNS\): none, 162 octets too many; /);
});

test('--all: the records themselves', () => {
  const told = lines({ all: true });
  expect(told.slice(1, 9)).toEqual(
    ANSWER.lines.map((text, at) => `  ${(at === 0 ? 'Answer' : '').padEnd(9)}${text}`),
  );
  expect(lines().join('\n')).not.toContain(' IN A ');
});

test('servers that differ are named', () => {
  const cut = { text: 'cut to 29 records (TC)', servers: [NS1] };
  const [, , udp] = lines({ type: { ways: [{ way: 'U0', said: [cut, { ...WHOLE, servers: [NS2] }] }] } });
  expect(udp).toBe(
    `  UDP      no EDNS: cut to 29 records (TC) at ${NS1}, but whole, 8 records at ${NS2}; EDNS 1232: not asked`,
  );
});

test('servers that nobody knows', () => {
  const told = lines({
    type: { ways: [] },
    answer: { ofAuthority: false, by: 'dns://127.0.0.53' },
    facts: { authorities: undefined, zone: undefined },
  });
  expect(told).toContain('  Servers  the zone’s own servers were not asked: UDP and TCP are not known');
  expect(told.join('\n')).toContain('measured at resolver dns://127.0.0.53');
  expect(told.join('\n')).toContain('Asked    no server of the zone; resolver');
});

test('signatures, and their end', () => {
  const way = (signedUntilMs: number) =>
    lines({ facts: { signedUntilMs } }).find((line) => line.startsWith('  Way'));
  expect(way(NOW_MS + 3 * MS_PER_DAY)).toMatch(/; DNSSEC: the first signature ends in 3 d$/);
  expect(way(NOW_MS - 2 * MS_PER_HOUR)).toMatch(/; DNSSEC: a signature EXPIRED 2 h ago$/);
});

describe('findings', () => {
  const many = [
    finding('B1', 'fail', 'Too many.'),
    finding('A1', 'fail'),
    finding('D3', 'critical', 'Lame. As can be.'),
    finding('E1', 'warn'),
    finding('D9', 'info'),
  ];

  test('the worst two, a sentence each, without what the lines above say', () => {
    const told = lines({ answer: { lost: LOST }, findings: many });
    expect(told[0]).toMatch(/ And CRITICAL: lame delegation\.$/);
    expect(told.slice(-3)).toEqual([
      '  CRITICAL Lame. [D3]',
      '  FAIL     Something. [A1]',
      '  More     --all: 3 more findings; --json for programs; latchkey dns plan judges a change before it is published',
    ]);
    expect(told.length).toBeLessThanOrEqual(10);
  });

  test('--all: every one of them, whole', () => {
    const told = lines({ answer: { lost: LOST }, findings: many, all: true }).join('\n');
    for (const { id } of many) expect(told).toContain(`[${id} A]`);
    expect(told).toContain('Lame. As can be. [D3 A]');
  });
});

test('the resolvers of this machine', () => {
  const text =
    '# nameserver 192.0.2.9\nsearch example.test\nnameserver 127.0.0.53\n nameserver\t2001:db8::53\nnameserver fe80::1%eth0\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n';
  expect(resolversIn(text).map(({ url }) => url)).toEqual([
    'dns://127.0.0.53',
    'dns://[2001:db8::53]',
    'dns://192.0.2.1',
  ]);
});
