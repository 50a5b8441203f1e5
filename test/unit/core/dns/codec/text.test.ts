import { describe, expect, it } from 'vitest';
import { ipv4Octets, ipv6Octets } from '#core/dns/codec/address.ts';
import { base32HexText, base64Text, hexText, stringOctets, stringText } from '#core/dns/codec/octets.ts';
import { isLater, nearestTimeS, serialDistance } from '#core/dns/codec/serial.ts';
import { strictUtf8Text, utf8Octets, utf8Text } from '#core/dns/codec/utf8.ts';
import { octetsOfHex } from '#test/fixtures/dns/octets.ts';
import { Prng } from '#test/sim/prng.ts';

const octetsOf = (text: string) => new Uint8Array(Buffer.from(text));

describe('addresses', () => {
  it('are refused when they are none', () => {
    for (const text of ['192.0.2', '192.0.2.256', '192.0.02.1', '192.0.2.1.1', '1.2.3.', '']) {
      expect(ipv4Octets(text)).toBeUndefined();
    }
    for (const text of [
      '',
      ':',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7:8::',
      '12345::',
      '::g',
      '::1%eth0',
      '1.2.3.4',
      ':1::2',
    ]) {
      expect(ipv6Octets(text)).toBeUndefined();
    }
  });
});

describe('octets as text', () => {
  it('follow RFC 4648', () => {
    const prng = new Prng(3, 'octets');
    for (let length = 0; length < 70; length += 1) {
      const octets = Uint8Array.from({ length }, () => prng.int(0, 255));
      expect(base64Text(octets)).toBe(Buffer.from(octets).toString('base64'));
      expect(hexText(octets)).toBe(Buffer.from(octets).toString('hex'));
    }
    // RFC 4648 section 10, without its padding.
    expect(
      ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map((text) => base32HexText(octetsOf(text))),
    ).toEqual(['', 'CO', 'CPNG', 'CPNMU', 'CPNMUOG', 'CPNMUOJ1', 'CPNMUOJ1E8']);
  });

  it('of a character string are escaped, and read back', () => {
    const all = Uint8Array.from({ length: 256 }, (_, octet) => octet);
    expect(stringOctets(stringText(all))).toEqual(all);
    expect(stringText(octetsOf('a "b" \\ ;\n'))).toBe('a \\"b\\" \\\\ ;\\010');
    expect(() => stringOctets('é')).toThrow('expected ASCII, other octets as \\000, got "é"');
  });

  it('in UTF-8 are what the platform makes of them, broken ones too', () => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const prng = new Prng(4, 'utf8');
    const leads = [
      0x41, 0x80, 0xbf, 0xc1, 0xc2, 0xe0, 0xe2, 0xed, 0xf0, 0xf1, 0xf4, 0xf5, 0x9f, 0xa0, 0x90, 0x8f,
    ];
    for (let times = 0; times < 3_000; times += 1) {
      const octets = Uint8Array.from({ length: prng.int(0, 9) }, () => prng.pick(leads));
      expect(utf8Text(octets)).toBe(decoder.decode(octets));
    }
    for (const text of ['', 'DNS', 'é', '€', '😀', 'a\u{10FFFF}b', '\uD800', 'x\uDC00']) {
      expect(utf8Octets(text)).toEqual(new Uint8Array(new TextEncoder().encode(text)));
    }
    expect(utf8Text(octetsOfHex('f09f9880'))).toBe('😀');
  });
});

describe('UTF-8 and nothing else', () => {
  it('reads what the platform writes, over any boundary of its chunks', () => {
    const text = 'aé€😀'.repeat(5_000);
    expect(strictUtf8Text(octetsOf(text))).toBe(text);
  });

  it('loses its byte order mark at the beginning alone', () => {
    expect(strictUtf8Text(octetsOf('\uFEFFa\uFEFFb'))).toBe('a\uFEFFb');
  });

  it.each([
    [0x80],
    [0xc0, 0x80],
    [0xc3],
    [0xe0, 0x80, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x80, 0x80, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
    [0xc3, 0x28],
  ])('refuses %j %j %j %j', (...octets) => {
    const input = Uint8Array.from(octets);
    expect(strictUtf8Text(input)).toBeUndefined();
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(input)).toThrow(TypeError);
  });
});

describe('serials (RFC 1982)', () => {
  it('come before others on a circle', () => {
    expect(isLater(1, 2)).toBe(false);
    expect(isLater(2, 1)).toBe(true);
    expect(isLater(7, 7)).toBe(false);
    expect(isLater(0xffff_ffff, 0)).toBe(false);
    expect(isLater(0, 0xffff_ffff)).toBe(true);
    expect(isLater(0, 0xffff_fff0)).toBe(true);
    expect(isLater(0, 0x7fff_ffff)).toBe(false);
    expect(isLater(0x7fff_ffff, 0)).toBe(true);
    expect(isLater(0, 0x8000_0001)).toBe(true);
    expect(isLater(0, 0x8000_0000)).toBe(false);
    expect(isLater(0x8000_0000, 0)).toBe(false);
    expect(serialDistance(0xffff_fffe, 3)).toBe(5);
  });

  it('are times near the present, beyond 2106 too', () => {
    const nowS = 1_795_000_000;
    expect(nearestTimeS(nowS + 86_400, nowS)).toBe(nowS + 86_400);
    expect(nearestTimeS(nowS - 86_400, nowS)).toBe(nowS - 86_400);
    expect(nearestTimeS(50, 2 ** 32 - 50)).toBe(2 ** 32 + 50);
    expect(nearestTimeS(2 ** 32 - 50, 2 ** 32 + 50)).toBe(2 ** 32 - 50);
  });
});
