import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floorBytes, uncompressedBytes } from '#core/dns/measure/size.ts';
import { askOne, sizesOf } from '#test/fixtures/dns/ask-one.ts';
import { Lab, type LabServer } from '#test/fixtures/dns/lab.ts';
import { cannotStart } from '#test/fixtures/dns/packages.ts';
import { startBind } from '#test/fixtures/dns/servers/bind.ts';
import { startKnot } from '#test/fixtures/dns/servers/knot.ts';
import { startNsd } from '#test/fixtures/dns/servers/nsd.ts';
import { startPowerDns } from '#test/fixtures/dns/servers/powerdns.ts';
import { startUnbound } from '#test/fixtures/dns/servers/unbound.ts';

const SERVERS = ['bind', 'knot', 'nsd', 'pdns', 'unbound'] as const;
type ServerName = (typeof SERVERS)[number];

/** Floor of `a<N>.example.test` by N: header 12, question 22 (23 from a100 on), 16 for each record. */
const FLOORS = {
  19: 338,
  20: 354,
  21: 370,
  29: 498,
  30: 514,
  40: 674,
  74: 1218,
  75: 1234,
  100: 1635,
  101: 1651,
  256: 4131,
  257: 4147,
  300: 4835,
} as const;
type Count = keyof typeof FLOORS;
const COUNTS = Object.keys(FLOORS).map((count) => Number(count) as Count);

/** Records/TC/octets over UDP without EDNS, UDP with EDNS 1232, TCP with EDNS (reference: dns, section 4.1). */
type Row = readonly [u0: string, u1: string, t: string];

/** Knot, PowerDNS and Unbound: what does not fit is emptied. */
const EMPTYING: Record<Count, Row> = {
  19: ['19/-/338', '19/-/349', '19/-/349'],
  20: ['20/-/354', '20/-/365', '20/-/365'],
  21: ['21/-/370', '21/-/381', '21/-/381'],
  29: ['29/-/498', '29/-/509', '29/-/509'],
  30: ['0/TC/34', '30/-/525', '30/-/525'],
  40: ['0/TC/34', '40/-/685', '40/-/685'],
  74: ['0/TC/34', '74/-/1229', '74/-/1229'],
  75: ['0/TC/34', '0/TC/45', '75/-/1245'],
  100: ['0/TC/35', '0/TC/46', '100/-/1646'],
  101: ['0/TC/35', '0/TC/46', '101/-/1662'],
  256: ['0/TC/35', '0/TC/46', '256/-/4142'],
  257: ['0/TC/35', '0/TC/46', '257/-/4158'],
  300: ['0/TC/35', '0/TC/46', '300/-/4846'],
};

/** BIND leaves the records that fit, but only without EDNS. */
const BIND: Record<Count, Row> = {
  ...EMPTYING,
  30: ['29/TC/498', '30/-/525', '30/-/525'],
  40: ['29/TC/498', '40/-/685', '40/-/685'],
  74: ['29/TC/498', '74/-/1229', '74/-/1229'],
  75: ['29/TC/498', '0/TC/45', '75/-/1245'],
  100: ['29/TC/499', '0/TC/46', '100/-/1646'],
  101: ['29/TC/499', '0/TC/46', '101/-/1662'],
  256: ['29/TC/499', '0/TC/46', '256/-/4142'],
  257: ['29/TC/499', '0/TC/46', '257/-/4158'],
  300: ['29/TC/499', '0/TC/46', '300/-/4846'],
};

/** NSD adds two NS and their addresses, 68 octets, and leaves them out where that makes the answer fit. */
const NSD: Record<Count, Row> = {
  19: ['19/-/406', '19/-/417', '19/-/417'],
  20: ['20/-/422', '20/-/433', '20/-/433'],
  21: ['21/-/438', '21/-/449', '21/-/449'],
  29: ['29/-/498', '29/-/577', '29/-/577'],
  30: ['0/TC/34', '30/-/593', '30/-/593'],
  40: ['0/TC/34', '40/-/753', '40/-/753'],
  74: ['0/TC/34', '74/-/1229', '74/-/1297'],
  75: ['0/TC/34', '0/TC/45', '75/-/1313'],
  100: ['0/TC/35', '0/TC/46', '100/-/1714'],
  101: ['0/TC/35', '0/TC/46', '101/-/1730'],
  256: ['0/TC/35', '0/TC/46', '256/-/4210'],
  257: ['0/TC/35', '0/TC/46', '257/-/4226'],
  300: ['0/TC/35', '0/TC/46', '300/-/4914'],
};

const EXPECTED: Record<ServerName, Record<Count, Row>> = {
  bind: BIND,
  knot: EMPTYING,
  nsd: NSD,
  pdns: EMPTYING,
  unbound: EMPTYING,
};

describe.skipIf(cannotStart('named', 'knotd', 'nsd', 'pdns_server', 'unbound', 'openssl'))(
  'sizes of answers at the edges',
  () => {
    let lab: Lab;
    let servers: Record<ServerName, LabServer>;

    beforeAll(async () => {
      lab = await Lab.open();
      const [bind, knot, nsd, pdns] = await Promise.all([
        startBind(lab),
        startKnot(lab),
        startNsd(lab),
        startPowerDns(lab),
      ]);
      const unbound = await startUnbound(lab, [{ zone: 'example.test', authority: bind }]);
      servers = { bind, knot, nsd, pdns, unbound };
    });
    afterAll(() => lab.close());

    describe.each(SERVERS)('%s', (server) => {
      it.each(COUNTS)(
        '%i addresses: records, TC and octets, and the one floor of all servers',
        async (count) => {
          const name = `a${count}.example.test`;
          const { url } = servers[server];
          const [u0, u1, t] = await Promise.all([
            askOne({ url, name, way: 'U0' }),
            askOne({ url, name, way: 'U1' }),
            askOne({ url, name, way: 'T' }),
          ]);
          expect([u0, u1, t].map(sizesOf)).toEqual(EXPECTED[server][count]);
          const whole = [u0, u1, t].flatMap(({ message }) => (message?.truncated === false ? [message] : []));
          expect(whole.map(floorBytes)).toEqual(whole.map(() => FLOORS[count]));
          expect(whole.length).toBeGreaterThan(0);
        },
      );
    });

    it('has the same floor through DoT and DoH, cookies, padding and signatures', async () => {
      const { ca } = await lab.tls();
      const name = 'a40.example.test';
      const { bind, knot, unbound } = servers;
      const answers = await Promise.all([
        askOne({ url: bind.dotUrl, name, way: 'D' }, { ca }),
        askOne({ url: bind.dohUrl, name, way: 'H' }, { ca }),
        askOne({ url: unbound.dotUrl, name, way: 'D' }, { ca }),
        askOne({ url: unbound.dohUrl, name, way: 'H' }, { ca }),
      ]);
      expect(answers.map(({ outcome }) => outcome)).toEqual(['ANSWER', 'ANSWER', 'ANSWER', 'ANSWER']);
      expect(answers.map(({ message }) => message && floorBytes(message))).toEqual([674, 674, 674, 674]);

      const cookie = { code: 10, data: new Uint8Array(8) };
      const edns = { udpBytes: 1_232, dnssecOk: false, options: [cookie] };
      const withCookie = await askOne({ url: bind.url, name, way: 'T' }, { edns });
      expect(sizesOf(withCookie)).toBe('40/-/713');
      expect(withCookie.message && floorBytes(withCookie.message)).toBe(674);

      // One signature is a record of the answer, and of the floor.
      const signed = await askOne({ url: knot.url, name, way: 'U1D' });
      expect(sizesOf(signed)).toBe('41/-/793');
      expect(signed.message && floorBytes(signed.message)).toBe(782);
    });

    it('says what an answer would take without compression: forty addresses no longer fit 1232 octets', async () => {
      const { message } = await askOne({ url: servers.knot.url, name: 'a40.example.test', way: 'T' });
      expect(message && uncompressedBytes(message)).toBe(12 + 22 + 40 * (18 + 10 + 4));
    });
  },
);
