import { describe, expect, it } from 'vitest';
import {
  addressText,
  canonicalAddress,
  contains,
  parseAddress,
  parsePrefix,
  prefixText,
  type Address,
  type Prefix,
} from '#core/dns/contract/ip.ts';
import { SPECIAL_RANGES, specialRange } from '#core/dns/contract/special-ranges.ts';

function address(text: string): Address {
  const parsed = parseAddress(text);
  if (!parsed) throw new Error(`${text} is no address`);
  return parsed;
}

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (!parsed) throw new Error(`${text} is no prefix`);
  return parsed;
}

describe('parseAddress', () => {
  it.each([
    ['192.0.2.1', 0xc0000201n],
    ['255.255.255.255', 0xffffffffn],
    ['::', 0n],
    ['::1', 1n],
    ['1::', 1n << 112n],
    ['2001:db8::ff00:42:8329', 0x20010db8_00000000_0000ff00_00428329n],
    ['::ffff:192.0.2.1', 0xffff_c0000201n],
    ['1:2:3:4:5:6:7:8', 0x00010002_00030004_00050006_00070008n],
  ])('reads %s', (text, bits) => {
    expect(parseAddress(text)?.bits).toBe(bits);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    '0x1.2.3.4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8:9',
    '1:2:3:4::5:6:7:8',
    '12345::',
    'g::',
    '1.2.3.4::',
    'fe80::1%eth0',
    '::1.2.3.4:5',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe('addressText', () => {
  // RFC 5952 section 4 and 5.
  it.each([
    ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
    ['2001:DB8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8::0:1', '2001:db8::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:ffff:c000:201', '::ffff:192.0.2.1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['192.0.2.7', '192.0.2.7'],
    ['255.255.255.255', '255.255.255.255'],
  ])('writes %s as %s', (text, canonical) => {
    expect(addressText(address(text))).toBe(canonical);
    expect(canonicalAddress(text)).toBe(canonical);
  });

  it('leaves what is no address as it is', () => {
    expect(canonicalAddress('portal.example.com')).toBe('portal.example.com');
  });
});

describe('parsePrefix', () => {
  it('reads both families, and the empty prefix', () => {
    expect(prefixText(prefix('192.0.2.0/24'))).toBe('192.0.2.0/24');
    expect(prefixText(prefix('2001:DB8:0::/32'))).toBe('2001:db8::/32');
    expect(contains(prefix('0.0.0.0/0'), address('203.0.113.9'))).toBe(true);
  });

  it.each(['192.0.2.1/24', '192.0.2.0/33', '::/129', '192.0.2.0', '192.0.2.0/', '192.0.2.0/08', 'a/8'])(
    'refuses %j',
    (text) => {
      expect(parsePrefix(text)).toBeUndefined();
    },
  );
});

describe('contains', () => {
  it('holds at the edges of a range', () => {
    const range = prefix('198.51.100.64/26');
    expect(contains(range, address('198.51.100.63'))).toBe(false);
    expect(contains(range, address('198.51.100.64'))).toBe(true);
    expect(contains(range, address('198.51.100.127'))).toBe(true);
    expect(contains(range, address('198.51.100.128'))).toBe(false);
  });

  it('knows a smaller range from a wider one', () => {
    expect(contains(prefix('10.0.0.0/8'), prefix('10.1.0.0/16'))).toBe(true);
    expect(contains(prefix('10.1.0.0/16'), prefix('10.0.0.0/8'))).toBe(false);
  });

  it('never mixes the families', () => {
    expect(contains(prefix('::/0'), address('192.0.2.1'))).toBe(false);
  });
});

describe('specialRange', () => {
  it('names ranges that all are prefixes', () => {
    for (const { prefix: text } of SPECIAL_RANGES) expect(prefixText(prefix(text))).toBe(text);
  });

  it.each([
    ['10.1.2.3', 'private'],
    ['100.64.0.1', 'shared by carriers’ NAT'],
    ['127.0.0.1', 'loopback'],
    ['169.254.1.1', 'link-local'],
    ['172.31.255.255', 'private'],
    ['198.19.255.255', 'benchmarking'],
    ['239.1.1.1', 'multicast'],
    ['255.255.255.255', 'limited broadcast'],
    ['241.0.0.1', 'reserved'],
    ['::1', 'loopback'],
    ['::ffff:8.8.8.8', 'IPv4-mapped'],
    ['2001:0:1::1', 'Teredo'],
    ['2001:db8::1', 'documentation'],
    ['fd00::1', 'unique-local'],
    ['fe80::1', 'link-local'],
    ['ff02::1', 'multicast'],
  ])('finds %s: %s', (text, name) => {
    expect(specialRange(address(text))?.name).toBe(name);
  });

  it.each([
    '8.8.8.8',
    '172.32.0.1',
    '192.0.0.9',
    '100.128.0.1',
    '2606:4700::1',
    '2001:20::1',
    '64:ff9b::808:808',
  ])('leaves %s alone', (text) => {
    expect(specialRange(address(text))).toBeUndefined();
  });
});
