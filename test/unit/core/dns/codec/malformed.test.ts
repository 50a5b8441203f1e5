import { describe, expect, it } from 'vitest';
import { decodeMessage } from '#core/dns/codec/decode.ts';
import { craftedOpt, craftedRecord, craftedReply, count, FIRST_AT, hexOf, OWNER } from './crafted.ts';

const GOOD = { kind: 'A', address: '192.0.2.7' };
const GOOD_A = craftedRecord(1, 'c0 00 02 07');

/** What a bad first record leaves behind; the good one after it must survive. */
function besideGood(bad: string) {
  const message = decodeMessage(craftedReply([bad, GOOD_A]));
  expect(message.answers.at(-1)?.rdata).toEqual(GOOD);
  expect(message.errors).toHaveLength(1);
  return {
    rdata: message.answers.length > 1 ? message.answers[0]?.rdata : undefined,
    error: message.errors[0]?.message,
  };
}

/** Data that does not fit its type, and what is said of it. */
function malformed(type: number, rdata: string): string {
  const { rdata: read, error } = besideGood(craftedRecord(type, rdata));
  if (read?.kind !== 'malformed') throw new Error(`expected a malformed record, got ${JSON.stringify(read)}`);
  expect(error).toContain(read.why);
  return read.why;
}

describe('an address of the wrong length', () => {
  it('is never made up', () => {
    expect(malformed(1, '')).toBe('expected 4 more octets at 36, got 0');
    expect(malformed(1, 'c0 00 02')).toBe('expected 4 more octets at 36, got 3');
    expect(malformed(1, 'c0 00 02 07 09')).toBe('expected the data to end at 40, got 1 octets more');
    expect(malformed(28, '20 01 0d b8')).toBe('expected 16 more octets at 36, got 4');
  });

  it('still takes the room it takes', () => {
    const [bad] = decodeMessage(craftedReply([craftedRecord(1, 'c0 00 02 07 09')])).answers;
    expect(bad).toMatchObject({
      rdataStart: FIRST_AT + 12,
      end: FIRST_AT + 17,
      uncompressedBytes: 8 + 10 + 5,
    });
  });
});

describe('counts', () => {
  it('that claim more than is there leave what is there', () => {
    const message = decodeMessage(craftedReply([GOOD_A, GOOD_A], { answers: 3 }));
    expect(message.answers.map(({ rdata }) => rdata)).toEqual([GOOD, GOOD]);
    expect(message).toMatchObject({ answerEnd: FIRST_AT + 32, trailingBytes: 0 });
    expect(message.errors.at(-1)).toEqual({
      at: FIRST_AT + 32,
      section: 'answer',
      message: 'expected 3 records, the message ends in number 3',
    });
  });

  it('that claim more than is there in a cut message leave the whole records', () => {
    const whole = craftedReply([GOOD_A, GOOD_A, GOOD_A]);
    for (let cut = 1; cut < 16; cut += 1) {
      const message = decodeMessage(whole.subarray(0, whole.length - cut));
      expect(message.answers.map(({ rdata }) => rdata)).toEqual([GOOD, GOOD]);
      expect(message.answerEnd).toBe(FIRST_AT + 32);
      expect(message.errors.length).toBeGreaterThan(0);
    }
  });

  it('of 65,535 are not believed', () => {
    const message = decodeMessage(craftedReply([GOOD_A], { answers: 65_535, authorities: 65_535 }));
    expect(message.answers).toHaveLength(1);
    expect(message.counts).toEqual({ questions: 1, answers: 65_535, authorities: 65_535, additionals: 0 });
  });

  it('and lengths beyond the message end the reading', () => {
    const message = decodeMessage(craftedReply([GOOD_A, craftedRecord(1, 'c0 00 02 07', 4_000)]));
    expect(message.answers).toHaveLength(1);
    expect(message.errors).toHaveLength(1);
    expect(message.answerEnd).toBe(FIRST_AT + 16);
  });
});

describe('a name', () => {
  const owned = (owner: string) => besideGood(`${owner} 0001 0001 0000003c 0004 c0000201`).error;

  it('is escaped where its octets mean something in text', () => {
    const record = `05 2e 00 5c 20 ff 00 0001 0001 0000003c 0004 c0000201`;
    const message = decodeMessage(craftedReply([record]));
    expect(message.answers[0]?.name).toBe('\\.\\000\\\\\\032\\255');
    expect(message.errors).toEqual([]);
  });

  it('may not point to itself, forwards, into the header or in a circle', () => {
    expect(owned(`c0 ${FIRST_AT.toString(16)}`)).toBe(
      'the pointer at 24 does not point backwards, but to 24',
    );
    expect(owned('c0 ff')).toBe('the pointer at 24 does not point backwards, but to 255');
    expect(owned('c0 0b')).toBe('the pointer at 24 points into the header, at 11');
    // A label, and then back to that label.
    expect(owned(`01 61 c0 ${FIRST_AT.toString(16)}`)).toBe(
      'the pointer at 26 does not point backwards, but to 24',
    );
  });

  it('may point into data, and is read as what stands there', () => {
    // The first record's data holds a pointer to itself, a label without an end, and a name.
    const data = craftedRecord(10, `c0 24 3f 03 ${hexOf('www')} c0 0e`);
    const pointing = (at: number) => `c0 ${at.toString(16)} 0001 0001 0000003c 0004 c0000201`;
    const message = decodeMessage(craftedReply([data, pointing(36), pointing(38), pointing(39), GOOD_A]));
    expect(message.answers.map(({ name }) => name)).toEqual(['a.test', 'www.test', 'a.test']);
    expect(message.errors.map(({ message }) => message)).toEqual([
      'the pointer at 36 does not point backwards, but to 36',
      expect.stringMatching(/^the name at 38 is cut off|^expected a label/),
    ]);
  });

  it('has at most 255 octets', () => {
    const label = (size: number) => `${size.toString(16).padStart(2, '0')} ${'61'.repeat(size)}`;
    const three = `${label(63)} ${label(63)} ${label(63)}`;
    const longest = decodeMessage(
      craftedReply([`${three} ${label(61)} 00 0001 0001 0000003c 0004 c0000207`]),
    );
    expect(longest.errors).toEqual([]);
    expect(longest.answers[0]).toMatchObject({ rdata: GOOD, uncompressedBytes: 255 + 14 });
    expect(owned(`${three} ${label(62)} 00`)).toBe('the name at 24 is over 255 octets long');
    expect(owned(`${three} ${label(56)} c0 0c`)).toBe('the name at 24 is over 255 octets long');
  });

  it('has at most 127 pointers', () => {
    const chain = (pointers: number) => {
      // From the name at 12: each pointer points to the one before, and the owner to the last.
      let octets = '';
      for (let made = 0; made < pointers - 1; made += 1) {
        const target = made === 0 ? 12 : 36 + 2 * (made - 1);
        octets += (0xc000 | target).toString(16);
      }
      const last = (0xc000 | (36 + 2 * (pointers - 2))).toString(16);
      return decodeMessage(
        craftedReply([craftedRecord(10, octets), `${last} 0001 0001 0000003c 0004 c0000207`]),
      );
    };
    expect(chain(127)).toMatchObject({ errors: [], answers: [{}, { name: 'a.test' }] });
    expect(chain(128).answers).toHaveLength(1);
    expect(chain(128).errors[0]?.message).toMatch(/has over 127 pointers$/);
  });

  it('of a label type that nobody defined ends the reading, as its end cannot be told', () => {
    const message = decodeMessage(
      craftedReply([GOOD_A, '41 61 00 0001 0001 0000003c 0004 c0000201', GOOD_A]),
    );
    expect(message.answers).toHaveLength(1);
    expect(message.errors[0]?.message).toBe('expected a label at 40, got the reserved type 0x40');
  });

  it('in the data may not reach beyond it', () => {
    expect(malformed(2, '03 6e 73')).toBe('the name at 36 is cut off');
    expect(malformed(2, 'c0')).toBe('the name at 36 is cut off');
    expect(malformed(2, '')).toBe('the name at 36 is cut off');
    expect(malformed(2, 'c0 0c 00')).toBe('expected the data to end at 38, got 1 octets more');
    expect(malformed(15, '00')).toBe('expected 2 more octets at 36, got 1');
  });

  it('is not compressed in types newer than RFC 1035', () => {
    const pointed = 'expected a name without compression at';
    expect(malformed(39, 'c0 0c')).toBe(`${pointed} 36, got a pointer`);
    expect(malformed(47, 'c0 0c 00 01 40')).toBe(`${pointed} 36, got a pointer`);
    expect(malformed(65, '0001 c0 0c')).toBe(`${pointed} 38, got a pointer`);
    expect(malformed(46, '0001 0d 02 0000003c 00000000 00000000 0001 c00c ff')).toBe(
      `${pointed} 54, got a pointer`,
    );
  });

  it('is read compressed in SRV, as RFC 3597 section 4 asks', () => {
    const message = decodeMessage(craftedReply([craftedRecord(33, '0001 0002 0003 c0 0c')]));
    expect(message.errors).toEqual([]);
    expect(message.answers[0]).toMatchObject({
      rdata: { kind: 'SRV', priority: 1, weight: 2, port: 3, target: 'a.test' },
      uncompressedBytes: 8 + 10 + 6 + 8,
    });
  });
});

describe('OPT', () => {
  const additional = (records: string[]) =>
    decodeMessage(craftedReply(records, { additionals: records.length }));

  it('is there once', () => {
    const message = additional([craftedOpt(''), craftedOpt('').replace('04d0', '0200')]);
    expect(message.opt?.udpBytes).toBe(1_232);
    expect(message.errors.map(({ message }) => message)).toEqual(['expected one OPT, got another']);
  });

  it('stands in the additional section and belongs to the root', () => {
    const misplaced = decodeMessage(craftedReply([craftedOpt(''), GOOD_A]));
    expect(misplaced.opt).toBeUndefined();
    expect(misplaced.answers.map(({ rdata }) => rdata)).toEqual([GOOD]);
    expect(misplaced.errors[0]?.message).toBe('expected OPT in the additional section only');
    const owned = additional([craftedOpt('').replace('00', OWNER)]);
    expect(owned.errors[0]?.message).toBe('expected OPT to be owned by the root');
    expect(owned.opt?.udpBytes).toBe(1_232);
  });

  it('keeps the options before a bad one', () => {
    const read = (options: string) => {
      const { opt, errors, additionals } = additional([craftedOpt(options), GOOD_A]);
      expect(additionals).toHaveLength(1);
      return { codes: opt?.options.map(({ code }) => code), why: errors.map(({ message }) => message) };
    };
    const fine = `0003 0001 ${hexOf('x')}`;
    expect(read(`${fine} 000f 0009 0016`)).toEqual({
      codes: [3],
      why: ['OPT: EDNS option 15 is 9 octets long, beyond the end of OPT'],
    });
    expect(read(`${fine} 000f 00`)).toMatchObject({
      codes: [3],
      why: [expect.stringContaining('expected 2 more')],
    });
    expect(read(`${fine} 000f 0001 00`)).toMatchObject({
      codes: [3, 15],
      why: [expect.stringContaining('expected 2 more')],
    });
    expect(read('000a 0007 00112233445566')).toMatchObject({
      codes: [10],
      why: ['OPT: expected a cookie of 8 or 16 to 40 octets, got 7'],
    });
    expect(read('0012 0002 c00c').why).toEqual([expect.stringContaining('without compression')]);
    expect(read('0012 0002 0000').why).toEqual(['OPT: the report channel has 1 octets too many']);
  });
});

describe('SvcParams', () => {
  const param = (key: number, value: string) =>
    `${count(key)} ${count(value.replaceAll(' ', '').length / 2)} ${value}`;
  const service = (...params: string[]) => `0001 00 ${params.join(' ')}`;
  const alpn = param(1, `02 ${hexOf('h2')}`);
  const port = param(3, '01bb');

  it('ascend, each once', () => {
    expect(malformed(65, service(port, alpn))).toBe(
      'expected SvcParams in ascending order, got alpn after port',
    );
    expect(malformed(65, service(alpn, alpn))).toBe(
      'expected SvcParams in ascending order, got alpn after alpn',
    );
  });

  it('fit into the record, and their values into them', () => {
    expect(malformed(65, service('0003 0003 01bb'))).toBe("port is 3 octets long, beyond the record's end");
    expect(malformed(65, service('0003'))).toBe('expected 2 more octets at 41, got 0');
    expect(malformed(65, service(param(3, '01bb00')))).toBe('port has 1 octets too many');
    expect(malformed(65, service(param(3, '01'), param(4, 'c0000201')))).toBe(
      'expected 2 more octets at 43, got 1',
    );
    expect(malformed(65, service(param(2, '00')))).toBe('no-default-alpn has 1 octets too many');
    expect(malformed(65, service(param(4, 'c00002')))).toBe('expected 4 more octets at 43, got 3');
    expect(malformed(65, service(param(6, 'c0000201')))).toBe('expected 16 more octets at 43, got 4');
  });

  it('have values', () => {
    expect(malformed(65, service(param(4, '')))).toBe('expected a value of ipv4hint, got none');
    expect(malformed(65, service(param(1, '')))).toBe('expected a value of alpn, got none');
    expect(malformed(65, service(param(1, '00')))).toBe('expected protocols in alpn, got an empty one');
  });

  it('are all there that are mandatory, and mandatory itself is not named', () => {
    const names = (keys: string) => service(param(0, keys), alpn, port);
    expect(malformed(65, names('0001 0004'))).toBe(
      'mandatory names ipv4hint, which the record does not have',
    );
    expect(malformed(65, names('0003 0001'))).toMatch(/^expected keys in ascending order in mandatory/);
    expect(malformed(65, names('0000'))).toMatch(/^expected keys in ascending order in mandatory/);
  });
});

describe('other data', () => {
  it('is refused where the standards leave no choice', () => {
    expect(malformed(16, '')).toBe('expected 1 more octets at 36, got 0');
    expect(malformed(16, '05 61')).toBe('expected 5 more octets at 37, got 1');
    expect(malformed(257, `00 00 ${hexOf('x')}`)).toBe('expected a CAA tag of letters and digits, got ""');
    expect(malformed(257, `00 02 2d2d ${hexOf('x')}`)).toBe(
      'expected a CAA tag of letters and digits, got "--"',
    );
    expect(malformed(43, '0001 0d 02')).toBe('expected 1 more octets at 40, got 0');
    expect(malformed(48, '0101 03 0d')).toBe('expected 1 more octets at 40, got 0');
    expect(malformed(47, '00')).toBe('expected the types of NSEC, got none');
    expect(malformed(50, '01 00 0000 00 00')).toBe('expected the next hashed owner of NSEC3, got none');
  });

  it('has types in windows that ascend and end in a bit', () => {
    expect(malformed(47, '00 01 01 40 00 01 40')).toBe(
      'expected type windows in ascending order, got 0 after 1',
    );
    expect(malformed(47, '00 00 01 40 00 01 40')).toBe(
      'expected type windows in ascending order, got 0 after 0',
    );
    const size = 'expected 1 to 32 octets of types, the last one not zero, in window 0';
    expect(malformed(47, '00 00 00')).toBe(size);
    expect(malformed(47, '00 00 02 40 00')).toBe(size);
    expect(malformed(47, `00 00 21 ${'40'.repeat(33)}`)).toBe(size);
  });
});
