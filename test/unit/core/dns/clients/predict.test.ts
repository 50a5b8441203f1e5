import { describe, expect, test } from 'vitest';
import { PROFILES } from '#core/dns/clients/catalogue.ts';
import { predict } from '#core/dns/clients/predict.ts';
import { ProfileSettings, type Profile } from '#core/dns/clients/profile.ts';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import { addresses, aliases, aReply } from '../answers.ts';

function profile(id: string): Profile {
  const found = PROFILES[id];
  if (!found) throw new Error(`expected a profile, got ${id}`);
  return found;
}

const told = (id: string, count: number): string => {
  const prediction = predict(profile(id), aReply({ answers: addresses(count) }), 'empty');
  return prediction.outcome === 'SUBSET' ? `SUBSET ${prediction.records}` : prediction.outcome;
};

describe('what clients see of 20, 40, 101 and 300 addresses (reference: dns, section 1.5)', () => {
  test.each([
    ['modern', ['OK', 'OK', 'OK', 'OK']],
    ['no-edns', ['OK', 'OK', 'OK', 'OK']],
    ['musl-behind-bind', ['OK', 'SUBSET 29', 'SUBSET 29', 'SUBSET 29']],
    ['musl-behind-unbound', ['OK', 'NODATA', 'NODATA', 'NODATA']],
    ['stub-without-tcp', ['OK', 'TRYAGAIN', 'TRYAGAIN', 'TRYAGAIN']],
    ['tcp-dropped', ['OK', 'TIMEOUT', 'TIMEOUT', 'TIMEOUT']],
    ['edns-tcp-dropped', ['OK', 'OK', 'TIMEOUT', 'TIMEOUT']],
    ['twenty-nxdomain', ['OK', 'NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN']],
    ['twenty-silent', ['OK', 'SUBSET 20', 'SUBSET 20', 'SUBSET 20']],
    ['bind-resolver', ['OK', 'OK', 'SERVFAIL', 'SERVFAIL']],
    ['powerdns-recursor', ['OK', 'OK', 'OK', 'SERVFAIL']],
  ])('%s', (id, expected) => {
    expect([20, 40, 101, 300].map((count) => told(id, count))).toEqual(expected);
  });

  test('the cliffs are where they were measured', () => {
    expect([told('twenty-nxdomain', 20), told('twenty-nxdomain', 21)]).toEqual(['OK', 'NXDOMAIN']);
    expect([told('tcp-dropped', 29), told('tcp-dropped', 30)]).toEqual(['OK', 'TIMEOUT']);
    expect([told('edns-tcp-dropped', 74), told('edns-tcp-dropped', 75)]).toEqual(['OK', 'TIMEOUT']);
    expect([told('bind-resolver', 100), told('bind-resolver', 101)]).toEqual(['OK', 'SERVFAIL']);
    expect([told('powerdns-recursor', 256), told('powerdns-recursor', 257)]).toEqual(['OK', 'SERVFAIL']);
  });
});

describe('chains', () => {
  const chained = (count: number) =>
    aReply({ answers: [...aliases(count), ...addresses(1, `c${count}.example.test`)] });

  test.each([
    ['coredns', 7],
    ['unbound-old', 8],
    ['resolved-old', 8],
    ['bind-resolver', 11],
    ['powerdns-recursor', 15],
  ])('%s follows %i aliases and no more', (id, limit) => {
    expect(predict(profile(id), chained(limit), 'empty')).toEqual({ outcome: 'OK' });
    expect(predict(profile(id), chained(limit + 1), 'empty')).toEqual({ outcome: 'SERVFAIL' });
  });

  test('one without a limit follows them all, and nobody a loop', () => {
    expect(predict(profile('no-edns'), chained(20), 'empty')).toEqual({ outcome: 'OK' });
    const loop = aReply({
      answers: [
        {
          name: 'a40.example.test',
          type: RR_TYPES.CNAME,
          ttlS: 60,
          rdata: { kind: 'CNAME', target: 'a40.example.test' },
        },
      ],
    });
    expect(predict(profile('modern'), loop, 'empty')).toEqual({ outcome: 'SERVFAIL' });
  });
});

describe('a profile of one’s own', () => {
  const own = ProfileSettings.parse({
    title: 'phone of the door',
    appliesTo: 'the old phones at the doors',
    udpBytes: 512,
    edns: false,
    tcp: 'none',
  });

  test('sees of a truncated answer what the server that was measured leaves', () => {
    const message = aReply({ answers: addresses(40) });
    expect(predict(own, message, 'partial')).toEqual({ outcome: 'SUBSET', records: 29 });
    expect(predict(own, message, 'empty')).toEqual({ outcome: 'NODATA' });
  });

  test('gets nothing of aliases alone, though they fit', () => {
    const message = aReply({ answers: [...aliases(30), ...addresses(20, 'c30.example.test')] });
    expect(predict(own, message, 'partial')).toEqual({ outcome: 'NODATA' });
  });

  test('counts the OPT record where it has EDNS', () => {
    const message = aReply({ answers: addresses(29) });
    expect(predict({ ...own, udpBytes: 508 }, message, 'partial')).toEqual({ outcome: 'OK' });
    expect(predict({ ...own, udpBytes: 508, edns: true }, message, 'partial')).toEqual({
      outcome: 'SUBSET',
      records: 28,
    });
  });

  test('may deny data to who asks for too much', () => {
    const capped = { ...own, tcp: 'ok' as const, recordsMax: 3, overRecords: 'NODATA' as const };
    expect(predict(capped, aReply({ answers: addresses(4) }), 'empty')).toEqual({ outcome: 'NODATA' });
  });
});
