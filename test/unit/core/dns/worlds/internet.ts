import { dnsSettingsOf, type DnsInput } from '#core/checks/dns.ts';
import { isQuery, type Ask, type Query, type QueryExchange } from '#core/dns/asking/exchange.ts';
import type { Vantage } from '#core/dns/asking/inquiry.ts';
import type { RecordFields, ResponseFields } from '#core/dns/codec/encode.ts';
import { isSubdomain } from '#core/dns/codec/name.ts';
import { CLASS, RCODE, RR_TYPES } from '#core/dns/codec/registry.ts';
import { inquire, type Inquirer } from '#core/dns/run/inquirer.ts';
import { judge, type Judgement } from '#core/dns/run/verdict.ts';
import { lookUp } from '#core/dns/zone/lookup.ts';
import { recordsAt, type Zone } from '#core/dns/zone/zone.ts';
import { NODE, World, WORLD_MS, type Quirk } from '#test/fixtures/dns/world.ts';
import { zoneFrom } from '#test/fixtures/dns/zone-reply.ts';

export const ROOT = 'dns://198.41.0.4';
export const ROOT2 = 'dns://199.7.83.42';
export const TLD = 'dns://192.5.6.30';
export const NS1 = 'dns://45.90.28.1';
export const NS2 = 'dns://45.90.30.1';
export const R1 = 'dns://9.9.9.9';
export const R2 = 'https://dns.google/dns-query';
export const R3 = 'tls://208.67.222.222?name=dns.opendns.com';

export const ROOT_ZONE = `$ORIGIN .
. 86400 IN SOA a.root-servers.net. hostmaster. 1 3600 900 604800 86400
. 86400 IN NS a.root-servers.net.
com. 86400 IN NS a.gtld-servers.net.
a.gtld-servers.net. 86400 IN A 192.5.6.30
net. 86400 IN NS a.gtld-servers.net.
`;

export const TLD_ZONE = `$ORIGIN com.
@ 900 IN SOA a.gtld-servers.net. hostmaster 1 3600 900 604800 900
@ 86400 IN NS a.gtld-servers.net.
portal 86400 IN NS ns1.portal
portal 86400 IN NS ns2.portal
ns1.portal 86400 IN A 45.90.28.1
ns2.portal 86400 IN A 45.90.30.1
`;

/** A portal's zone: two servers in two networks, a name with two addresses. */
export const PORTAL_ZONE = `$ORIGIN portal.com.
@ 600 IN SOA ns1 hostmaster 7 3600 900 604800 600
@ 600 IN NS ns1
@ 600 IN NS ns2
@ 600 IN A 45.76.1.9
@ 600 IN MX 10 mx1
@ 600 IN TXT "v=spf1 mx -all"
ns1 600 IN A 45.90.28.1
ns2 600 IN A 45.90.30.1
mx1 600 IN A 45.76.1.25
www 300 IN A 45.76.1.1
www 300 IN A 45.76.1.2
`;

/** Another one's zone, to which aliases lead. */
export const CDN_ZONE = `$ORIGIN cdn.net.
@ 600 IN SOA ns1 hostmaster 7 3600 900 604800 600
@ 600 IN NS ns1
ns1 600 IN A 45.91.1.1
edge 60 IN A 45.77.1.1
edge 60 IN AAAA 2a00:1450::1
a 60 IN CNAME b
b 60 IN CNAME edge
`;

export type Site = {
  /** The zone's file: of all its servers, or of each by its URL. */
  zone?: string | undefined;
  zones?: Record<string, string> | undefined;
  tld?: string | undefined;
  /** URLs of the zone's servers; resolvers, and whether they validate. */
  servers?: readonly string[] | undefined;
  resolvers?: readonly string[] | undefined;
  validates?: boolean | undefined;
  /** What somebody does otherwise, by URL. */
  quirks?: Record<string, Quirk> | undefined;
  /** Zones of others. */
  others?: readonly string[] | undefined;
  /** What becomes of a question on its way. */
  way?: ((query: Query, exchange: QueryExchange) => QueryExchange) | undefined;
  /** The published file of ranges. */
  ranges?: readonly string[] | undefined;
  input?: Partial<Omit<DnsInput, 'kind'>> | undefined;
  nowMs?: number | undefined;
};

/** Everybody there is: the root, `com`, the portal's servers and some resolvers, as public servers behave. */
export function internet(site: Site = {}): { world: World; ask: Ask } {
  const { zone = PORTAL_ZONE, servers = [NS1, NS2], others = [CDN_ZONE], quirks = {} } = site;
  const world = new World();
  const known = [ROOT_ZONE, site.tld ?? TLD_ZONE, zone, ...others];
  for (const url of [ROOT, ROOT2]) world.serve(url, [ROOT_ZONE], proper(quirks[url]));
  world.serve(TLD, [site.tld ?? TLD_ZONE], proper(quirks[TLD]));
  for (const url of servers) world.serve(url, [site.zones?.[url] ?? zone], proper(quirks[url]));
  const resolving = resolverOf(known.map(zoneFrom), site.validates ?? false);
  for (const url of site.resolvers ?? [R1, R2, R3])
    world.resolve(
      url,
      known,
      proper((query, usual) => {
        const said = resolving(query, usual) ?? usual;
        return 'message' in said ? said : (quirks[url]?.(query, said) ?? said);
      }),
    );
  const { ranges } = site;
  if (ranges)
    world.fetch = () => ({
      status: 200,
      body: new TextEncoder().encode(
        JSON.stringify({ prefixes: ranges.map((ip_prefix) => ({ ip_prefix })) }),
      ),
    });
  const { way = (_query, exchange) => exchange } = site;
  const ask: Ask = async (task) => {
    const exchange = await world.ask(task);
    if (!isQuery(exchange)) return exchange;
    const { task: query } = exchange;
    if (query.secondType === undefined || !exchange.reply) return way(query, exchange);
    const second = await world.ask({ ...query, type: query.secondType });
    return way(query, { ...exchange, second: isQuery(second) ? second.reply : undefined });
  };
  return { world, ask };
}

export const CHECK = { name: 'www.portal.com', resolvers: [R1, R2, R3], roots: [ROOT, ROOT2] };

/** A run of the whole check, every setting as it comes. */
export async function inquired(site: Site = {}, vantage: Vantage = NODE): Promise<Inquirer> {
  const settings = dnsSettingsOf({
    ...CHECK,
    ...(site.resolvers ? { resolvers: [...site.resolvers] } : {}),
    ...site.input,
  });
  const { ask } = internet(site);
  const asked = { settings, vantage, nowMs: site.nowMs ?? WORLD_MS, salt: 'salt7x' };
  return inquire(asked, ask, () => false);
}

export async function judgedIn(site: Site = {}, vantage: Vantage = NODE): Promise<Judgement> {
  return judge(await inquired(site, vantage));
}

/** Keeps to RFC 6891 and 8906 where a server without a quirk is plain. */
function proper(quirk?: Quirk): Quirk {
  return (query, usual) => {
    // RFC 8484 section 4.1: what caches keep is the same for everybody.
    if (query.transport === 'https') usual.id = 0;
    const said = quirk?.(query, usual);
    const isOdd = query.opcode || query.edns?.version || (query.class ?? CLASS.IN) !== CLASS.IN;
    if (said !== undefined && (!isOdd || 'message' in said)) return said;
    const empty = { ...usual, authoritative: false, answers: [], authorities: [], additionals: [] };
    if (query.opcode) return { ...empty, rcode: RCODE.NOTIMP };
    if (query.edns?.version) return { ...empty, rcode: RCODE.BADVERS };
    if ((query.class ?? CLASS.IN) !== CLASS.IN) return { ...empty, rcode: RCODE.REFUSED };
    return undefined;
  };
}

/** Follows aliases from zone to zone, as far as BIND does. */
function resolverOf(zones: readonly Zone[], validates: boolean): Quirk {
  return ({ name, type, edns }, usual) => {
    const answers: RecordFields[] = [];
    const authorities: RecordFields[] = [];
    let target = name;
    let rcode: number = RCODE.NOERROR;
    let isSigned = false;
    for (let hops = 0; ; hops += 1) {
      const zone = zones
        .filter(({ apex }) => isSubdomain(target, apex) && !(type === RR_TYPES.DS && apex === target))
        .toSorted((a, b) => b.apex.length - a.apex.length)[0];
      if (!zone || hops > 11) return { ...usual, rcode: RCODE.SERVFAIL, answers, authorities: [] };
      const found = lookUp(zone, target, type);
      answers.push(...found.aliases, ...found.records);
      isSigned = recordsAt(zone, zone.apex, RR_TYPES.DNSKEY).length > 0;
      if (edns?.dnssecOk) answers.push(...signaturesFor(zone, [...found.aliases, ...found.records]));
      if (found.kind === 'loop' || answers.filter((one) => one.type === RR_TYPES.CNAME).length > 11)
        return { ...usual, rcode: RCODE.SERVFAIL, answers, authorities: [] };
      target = found.target;
      if (found.kind === 'outside' || (found.kind === 'referral' && type !== RR_TYPES.DS)) continue;
      if (found.kind === 'nxdomain') rcode = RCODE.NXDOMAIN;
      if (found.kind !== 'answer') authorities.push(...recordsAt(zone, zone.apex, RR_TYPES.SOA));
      break;
    }
    return { ...usual, rcode, answers, authorities, authenticData: validates && isSigned };
  };
}

function signaturesFor(zone: Zone, records: readonly RecordFields[]): RecordFields[] {
  const sets = new Map(records.map((record) => [`${record.name} ${record.type}`, record]));
  return [...sets.values()].flatMap(({ name, type }) =>
    recordsAt(zone, name, RR_TYPES.RRSIG).filter(
      ({ rdata }) => rdata.kind === 'RRSIG' && rdata.covered === type,
    ),
  );
}

/** A reply with something changed; of questions for one type when it is given. */
export function changed(over: (usual: ResponseFields) => Partial<ResponseFields>, type?: number): Quirk {
  return (query, usual) =>
    type === undefined || query.type === type ? { ...usual, ...over(usual) } : undefined;
}
