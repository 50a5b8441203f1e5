import { z } from 'zod';
import { truncate } from './units.ts';

/** How an answer's headers tell that a cache had it. Without `header`, by the headers that caches are known to set. */
export const CacheRule = z.strictObject({
  header: z.string().min(1).max(100).optional(),
  /** What the header's value must contain, whatever the case. When absent: a hit as the header is known to say it, else `hit`. */
  contains: z.string().min(1).max(100).optional(),
});
export type CacheRule = z.output<typeof CacheRule>;

/**
 * What headers say of an answer. `hit`: a cache had it, without asking where it comes from (RFC 9211, section 2.1);
 * `undefined` when nothing says, which is never a hit. `evidence`: one line for people.
 */
export type CacheJudgement = { hit: boolean | undefined; evidence: string };

const VALUE_CHARS_MAX = 200;

/** What one header says, with words for people where its value needs them. */
type Said = { hit: boolean; why?: string };

const HIT: Said = { hit: true };
const MISS: Said = { hit: false };
const STALE: Said = { hit: true, why: 'a cache had it, past its time' };
/** Every client's request is one at the origin then, if a small one. */
const REVALIDATED: Said = { hit: false, why: 'the cache had to ask the origin' };

/** Cloudflare's documentation, cache/concepts/cache-responses. NONE and UNKNOWN say nothing: a Worker may be in front. */
const CLOUDFLARE = words({
  hit: HIT,
  stale: STALE,
  updating: STALE,
  miss: MISS,
  expired: REVALIDATED,
  revalidated: REVALIDATED,
  bypass: MISS,
  dynamic: { hit: false, why: 'Cloudflare does not cache it' },
});

/** Vercel's documentation, headers/response-headers and caching/cache-status. */
const VERCEL = words({
  hit: HIT,
  stale: STALE,
  prerender: HIT,
  miss: MISS,
  bypass: MISS,
  revalidated: REVALIDATED,
});

/**
 * First words of X-Cache, which no standard defines: Fastly (reference/http/http-headers/X-Cache) and Squid say HIT or MISS,
 * CloudFront "Hit from cloudfront" (DeveloperGuide, x-edge-result-type), Akamai and Azure Front Door TCP_HIT and its kin.
 */
const X_CACHE = words({
  hit: HIT,
  tcp_hit: HIT,
  tcp_mem_hit: HIT,
  tcp_ims_hit: HIT,
  tcp_remote_hit: { hit: true, why: 'from a cache of the region' },
  hitstale: STALE,
  miss: MISS,
  tcp_miss: MISS,
  error: MISS,
  pass: MISS,
  bypass: MISS,
  expired: REVALIDATED,
  revalidated: REVALIDATED,
  refreshhit: REVALIDATED,
  tcp_refresh_hit: REVALIDATED,
  tcp_expired_hit: REVALIDATED,
  tcp_refresh_miss: MISS,
  tcp_expired_miss: MISS,
  private_nostore: { hit: false, why: 'it may not be cached' },
  config_nocache: { hit: false, why: 'it is not to be cached' },
});

/** Names in lower case, each with what reads its value. */
const READERS: ReadonlyMap<string, (value: string) => Said | undefined> = new Map([
  ['cache-status', nearestCacheStatus],
  ['cf-cache-status', (value) => CLOUDFLARE.get(value.trim().toLowerCase())],
  ['x-cache', nearestXCache],
  ['x-vercel-cache', (value) => VERCEL.get(value.trim().toLowerCase())],
  ['age', ofAge],
]);

/** Headers that caches are known to set, in lower case: all that is needed of an answer to judge it without a rule. */
export const CACHE_HEADERS: readonly string[] = [...READERS.keys()];

/**
 * Whether a cache had the answer. `headers` by name, whatever the case; several lines of one header joined by commas.
 *
 * Where caches stand behind each other, the one nearest to us counts: the last member of `Cache-Status` and `X-Cache`. Of
 * headers that disagree a hit counts, for what an inner cache said is stored along with the answer, its miss as well. `Age`
 * counts when no other header says anything.
 */
export function judgeCache(headers: Readonly<Record<string, string>>, rule: CacheRule = {}): CacheJudgement {
  const byName = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const names = rule.header === undefined ? CACHE_HEADERS : [rule.header.toLowerCase()];
  const present = names.flatMap((name) => {
    const value = byName.get(name);
    return value === undefined ? [] : [{ name, value, said: saidBy(name, value, rule) }];
  });
  const told = ({ name, value, said }: (typeof present)[number]): string =>
    `${name}: ${oneLine(value)}${said?.why === undefined ? '' : ` (${said.why})`}`;

  const hit = present.find(({ said }) => said?.hit === true && said !== AGED);
  if (hit) return { hit: true, evidence: told(hit) };
  const misses = present.filter(({ said }) => said?.hit === false);
  if (misses.length > 0) return { hit: false, evidence: misses.map(told).join('; ') };
  const aged = present.find(({ said }) => said === AGED);
  if (aged) return { hit: true, evidence: told(aged) };
  if (present.length > 0)
    return { hit: undefined, evidence: `${present.map(told).join('; ')} says neither hit nor miss` };
  return { hit: undefined, evidence: `no header says whether a cache had it (${names.join(', ')})` };
}

function saidBy(name: string, value: string, { header, contains }: CacheRule): Said | undefined {
  const reader = READERS.get(name);
  if (reader && contains === undefined) return reader(value);
  // Seconds contain no word; a rule that names `age` itself means it.
  if (name === 'age' && header === undefined) return undefined;
  return value.toLowerCase().includes((contains ?? 'hit').toLowerCase()) ? HIT : MISS;
}

/**
 * RFC 9211, section 2: the last member of the list is the cache nearest to the user. `hit` is a Boolean parameter, `fwd` says
 * that the request went on, and only one of them is to be there. What is no list of RFC 9651 is to be ignored.
 */
function nearestCacheStatus(value: string): Said | undefined {
  const nearest = splitOutsideQuotes(value, ',')?.at(-1);
  const parameters = nearest === undefined ? undefined : splitOutsideQuotes(nearest, ';')?.slice(1);
  if (!parameters) return undefined;
  const named = new Map(
    parameters.map((parameter): [string, string] => {
      const [name = '', ...rest] = parameter.split('=');
      return [name.trim(), rest.join('=').trim()];
    }),
  );
  const fwd = named.get('fwd');
  if (fwd !== undefined) return fwd === 'stale' ? REVALIDATED : MISS;
  const hit = named.get('hit');
  if (hit === undefined) return undefined;
  return hit === '' || hit === '?1' ? HIT : MISS;
}

/** Each cache appends its word; only Akamai's says who it was, its edge being the child. */
function nearestXCache(value: string): Said | undefined {
  const members = value.split(',').map((member) => member.trim());
  const nearest = members.find((member) => / from child\b/i.test(member)) ?? members.at(-1) ?? '';
  const word = /^[a-z_]+/i.exec(nearest)?.[0] ?? '';
  return X_CACHE.get(word.toLowerCase());
}

/**
 * RFC 9111, section 5.1: an age implies that the origin did not make the answer for this request; of several only the first
 * counts, and what is no number of seconds is ignored. Some caches say 0 of what they have just fetched, so 0 says nothing.
 */
function ofAge(value: string): Said | undefined {
  const first = value.split(',')[0]?.trim() ?? '';
  return /^\d{1,10}$/.test(first) && Number(first) > 0 ? AGED : undefined;
}

const AGED: Said = { hit: true, why: 'seconds in a cache' };

/** The parts between separators that are in no quoted string; `undefined` when a string does not end. */
function splitOutsideQuotes(text: string, separator: string): string[] | undefined {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quoted && char === '\\') {
      part += char + text.charAt(at + 1);
      at += 1;
      continue;
    }
    if (char === '"') quoted = !quoted;
    if (char === separator && !quoted) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  return quoted ? undefined : [...parts, part];
}

/** A table by word: values come from anywhere, and `constructor` is no word of it. */
function words(table: Record<string, Said>): ReadonlyMap<string, Said> {
  return new Map(Object.entries(table));
}

function oneLine(value: string): string {
  return truncate(value.replace(/\s+/g, ' ').trim(), VALUE_CHARS_MAX);
}
