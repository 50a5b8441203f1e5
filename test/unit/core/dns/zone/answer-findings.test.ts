import { describe, expect, test } from 'vitest';
import type { ResponseFields } from '#core/dns/codec/encode.ts';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import { Finding } from '#core/dns/findings/finding.ts';
import { LimitSettings } from '#core/dns/measure/limits.ts';
import { answerFindings } from '#core/dns/zone/answer-findings.ts';
import { addresses, aliases, aReply, ipv6Addresses, NAME } from '../answers.ts';

const limits = LimitSettings.parse({});

function found(over: Partial<ResponseFields>, type: number = RR_TYPES.A): Finding[] {
  return answerFindings(aReply({ type, ...over }), { name: NAME, type, limits, subject: 'A' });
}

const brief = (findings: readonly Finding[], id: string): string[] =>
  findings.filter((finding) => finding.id === id).map(({ severity }) => severity);

describe('one whole answer', () => {
  test.each([
    { count: 1, b1: [], b2: [] },
    { count: 8, b1: [], b2: [] },
    { count: 9, b1: ['warn'], b2: [] },
    { count: 20, b1: ['warn'], b2: [] },
    { count: 21, b1: ['fail'], b2: [] },
    { count: 22, b1: ['fail'], b2: [] },
    { count: 23, b1: ['fail'], b2: ['warn'] },
    { count: 29, b1: ['fail'], b2: ['warn'] },
    { count: 30, b1: ['fail'], b2: ['fail'] },
    { count: 100, b1: ['fail'], b2: ['fail'] },
    { count: 101, b1: ['critical'], b2: ['fail'] },
  ])('of $count addresses: records $b1, octets $b2', ({ count, b1, b2 }) => {
    const findings = found({ answers: addresses(count) });
    expect(brief(findings, 'B1')).toEqual(b1);
    expect(brief(findings, 'B2')).toEqual(b2);
  });

  test('a few addresses are nothing to tell', () => {
    expect(found({ answers: addresses(8) })).toEqual([]);
  });

  test('40 addresses tell the figure, the limit and whom it hurts, and are findings that can be stored', () => {
    const findings = found({ answers: addresses(40) });
    const floor = findings.find(({ id }) => id === 'B2');
    expect(floor?.message).toBe(
      'A: 674 octets of answer, over 512: a client without EDNS gets 512; it must ask again over TCP, or sees a part or nothing.',
    );
    expect(floor?.figures).toEqual({ floorBytes: 674, limitBytes: 512 });
    expect(findings.map((finding) => Finding.parse(finding))).toEqual(findings);
    expect(findings.filter(({ id }) => id === 'B16').map(({ subject }) => subject)).toEqual([
      'musl-behind-bind',
      'musl-behind-unbound',
      'stub-without-tcp',
      'tcp-dropped',
      'twenty-nxdomain',
      'twenty-silent',
    ]);
    expect(findings.find(({ subject }) => subject === 'twenty-silent')?.message).toContain(
      'A gives 20 of 40 records, and nothing tells it so',
    );
  });

  test('37 addresses are under 1232 with names spelt out, 38 are not', () => {
    expect(brief(found({ answers: addresses(37) }), 'B4')).toEqual([]);
    expect(brief(found({ answers: addresses(38) }), 'B4')).toEqual(['warn']);
  });

  test('little room is told before a limit, not behind it', () => {
    const room = (count: number) => found({ answers: addresses(count) }).filter(({ id }) => id === 'B5');
    expect(room(25)).toEqual([]);
    expect(room(26).map(({ figures }) => figures)).toEqual([
      { headroomBytes: 62, headroomRecords: 3, limitBytes: 512 },
    ]);
    expect(room(30)).toEqual([]);
    expect(room(73).map(({ figures }) => figures)).toEqual([
      { headroomBytes: 19, headroomRecords: 1, limitBytes: 1_232 },
    ]);
    expect(room(75)).toEqual([]);
  });

  test('room for fewer than three addresses is little, however many octets', () => {
    const room = found({ answers: ipv6Addresses(15) }, RR_TYPES.AAAA);
    expect(room.filter(({ id }) => id === 'B5').map(({ figures }) => figures?.['headroomRecords'])).toEqual([
      2,
    ]);
    expect(brief(found({ answers: ipv6Addresses(14) }, RR_TYPES.AAAA), 'B5')).toEqual([]);
  });

  test.each([
    { count: 4, b13: [] },
    { count: 5, b13: ['warn'] },
    { count: 8, b13: ['fail'] },
    { count: 11, b13: ['critical'] },
  ])('$count aliases: $b13', ({ count, b13 }) => {
    const answers = [...aliases(count), ...addresses(1, `c${count}.example.test`)];
    expect(brief(found({ answers }), 'B13')).toEqual(b13);
  });

  test('aliases in a circle are critical', () => {
    const [first] = aliases(1, 'c1.example.test');
    const loop = found({ answers: [...aliases(1), ...(first ? [first] : [])] });
    expect(loop.find(({ id }) => id === 'B13')).toMatchObject({
      severity: 'critical',
      figures: { chain: 2 },
    });
  });
});
