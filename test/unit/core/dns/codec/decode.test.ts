import { describe, expect, it } from 'vitest';
import { decodeMessage, ShortHeaderError } from '#core/dns/codec/decode.ts';
import { octetsOfHex } from '#test/fixtures/dns/octets.ts';
import { craftedOpt, craftedRecord, craftedReply, FIRST_AT, hexOf, QUESTION_NAME } from './crafted.ts';

const GOOD_A = craftedRecord(1, 'c0 00 02 07');

describe('the header', () => {
  it('is read bit by bit', () => {
    const read = (flags: string) => decodeMessage(octetsOfHex(`abcd ${flags} 0000 0000 0000 0000`));
    expect(read('0000')).toMatchObject({ id: 0xabcd, response: false, opcode: 0, rcode: 0, errors: [] });
    expect(read('8000').response).toBe(true);
    expect(read('7800').opcode).toBe(15);
    expect(read('0400').authoritative).toBe(true);
    expect(read('0200').truncated).toBe(true);
    expect(read('0100').recursionDesired).toBe(true);
    expect(read('0080').recursionAvailable).toBe(true);
    expect(read('0020').authenticated).toBe(true);
    expect(read('0010').checkingDisabled).toBe(true);
    expect(read('0005').rcode).toBe(5);
    // The bit between RA and AD is reserved.
    expect(read('0040')).toEqual({ ...read('0000'), bytes: octetsOfHex('abcd 0040 0000 0000 0000 0000') });
  });

  it('needs its twelve octets', () => {
    expect(() => decodeMessage(new Uint8Array(11))).toThrow(ShortHeaderError);
    expect(() => decodeMessage(new Uint8Array(11))).toThrow('at least 12 octets, got 11');
    expect(decodeMessage(new Uint8Array(12)).errors).toEqual([]);
  });

  it('may stand anywhere in a buffer', () => {
    const padded = new Uint8Array(100);
    const reply = craftedReply([GOOD_A]);
    padded.set(reply, 33);
    const { answers, errors } = decodeMessage(padded.subarray(33, 33 + reply.length));
    expect(errors).toEqual([]);
    expect(answers[0]?.rdata).toEqual({ kind: 'A', address: '192.0.2.7' });
  });
});

describe('records', () => {
  it('know where they stand, and what they would take without compression', () => {
    const ns = craftedRecord(2, `03 ${hexOf('ns1')} c0 0e`);
    const message = decodeMessage(craftedReply([GOOD_A, ns], { answers: 1, authorities: 1 }));
    expect(message.questions).toEqual([{ name: 'a.test', type: 1, class: 1, end: FIRST_AT }]);
    expect(message.answers).toEqual([
      {
        name: 'a.test',
        type: 1,
        class: 1,
        ttlS: 60,
        rdata: { kind: 'A', address: '192.0.2.7' },
        start: FIRST_AT,
        rdataStart: FIRST_AT + 12,
        end: FIRST_AT + 16,
        uncompressedBytes: 8 + 10 + 4,
      },
    ]);
    expect(message.authorities[0]).toMatchObject({
      rdata: { kind: 'NS', target: 'ns1.test' },
      start: FIRST_AT + 16,
      end: FIRST_AT + 16 + 12 + 6,
      uncompressedBytes: 8 + 10 + 10,
    });
    expect(message).toMatchObject({ answerEnd: FIRST_AT + 16, trailingBytes: 0, errors: [] });
  });

  it('without any answer leave the floor behind the question', () => {
    expect(decodeMessage(craftedReply([GOOD_A], { authorities: 1 })).answerEnd).toBe(FIRST_AT);
  });

  it('live for no time when the top bit of their TTL is set (RFC 2181 section 8)', () => {
    const ttl = (digits: string) =>
      decodeMessage(craftedReply([GOOD_A.replace('0000003c', digits)])).answers[0]?.ttlS;
    expect(ttl('7fffffff')).toBe(0x7fff_ffff);
    expect(ttl('80000000')).toBe(0);
    expect(ttl('ffffffff')).toBe(0);
  });

  it('of another class have the data of IN only where it is the same', () => {
    const chaos = (record: string) => record.replace('0001 0000003c', '0003 0000003c');
    const text = chaos(craftedRecord(16, `02 ${hexOf('v1')}`));
    const message = decodeMessage(craftedReply([text, chaos(GOOD_A)]));
    expect(message.answers.map(({ rdata }) => rdata)).toEqual([
      { kind: 'TXT', strings: ['v1'] },
      { kind: 'unknown', data: octetsOfHex('c0000207') },
    ]);
  });

  it('keep the case of names', () => {
    const bytes = craftedReply([GOOD_A]);
    bytes[13] = 0x41;
    expect(decodeMessage(bytes).answers[0]?.name).toBe('A.test');
  });
});

describe('EDNS', () => {
  const optOf = (options: string, ttl?: string) =>
    decodeMessage(craftedReply([craftedOpt(options, ttl)], { additionals: 1 }));

  it('is read out of class and TTL, and is no additional record', () => {
    const message = optOf('', '00 01 ffff');
    expect(message.opt).toMatchObject({ udpBytes: 1_232, version: 1, dnssecOk: true, z: 0x7fff, bytes: 11 });
    expect(message).toMatchObject({ additionals: [], rcode: 0, errors: [] });
  });

  it('gives the rcode its upper bits (RFC 6891 section 6.1.3)', () => {
    expect(optOf('', '01 00 0000').rcode).toBe(16);
    expect(optOf('', 'ff 00 0000').rcode).toBe(0xff0);
  });

  it('carries errors, the server name, a cookie and whom to report to', () => {
    const message = optOf(
      [
        `000f 0006 0016 ${hexOf('no!')} 00`,
        '000f 0002 0003',
        `000f 0004 0009 c3a9`,
        `0003 0007 ${hexOf('ns-lab1')}`,
        '000a 0010 0011223344556677 8899aabbccddeeff',
        `0012 000c 05 ${hexOf('agent')} 04 ${hexOf('test')} 00`,
        'fde9 0001 ff',
      ].join(' '),
    );
    expect(message.errors).toEqual([]);
    expect(message.opt).toMatchObject({
      extendedErrors: [
        { code: 22, text: 'no!' },
        { code: 3, text: '' },
        { code: 9, text: 'é' },
      ],
      nsid: 'ns-lab1',
      cookie: '00112233445566778899aabbccddeeff',
      reportChannel: 'agent.test',
    });
    expect(message.opt?.options.map(({ code }) => code)).toEqual([15, 15, 15, 3, 10, 18, 65_001]);
    expect(message.opt?.options.at(-1)?.data).toEqual(Uint8Array.of(255));
  });

  it('names a server in hexadecimal digits when its name is not printable', () => {
    expect(optOf('0003 0002 00ff').opt?.nsid).toBe('0x00ff');
  });
});

describe('what a message ends with', () => {
  it('is reported when no record claims it', () => {
    const message = decodeMessage(craftedReply([GOOD_A, 'de ad be'], { answers: 1 }));
    expect(message).toMatchObject({ trailingBytes: 3, answerEnd: FIRST_AT + 16 });
    expect(message.errors).toEqual([
      { at: FIRST_AT + 16, section: 'end', message: '3 octets follow the last record' },
    ]);
  });

  it('may be cut in the question', () => {
    const whole = octetsOfHex(`0001 8400 0001 0000 0000 0000 ${QUESTION_NAME} 0001 0001`);
    for (let length = 12; length < whole.length; length += 1) {
      const message = decodeMessage(whole.subarray(0, length));
      expect(message.questions).toEqual([]);
      expect(message.errors.map(({ section }) => section)).toContain('question');
      expect(message.answerEnd).toBe(12);
    }
  });

  it('is a second question at times, which no query has (RFC 9619)', () => {
    const message = decodeMessage(
      octetsOfHex(`0001 0000 0002 0000 0000 0000 ${QUESTION_NAME} 0001 0001 c00c 001c 0001`),
    );
    expect(message.questions.map(({ name, type }) => [name, type])).toEqual([
      ['a.test', 1],
      ['a.test', 28],
    ]);
    expect(message.errors[0]?.message).toBe('expected at most one question, got 2');
  });
});
