import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkOnce, idsOf } from '#test/fixtures/dns/check-once.ts';
import { Lab, type LabServer } from '#test/fixtures/dns/lab.ts';
import { cannotStart } from '#test/fixtures/dns/packages.ts';
import { startBind } from '#test/fixtures/dns/servers/bind.ts';
import { startKnot } from '#test/fixtures/dns/servers/knot.ts';
import { startNsd } from '#test/fixtures/dns/servers/nsd.ts';
import { startPowerDns } from '#test/fixtures/dns/servers/powerdns.ts';

const SERVERS = ['bind', 'knot', 'nsd', 'pdns'] as const;
type ServerName = (typeof SERVERS)[number];

/** PowerDNS drops the opcode that nobody has given a meaning (reference: dns, section 4.1); the others keep to RFC 8906. */
const EDNS: Record<ServerName, string[]> = { bind: [], knot: [], nsd: [], pdns: ['B10 warn'] };
/** Only BIND leaves without EDNS what fits. */
const PLAIN_TC: Record<ServerName, string> = {
  bind: 'B6 warn',
  knot: 'B6 fail',
  nsd: 'B6 fail',
  pdns: 'B6 fail',
};

describe.skipIf(cannotStart('named', 'knotd', 'nsd', 'pdns_server', 'openssl'))(
  'sizes, TCP, EDNS and profiles of real servers',
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
      servers = { bind, knot, nsd, pdns };
    });
    afterAll(() => lab.close());

    const found = async (server: ServerName, name: string): Promise<string[]> => {
      const { findings } = await checkOnce({
        name: `${name}.example.test`,
        zone: 'example.test',
        authorities: [servers[server].url],
        aspects: ['size', 'tcp', 'edns', 'profiles'],
      });
      return idsOf(findings).toSorted();
    };

    it.each(SERVERS)('%s: 8 addresses leave nothing to tell of sizes', async (server) => {
      expect(await found(server, 'a8')).toEqual(EDNS[server]);
    });

    it.each(SERVERS)('%s: 40 addresses are over 512 octets and six kinds of client', async (server) => {
      const expected = ['B1 fail', 'B2 fail', 'B4 warn', PLAIN_TC[server], ...EDNS[server]];
      expect(await found(server, 'a40')).toEqual(
        [...expected, ...Array<string>(6).fill('B16 fail')].toSorted(),
      );
    });

    it.each(SERVERS)('%s: 75 addresses are over 1232 octets too', async (server) => {
      const expected = ['B1 fail', 'B2 fail', 'B4 warn', 'B6 fail', 'B11 fail', PLAIN_TC[server]];
      expect(await found(server, 'a75')).toEqual(
        [...expected, ...EDNS[server], ...Array<string>(7).fill('B16 fail')].toSorted(),
      );
    });
  },
);
