import { truncate } from '../../units.ts';
import { authoritiesOf, resolversOf } from '../asking/audience.ts';
import { isFetch, type FetchExchange } from '../asking/exchange.ts';
import type { Answered, Inquiry } from '../asking/inquiry.ts';
import { isCounted, seenAddresses } from '../aspects/content/seen-addresses.ts';
import { sameName } from '../codec/name.ts';
import { RR_TYPES } from '../codec/registry.ts';
import { canonicalAddress } from '../contract/ip.ts';
import { parseRangeFile } from '../contract/range-file.ts';
import { ADDRESSES_MAX, type DnsSummary, type SeenRanges } from '../findings/evidence.ts';
import { measuredOf } from '../measure/measured.ts';
import { chainOf } from '../measure/rrset.ts';
import { allSaid, isOwnAnswer } from '../measure/said.ts';

/** Servers told of, as many as a check may name of each kind. */
const SERVERS_MAX = 40;
/** Characters of ranges kept of one run, which has 256 KiB for everything. Copies of one file beyond it are told by digest alone. */
const RANGES_CHARS_MAX = 120 * 1024;
const ADDRESS_TYPES: ReadonlySet<number> = new Set([RR_TYPES.A, RR_TYPES.AAAA]);

/** What only a memory of other runs can judge, taken from this one. */
export function summaryOf(inquiry: Inquiry): DnsSummary {
  const { types, optionalTypes } = inquiry.settings;
  return {
    measured: [...types, ...optionalTypes].flatMap((type) => measuredOf(inquiry, type) ?? []),
    ...addressesOf(inquiry),
    serials: serialsOf(inquiry),
    ...firstTypeOf(inquiry),
    ranges: rangesOf(inquiry),
  };
}

/**
 * The addresses of the name in every answer, from whomever, as far as they count. `samples`: answers of the zone's own servers, which are not out of
 * a cache; of two families the one seen less often. `perAnswer`: the most in one answer, both families together.
 */
function addressesOf(inquiry: Inquiry): Pick<DnsSummary, 'addresses' | 'samples' | 'perAnswer'> {
  const counted = new Set(
    seenAddresses(inquiry)
      .filter(isCounted(inquiry))
      .map(({ address }) => address),
  );
  const own = new Set((inquiry.authorities ?? []).map(({ url }) => url));
  const counts = new Map<string, number>();
  const samples = new Map<number, number>();
  const most = new Map<number, number>();
  for (const answered of inquiry.answered) {
    const { query } = answered;
    const found = addressesIn(inquiry, answered).filter((address) => counted.has(address));
    for (const address of found) counts.set(address, (counts.get(address) ?? 0) + 1);
    if (found.length === 0 || answered.message?.truncated) continue;
    most.set(query.type, Math.max(most.get(query.type) ?? 0, found.length));
    if (own.has(query.server.url) && !query.recursionDesired)
      samples.set(query.type, (samples.get(query.type) ?? 0) + 1);
  }
  return {
    addresses: [...counts].map(([address, answers]) => ({ address, answers })).slice(0, ADDRESSES_MAX),
    samples: samples.size === 0 ? 0 : Math.min(...samples.values()),
    perAnswer: [...most.values()].reduce((sum, count) => sum + count, 0),
  };
}

/** Each address once, in the one spelling. A truncated answer shows some of them too. */
function addressesIn({ settings }: Inquiry, { query, message, outcome }: Answered): string[] {
  const { name, types, optionalTypes } = settings;
  const isWanted = types.includes(query.type) || optionalTypes.includes(query.type);
  if (!message || !isWanted || !ADDRESS_TYPES.has(query.type) || !sameName(query.name, name)) return [];
  if (outcome !== 'ANSWER' && outcome !== 'PARTIAL') return [];
  const { records } = chainOf(message, name, query.type);
  return [
    ...new Set(
      records.flatMap(({ rdata }) =>
        rdata.kind === 'A' || rdata.kind === 'AAAA' ? [canonicalAddress(rdata.address)] : [],
      ),
    ),
  ];
}

/** The serial in the SOA of the zone, of each of its servers that gave it, in whatever answer. */
function serialsOf({ authorities, answered, zone }: Inquiry): DnsSummary['serials'] {
  if (zone === undefined) return [];
  return (authorities ?? []).slice(0, SERVERS_MAX).flatMap(({ url }) => {
    for (const { query, message } of answered) {
      if (query.server.url !== url || query.recursionDesired || !message?.authoritative) continue;
      for (const { name, rdata } of [...message.answers, ...message.authorities])
        if (rdata.kind === 'SOA' && sameName(name, zone))
          return [{ server: truncate(url, 300), serial: rdata.serial }];
    }
    return [];
  });
}

/** How the first type fares: by resolver, and whether every server of the zone that could be measured answers it. */
function firstTypeOf(inquiry: Inquiry): Pick<DnsSummary, 'resolvers' | 'authoritiesAnswer'> {
  const { name, types } = inquiry.settings;
  const [type] = types;
  if (type === undefined) return { resolvers: [] };
  const own = allSaid(inquiry, authoritiesOf(inquiry), name, type);
  return {
    resolvers: allSaid(inquiry, resolversOf(inquiry), name, type)
      .slice(0, SERVERS_MAX)
      .map(({ server, outcome }) => ({ server: truncate(server.url, 300), outcome })),
    ...(own.length === 0 ? {} : { authoritiesAnswer: own.every((said) => isOwnAnswer(said)) }),
  };
}

function rangesOf({ settings, exchanges }: Inquiry): SeenRanges[] {
  const { allowList } = settings;
  if (!allowList) return [];
  const looks = allowList.urls.flatMap((url): SeenRanges[] => {
    const seen = exchanges.find((exchange) => exchange.task.kind === 'fetch' && exchange.task.url === url);
    return seen && isFetch(seen) ? (lookOf(seen, allowList.service) ?? []) : [];
  });
  if (looks.reduce((sum, look) => sum + charsOf(look), 0) <= RANGES_CHARS_MAX) return looks;
  return looks.map((look, at) => {
    const isCopy = looks.slice(0, at).some(({ sha256 }) => sha256 !== undefined && sha256 === look.sha256);
    const { ranges: _ranges, ...rest } = look;
    return isCopy ? rest : look;
  });
}

function charsOf({ ranges }: SeenRanges): number {
  return ranges ? JSON.stringify(ranges).length : 0;
}

/** What a look at the file gave; nothing when we could not look. */
function lookOf(
  { task, body, sha256, status, trouble }: FetchExchange,
  service?: string,
): SeenRanges[] | undefined {
  if (trouble?.probeFault || trouble?.class === 'NOT_MEASURABLE') return undefined;
  const base: SeenRanges = {
    url: task.url,
    ...(status === undefined ? {} : { status }),
    ...(sha256 === undefined ? {} : { sha256 }),
  };
  if (!body)
    return [{ ...base, error: truncate(trouble?.message ?? `HTTP ${status ?? 'without a body'}`, 300) }];
  const parsed = parseRangeFile(body, service);
  if (!parsed.ok) return [{ ...base, error: parsed.error }];
  const { publishedAtMs, ranges } = parsed.file;
  return [{ ...base, ...(publishedAtMs === undefined ? {} : { publishedAtMs }), ranges }];
}
