import { describe, expect, it } from 'vitest';
import { parseRangeFile, type RangeFile } from '#core/dns/contract/range-file.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = (value: unknown): Uint8Array => bytes(JSON.stringify(value));

function read(file: Uint8Array, service?: string): RangeFile {
  const parsed = parseRangeFile(file, service);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.file;
}

function errorOf(file: Uint8Array, service?: string): string {
  const parsed = parseRangeFile(file, service);
  if (parsed.ok) throw new Error('the file was read');
  return parsed.error;
}

const AWS = {
  syncToken: '1794900000',
  createDate: '2026-11-17-06-40-00',
  prefixes: [
    { ip_prefix: '192.0.2.0/24', region: 'us-east-1', service: 'AMAZON' },
    { ip_prefix: '198.51.100.0/25', region: 'us-east-1', service: 'API' },
    { ip_prefix: '192.0.2.0/24', region: 'us-east-1', service: 'EC2' },
  ],
  ipv6_prefixes: [{ ipv6_prefix: '2001:DB8::/32', region: 'us-east-1', service: 'API' }],
};

describe('parseRangeFile', () => {
  it('reads the shape of AWS, each range once', () => {
    expect(read(json(AWS))).toEqual({
      publishedAtMs: Date.UTC(2026, 10, 17, 6, 40),
      ranges: [
        { prefix: '192.0.2.0/24', service: 'AMAZON' },
        { prefix: '198.51.100.0/25', service: 'API' },
        { prefix: '2001:db8::/32', service: 'API' },
      ],
    });
  });

  it('keeps the ranges of one service', () => {
    expect(read(json(AWS), 'API').ranges.map(({ prefix }) => prefix)).toEqual([
      '198.51.100.0/25',
      '2001:db8::/32',
    ]);
  });

  it('reads the shape of Google, whose time has no zone', () => {
    const file = {
      syncToken: '1794900000123',
      creationTime: '2026-11-17T06:40:00.123456',
      prefixes: [{ ipv4Prefix: '192.0.2.0/24' }, { ipv6Prefix: '2001:db8::/32' }],
    };
    expect(read(json(file))).toEqual({
      publishedAtMs: Date.UTC(2026, 10, 17, 6, 40, 0, 123),
      ranges: [{ prefix: '192.0.2.0/24' }, { prefix: '2001:db8::/32' }],
    });
  });

  it.each([
    ['1794900000', 1_794_900_000_000],
    ['1794900000123', 1_794_900_000_123],
    [1_794_900_000, 1_794_900_000_000],
  ])('takes a syncToken %j for the time where there is no other', (syncToken, publishedAtMs) => {
    expect(read(json({ syncToken, prefixes: ['192.0.2.0/24'] })).publishedAtMs).toBe(publishedAtMs);
  });

  it('reads plain JSON lists, of ranges, addresses and entries', () => {
    const list = [
      '192.0.2.0/24',
      '198.51.100.7',
      { prefix: '203.0.113.0/24', service: 'api', effectiveAt: '2026-12-01' },
    ];
    expect(read(json(list)).ranges).toEqual([
      { prefix: '192.0.2.0/24' },
      { prefix: '198.51.100.7/32' },
      { prefix: '203.0.113.0/24', service: 'api', effectiveAtMs: Date.UTC(2026, 11, 1) },
    ]);
  });

  it('reads text with comments, whatever ends its lines', () => {
    const text = '\uFEFF# ranges\r\n192.0.2.0/24 # east\r\n\n2001:db8::1\r; none\r';
    expect(read(bytes(text)).ranges).toEqual([{ prefix: '192.0.2.0/24' }, { prefix: '2001:db8::1/128' }]);
  });

  it.each([
    ['', 'the file is empty'],
    ['<!doctype html>', 'expected JSON or a list of ranges, got a web page'],
    ['{"prefixes": [', 'the file is not JSON: '],
    [
      '{"answer": 42}',
      'expected a list named prefixes, ipv4_prefixes, ipv6_prefixes, ranges; the file has answer',
    ],
    ['{"prefixes": 7}', 'prefixes: expected a list, got 7'],
    ['{"prefixes": []}', 'the file lists no range'],
    ['[null]', '[0]: expected a range, got null'],
    ['{"prefixes": [{"region": "x"}]}', 'prefixes[0]: expected one of prefix, ip_prefix, '],
    [
      '{"prefixes": ["192.0.2.0/24", {"ip_prefix": "192.0.2.1/24"}]}',
      'prefixes[1].ip_prefix: expected a range such as 192.0.2.0/24 without bits behind its length, got "192.0.2.1/24"',
    ],
    ['192.0.2.0/24\nportal.example.com', 'line 2: expected a range such as '],
    ['{"createDate": "soon", "prefixes": ["192.0.2.0/24"]}', 'createDate: expected a time such as '],
    ['[{"prefix": "192.0.2.0/24", "effectiveAt": "1"}]', '[0].effectiveAt: expected a time such as '],
    [
      '[{"prefix": "192.0.2.0/24", "service": 7}]',
      '[0].service: expected a text of at most 100 characters, got 7',
    ],
  ])('says what is wrong with %j', (text, error) => {
    expect(errorOf(bytes(text))).toContain(error);
  });

  it('names the services there are when the wanted one is not', () => {
    expect(errorOf(json(AWS), 'S3')).toBe('the file lists no range of service S3; it has AMAZON, API, EC2');
    expect(errorOf(json(['192.0.2.0/24']), 'S3')).toContain('its ranges name no service');
  });

  it('refuses more ranges than are followed', () => {
    const many = Array.from({ length: 2_001 }, (_, at) => `10.${at >> 8}.${at & 255}.0/24`);
    expect(errorOf(json(many))).toBe(
      'the file lists 2001 ranges; at most 2000 can be followed: name a service of it',
    );
    expect(read(json(many.slice(1))).ranges).toHaveLength(2_000);
  });

  it('refuses what is not UTF-8', () => {
    expect(errorOf(Uint8Array.of(0x31, 0xff))).toBe('the file is not UTF-8');
  });
});
