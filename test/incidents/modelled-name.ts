import type { DnsInput } from '#core/checks/dns.ts';
import { judge } from '#core/dns/run/verdict.ts';
import { NODE, run, World } from '#test/fixtures/dns/world.ts';
import type { Visit } from './modelled-probes.ts';

/** What the zone and its publisher say at a moment. */
export type Published = {
  addresses: readonly string[];
  /** Ranges in the published file. */
  ranges?: readonly string[];
};

/** A check of a name of a zone that is asked at its declared servers and through resolvers. */
type Watched = Omit<DnsInput, 'kind'> & {
  zone: string;
  authorities: readonly string[];
  resolvers: readonly string[];
};

const encoder = new TextEncoder();

/** What a probe would find of a name: the check's own questions and judgement, without a network. */
export async function visitOf(input: Watched, published: Published, nowMs: number): Promise<Visit> {
  const { addresses, ranges = [] } = published;
  const world = new World();
  const zone = zoneText(input, addresses);
  for (const server of input.authorities) world.serve(server, [zone]);
  for (const resolver of input.resolvers) world.resolve(resolver, [zone]);
  world.connect = () => ({});
  world.fetch = () => ({
    status: 200,
    body: encoder.encode(
      JSON.stringify({ prefixes: ranges.map((ip_prefix) => ({ ip_prefix, service: 'API' })) }),
    ),
    sha256: ranges
      .join(' ')
      .replaceAll(/[^0-9a-f]/g, '')
      .slice(0, 64)
      .padEnd(64, '0'),
  });
  const { failure, evidence } = judge(await run(world, input, NODE, nowMs));
  return { durationMs: 400, failure, dns: evidence };
}

function zoneText({ name, zone }: Watched, addresses: readonly string[]): string {
  return `$ORIGIN ${zone}.
@ 300 SOA ns1 hostmaster 1 3600 900 604800 300
@ 300 NS ns1
ns1 300 A 192.0.2.53
${addresses.map((address) => `${name}. 60 A ${address}\n`).join('')}`;
}
