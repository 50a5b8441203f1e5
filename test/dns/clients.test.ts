import { Resolver } from 'node:dns/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROFILES } from '#core/dns/clients/catalogue.ts';
import { predict, type SeenStyle } from '#core/dns/clients/predict.ts';
import type { Prediction } from '#core/dns/clients/profile.ts';
import type { Message } from '#core/dns/codec/message.ts';
import { askOne, type LabAnswer } from '#test/fixtures/dns/ask-one.ts';
import { startBuggyResolver, type BuggyMode } from '#test/fixtures/dns/buggy-resolver.ts';
import { Lab, type LabServer } from '#test/fixtures/dns/lab.ts';
import { buildMuslClient, canRunMusl, muslFallsBack } from '#test/fixtures/dns/musl-client.ts';
import { cannotStart } from '#test/fixtures/dns/packages.ts';
import { startBind, startBindResolver } from '#test/fixtures/dns/servers/bind.ts';
import { startDnsmasq } from '#test/fixtures/dns/servers/dnsmasq.ts';
import { startNsd } from '#test/fixtures/dns/servers/nsd.ts';
import { startRecursor } from '#test/fixtures/dns/servers/powerdns.ts';
import { startUnbound } from '#test/fixtures/dns/servers/unbound.ts';

const ZONE = 'example.test';
/** What c-ares waits for a reply; nothing in the lab takes a tenth of it. */
const CLIENT_MS = 500;

/** What c-ares says, in a prediction's words. A refused connection is what glibc reports as EAI_AGAIN. */
const CARES_CODES: Record<string, Prediction['outcome']> = {
  ENOTFOUND: 'NXDOMAIN',
  ENODATA: 'NODATA',
  ESERVFAIL: 'SERVFAIL',
  ECONNREFUSED: 'TRYAGAIN',
  ETIMEOUT: 'TIMEOUT',
};

describe.skipIf(cannotStart('named', 'nsd', 'unbound', 'pdns_recursor', 'dnsmasq', 'openssl'))(
  'what clients get is what their profiles say',
  () => {
    let lab: Lab;
    let bind: LabServer;
    let nsd: LabServer;

    beforeAll(async () => {
      lab = await Lab.open();
      [bind, nsd] = await Promise.all([startBind(lab), startNsd(lab)]);
    });
    afterAll(() => lab.close());

    describe("Node's own resolver, which sends no EDNS", () => {
      /** The client's profile is that of who stands in its way. */
      it.each<[profile: string, behind: 'bind' | 'nsd', modes: BuggyMode[]]>([
        ['no-edns', 'bind', []],
        ['no-edns', 'nsd', []],
        ['no-edns', 'nsd', ['clamp512']],
        ['no-edns', 'nsd', ['drop-edns']],
        ['no-edns', 'nsd', ['formerr-edns']],
        ['musl-behind-bind', 'bind', ['clear-tc']],
        ['musl-behind-unbound', 'nsd', ['clear-tc']],
        ['musl-behind-unbound', 'nsd', ['clamp512', 'clear-tc', 'refuse-tcp']],
        ['stub-without-tcp', 'nsd', ['refuse-tcp']],
        ['tcp-dropped', 'nsd', ['ignore-tcp']],
        ['twenty-nxdomain', 'nsd', ['max-rrs=20:nxdomain', 'full-upstream']],
        ['twenty-silent', 'nsd', ['max-rrs=20:truncate-silent', 'full-upstream']],
      ])('%s: behind %s with %j', async (id, behind, modes) => {
        const upstream = behind === 'bind' ? bind : nsd;
        const resolver = await startBuggyResolver(upstream, modes);
        try {
          for (const count of [20, 40, 101, 300]) {
            const name = `a${count}.${ZONE}`;
            const predicted = predicts(id, await wholeOf(name), behind === 'bind' ? 'partial' : 'empty');
            expect([count, await seenByNode(resolver.port, name, count)]).toEqual([count, predicted]);
          }
        } finally {
          await resolver.close();
        }
      });
    });

    describe.skipIf(!canRunMusl())('musl as it is installed', () => {
      // What resolv.conf names is asked on port 53: on an address that nobody else uses.
      const octet = (): number => 1 + Math.floor(Math.random() * 253);
      const HOST = `127.${octet()}.${octet()}.${octet()}`;

      it.each<['bind' | 'nsd', musl: string]>([
        ['bind', 'musl-behind-bind'],
        ['nsd', 'musl-behind-unbound'],
      ])('behind %s is the client of the profile %s', async (behind, old) => {
        const id = muslFallsBack() ? 'no-edns' : old;
        const client = await buildMuslClient(await lab.subfolder('musl'));
        const resolver = await startBuggyResolver(behind === 'bind' ? bind : nsd, [], 'resolver', {
          host: HOST,
          port: 53,
        });
        try {
          for (const count of [20, 29, 30, 40, 101]) {
            const name = `a${count}.${ZONE}`;
            const predicted = predicts(id, await wholeOf(name), behind === 'bind' ? 'partial' : 'empty');
            expect([count, seenByMusl(await client.resolve(name, HOST), count)]).toEqual([count, predicted]);
          }
        } finally {
          await resolver.close();
        }
      });
    });

    describe('resolvers as they are installed', () => {
      const COUNTS = [20, 40, 100, 101, 256, 257, 300];

      it('Unbound and dnsmasq pass on every answer, and every chain', async () => {
        const [unbound, dnsmasq] = await Promise.all([
          startUnbound(lab, [{ zone: ZONE, authority: nsd }]),
          startDnsmasq(lab, nsd, ZONE),
        ]);
        for (const resolver of [unbound, dnsmasq]) {
          for (const name of [...COUNTS.map((count) => `a${count}`), 'c11', 'c21'])
            expect(await seenBy(resolver, name)).toEqual(
              predicts('modern', await wholeOf(`${name}.${ZONE}`), 'empty'),
            );
        }
      });

      it('BIND gives SERVFAIL from 101 records and from 12 aliases on', async () => {
        const resolver = await startBindResolver(lab, nsd, ZONE);
        for (const name of [...COUNTS.map((count) => `a${count}`), 'c7', 'c11', 'c12', 'c16'])
          expect([name, await seenBy(resolver, name)]).toEqual([
            name,
            predicts('bind-resolver', await wholeOf(`${name}.${ZONE}`), 'empty'),
          ]);
        expect((await ask(resolver, 'c12')).outcome).toBe('CHAIN_LIMIT');
      });

      it('PowerDNS Recursor gives 257 records once, then SERVFAIL to whoever does not ask the very same', async () => {
        const resolver = await startRecursor(lab, nsd, ZONE);
        for (const name of [...COUNTS.map((count) => `a${count}`), 'c11', 'c15', 'c16']) {
          const first = await ask(resolver, name);
          const other = await askOne(
            { url: resolver.url, name: `${name}.${ZONE}`, way: 'T' },
            { edns: undefined },
          );
          const predicted = predicts('powerdns-recursor', await wholeOf(`${name}.${ZONE}`), 'empty');
          expect([name, seen(other, name)]).toEqual([name, predicted]);
          expect(first.outcome).toBe(name === 'c16' ? 'CHAIN_LIMIT' : 'ANSWER');
          // A question that is octet for octet the first is answered from the cache of packets.
          expect((await ask(resolver, name)).outcome).toBe(first.outcome);
        }
      });
    });

    async function wholeOf(name: string): Promise<Message> {
      const { message } = await askOne({ url: nsd.url, name, way: 'T' });
      if (!message || message.truncated) throw new Error(`expected the whole of ${name}`);
      return message;
    }

    function ask(resolver: LabServer, name: string): Promise<LabAnswer> {
      return askOne({ url: resolver.url, name: `${name}.${ZONE}`, way: 'T' });
    }

    async function seenBy(resolver: LabServer, name: string): Promise<Prediction> {
      return seen(await ask(resolver, name), name);
    }
  },
);

function predicts(id: string, whole: Message, style: SeenStyle): Prediction {
  const profile = PROFILES[id];
  if (!profile) throw new Error(`expected a profile ${id}`);
  return predict(profile, whole, style);
}

/** What a client of a resolver has of a reply over TCP. `a<N>` has N addresses, whatever else one. */
function seen({ message, outcome }: LabAnswer, name: string): Prediction {
  const expected = name.startsWith('a') ? Number(name.slice(1)) : 1;
  const addresses = message?.answers.filter(({ rdata }) => rdata.kind === 'A').length ?? 0;
  if (outcome === 'ANSWER')
    return addresses === expected ? { outcome: 'OK' } : { outcome: 'SUBSET', records: addresses };
  if (outcome === 'SERVFAIL' || outcome === 'CHAIN_LIMIT') return { outcome: 'SERVFAIL' };
  throw new Error(`${name}: ${outcome}`);
}

function seenByMusl(result: string[] | string, count: number): Prediction {
  if (typeof result !== 'string')
    return result.length === count ? { outcome: 'OK' } : { outcome: 'SUBSET', records: result.length };
  // To musl an empty answer is a name that does not exist.
  if (result === 'Name does not resolve') return { outcome: 'NODATA' };
  throw new Error(`expected addresses or none, got ${result}`);
}

async function seenByNode(port: number, name: string, count: number): Promise<Prediction> {
  const resolver = new Resolver({ timeout: CLIENT_MS, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  try {
    const addresses = await resolver.resolve4(name);
    return addresses.length === count ? { outcome: 'OK' } : { outcome: 'SUBSET', records: addresses.length };
  } catch (error) {
    const outcome = CARES_CODES[(error as NodeJS.ErrnoException).code ?? ''];
    if (outcome === undefined || outcome === 'SUBSET') throw error;
    return { outcome };
  }
}
