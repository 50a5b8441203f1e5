import { describe, expect, it } from 'vitest';
import { encodeQuery, encodeResponse } from '#core/dns/codec/encode.ts';
import { framed } from '#core/dns/codec/framing.ts';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import { ReplyReader } from '#core/dns/codec/reply-reader.ts';

const query = (id: number, name = 'a.test') =>
  encodeQuery({ id, name, type: RR_TYPES.A, recursionDesired: false });
const reply = (id: number, name = 'a.test') =>
  encodeResponse({ id, name, type: RR_TYPES.A, recursionDesired: false });
const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

describe('replies on a stream', () => {
  it('are found however the stream was cut', () => {
    const stream = joined(framed(reply(1)), framed(reply(2)));
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const reader = new ReplyReader();
      reader.push(stream.subarray(0, cut));
      reader.push(stream.subarray(cut));
      expect(reader.take(query(1))).toEqual(reply(1));
      expect(reader.take(query(2))).toEqual(reply(2));
    }
  });

  it('may come in another order, and each is given once', () => {
    const reader = new ReplyReader();
    reader.push(framed(reply(2)));
    expect(reader.take(query(1))).toBeUndefined();
    reader.push(framed(reply(1)));
    expect(reader.take(query(1))).toEqual(reply(1));
    expect(reader.take(query(1))).toBeUndefined();
    expect(reader.take(query(2))).toEqual(reply(2));
  });

  it('to another question, and what is no reply, are passed over', () => {
    const reader = new ReplyReader();
    reader.push(joined(framed(reply(1, 'b.test')), framed(query(1)), framed(new Uint8Array(3))));
    expect(reader.take(query(1))).toBeUndefined();
    reader.push(framed(reply(1, 'A.TEST')));
    expect(reader.take(query(1))).toEqual(reply(1, 'A.TEST'));
  });
});

describe('framing', () => {
  it('refuses a message too long for its length', () => {
    expect(framed(new Uint8Array(65_535))).toHaveLength(65_537);
    expect(() => framed(new Uint8Array(65_536))).toThrow(/at most 65535 octets, got 65536/);
  });
});
