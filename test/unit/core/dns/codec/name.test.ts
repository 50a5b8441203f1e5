import { describe, expect, it } from 'vitest';
import {
  canonicalName,
  isSubdomain,
  labelsOf,
  nameBytes,
  parentOf,
  sameName,
  wireName,
} from '#core/dns/codec/name.ts';
import { octetsOfHex } from '#test/fixtures/dns/octets.ts';
import { QUESTION_NAME } from './crafted.ts';

describe('a name on the wire', () => {
  it('is labels with their lengths, with or without the last dot', () => {
    expect(wireName('a.test')).toEqual(octetsOfHex(QUESTION_NAME));
    expect(wireName('a.test.')).toEqual(octetsOfHex(QUESTION_NAME));
    expect(wireName('.')).toEqual(Uint8Array.of(0));
  });

  it('holds any octet by its escape (RFC 1035 section 5.1)', () => {
    expect(wireName('\\.\\000\\\\\\255\\a')).toEqual(octetsOfHex('05 2e 00 5c ff 61 00'));
  });

  it('is counted without compression', () => {
    expect(nameBytes('us-street.api.smartystreets.com')).toBe(33);
    expect(nameBytes('.')).toBe(1);
    const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
    expect(nameBytes(longest)).toBe(255);
    expect(() => nameBytes(`${longest}d`)).toThrow('at most 255 octets, got 256');
  });

  it('is refused with what is wrong in it', () => {
    expect(() => wireName('')).toThrow(new RangeError('expected a domain name, got an empty string'));
    expect(() => wireName('a..test')).toThrow('got "a..test" with an empty label');
    expect(() => wireName('.test')).toThrow('got ".test" with an empty label');
    expect(() => wireName('test..')).toThrow('with an empty label');
    expect(() => wireName(`${'a'.repeat(64)}.test`)).toThrow('labels of at most 63 octets, got one of 64');
    expect(() => wireName('bücher.test')).toThrow(
      'in ASCII (an international one as xn--…), got "bücher.test"',
    );
    expect(() => wireName('a\\256.test')).toThrow('expected \\000 to \\255, got \\256');
    for (const broken of ['a\\', 'a\\1', 'a\\12', 'a\\12b']) {
      expect(() => wireName(broken)).toThrow('three digits or a character after the backslash');
    }
  });
});

describe('names', () => {
  it('have labels and a parent', () => {
    expect(labelsOf('a\\.b.Example.test.')).toEqual(['a\\.b', 'Example', 'test']);
    expect(labelsOf('.')).toEqual([]);
    expect(parentOf('a\\.b.Example.test')).toBe('Example.test');
    expect(parentOf('test')).toBe('.');
    expect(parentOf('.')).toBeUndefined();
  });

  it('are the same whatever the case, the last dot and how they are escaped', () => {
    expect(sameName('A.Example.test.', 'a.exAmple.TEST')).toBe(true);
    expect(sameName('\\097.test', 'A.test')).toBe(true);
    expect(sameName('a\\.test', 'a.test')).toBe(false);
    expect(sameName('.', '.')).toBe(true);
    expect(canonicalName('\\065\\.\\000.Test.')).toBe('a\\.\\000.test');
    expect(canonicalName('.')).toBe('.');
  });

  it('are below a zone, label by label', () => {
    expect(isSubdomain('www.Example.test', 'example.TEST.')).toBe(true);
    expect(isSubdomain('example.test', 'example.test')).toBe(true);
    expect(isSubdomain('example.test', '.')).toBe(true);
    expect(isSubdomain('badexample.test', 'example.test')).toBe(false);
    expect(isSubdomain('test', 'example.test')).toBe(false);
    expect(isSubdomain('bad\\.example.test', 'example.test')).toBe(false);
    expect(isSubdomain('bad\\\\.example.test', 'example.test')).toBe(true);
  });
});
