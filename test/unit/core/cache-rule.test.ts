import { describe, expect, test } from 'vitest';
import { CACHE_HEADERS, CacheRule, judgeCache } from '#core/cache-rule.ts';

type Case = [value: string, hit: boolean | undefined];
const hitOf = (headers: Record<string, string>, rule?: CacheRule): boolean | undefined =>
  judgeCache(headers, rule).hit;

describe('what one header says', () => {
  test.each<Case>([
    ['ExampleCache; hit', true],
    ['ExampleCache; hit; ttl=376', true],
    ['ExampleCache;hit=?1', true],
    ['ExampleCache; hit=?0', false],
    ['ExampleCache; hit=maybe', false],
    ['ExampleCache; hit; ttl=-412', true],
    ['ExampleCache; fwd=uri-miss; stored', false],
    ['ExampleCache; fwd=vary-miss; fwd-status=200', false],
    ['ExampleCache; fwd=stale; fwd-status=304; collapsed', false],
    ['ExampleCache; fwd=bypass; detail="hit; not"', false],
    ['OriginCache; hit; ttl=1100, "CDN Company Here"; hit; ttl=545', true],
    ['OriginCache; hit, "CDN"; fwd=uri-miss', false],
    ['OriginCache; fwd=uri-miss, "CDN"; hit', true],
    // Two that must not be there together: the worse one.
    ['Cache; hit; fwd=miss', false],
    ['"a, b; hit"; fwd=miss', false],
    ['"say \\"hi\\", they said"; hit', true],
    ['Cache; ttl=3', undefined],
    ['Cache; hits=4', undefined],
    ['Cache', undefined],
    ['', undefined],
    ['Cache; hit, "never ends; hit', undefined],
  ])('Cache-Status: %s → %s', (value, hit) => expect(hitOf({ 'cache-status': value })).toBe(hit));

  test.each<Case>([
    ['HIT', true],
    ['hit', true],
    ['STALE', true],
    ['UPDATING', true],
    ['MISS', false],
    ['EXPIRED', false],
    ['REVALIDATED', false],
    ['BYPASS', false],
    ['DYNAMIC', false],
    ['NONE/UNKNOWN', undefined],
    ['NONE', undefined],
    ['HITTING', undefined],
    ['constructor', undefined],
  ])('CF-Cache-Status: %s → %s', (value, hit) => expect(hitOf({ 'cf-cache-status': value })).toBe(hit));

  test.each<Case>([
    ['Hit from cloudfront', true],
    ['Miss from cloudfront', false],
    ['RefreshHit from cloudfront', false],
    ['Error from cloudfront', false],
    ['HIT', true],
    ['HIT, HIT', true],
    ['MISS, HIT', true],
    ['HIT, MISS', false],
    ['MISS, MISS', false],
    ['HIT (3)', true],
    ['HIT from proxy.example:3128', true],
    ['TCP_HIT', true],
    ['TCP_REMOTE_HIT', true],
    ['TCP_MEM_HIT from a23-1.deploy.example (AkamaiGHost/9.9)', true],
    ['TCP_MISS', false],
    ['TCP_REFRESH_HIT', false],
    ['TCP_EXPIRED_HIT', false],
    ['PRIVATE_NOSTORE', false],
    ['CONFIG_NOCACHE', false],
    ['Hit from child, Miss from parent', true],
    ['Miss from child, Hit from parent', false],
    ['LambdaGeneratedResponse from cloudfront', undefined],
    ['cached', undefined],
    ['', undefined],
    ['HIT, ', undefined],
    ['constructor', undefined],
  ])('X-Cache: %s → %s', (value, hit) => expect(hitOf({ 'x-cache': value })).toBe(hit));

  test.each<Case>([
    ['HIT', true],
    ['STALE', true],
    ['PRERENDER', true],
    ['MISS', false],
    ['BYPASS', false],
    ['REVALIDATED', false],
    ['other', undefined],
  ])('X-Vercel-Cache: %s → %s', (value, hit) => expect(hitOf({ 'x-vercel-cache': value })).toBe(hit));

  test.each<Case>([
    ['1', true],
    ['86400', true],
    ['3, 0', true],
    ['0', undefined],
    ['0, 3', undefined],
    ['-3', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['', undefined],
  ])('Age: %s → %s', (value, hit) => expect(hitOf({ age: value })).toBe(hit));
});

describe('several headers', () => {
  test('a hit counts beside the miss that an inner cache had stored with the answer', () => {
    expect(judgeCache({ 'x-cache': 'Hit from cloudfront', 'cf-cache-status': 'DYNAMIC' })).toEqual({
      hit: true,
      evidence: 'x-cache: Hit from cloudfront',
    });
  });

  test('an age does not make a hit of what a cache says it had not', () => {
    expect(hitOf({ age: '30', 'cf-cache-status': 'REVALIDATED' })).toBe(false);
    expect(hitOf({ age: '30', 'x-cache': 'what' })).toBe(true);
  });

  test('misses are all told', () => {
    expect(judgeCache({ 'cf-cache-status': 'DYNAMIC', 'x-vercel-cache': 'MISS' })).toEqual({
      hit: false,
      evidence: 'cf-cache-status: DYNAMIC (Cloudflare does not cache it); x-vercel-cache: MISS',
    });
  });

  test('nothing that says anything is unknown, and never a hit', () => {
    expect(judgeCache({ 'content-type': 'text/html', etag: '"hit"' })).toEqual({
      hit: undefined,
      evidence:
        'no header says whether a cache had it (cache-status, cf-cache-status, x-cache, x-vercel-cache, age)',
    });
    expect(judgeCache({ age: '0' })).toEqual({
      hit: undefined,
      evidence: 'age: 0 says neither hit nor miss',
    });
  });

  test('names have no case', () => {
    expect(hitOf({ 'CF-Cache-Status': 'HIT' })).toBe(true);
    expect(hitOf({ 'X-PoP-Cache': 'HIT' }, { header: 'x-pop-CACHE' })).toBe(true);
  });
});

describe('a rule', () => {
  test('that names a header goes by that one only', () => {
    const rule = { header: 'x-proxy-cache' };
    expect(judgeCache({ 'x-proxy-cache': 'Hit', 'x-cache': 'MISS' }, rule)).toEqual({
      hit: true,
      evidence: 'x-proxy-cache: Hit',
    });
    expect(hitOf({ 'x-proxy-cache': 'MISS', 'x-cache': 'HIT', age: '3' }, rule)).toBe(false);
    expect(judgeCache({ 'x-cache': 'HIT', age: '3' }, rule)).toEqual({
      hit: undefined,
      evidence: 'no header says whether a cache had it (x-proxy-cache)',
    });
  });

  test('that names a known header reads it as it is known, unless it says what to look for', () => {
    expect(hitOf({ 'x-cache': 'HIT, MISS' }, { header: 'X-Cache' })).toBe(false);
    expect(hitOf({ 'x-cache': 'HIT, MISS' }, { header: 'X-Cache', contains: 'hit' })).toBe(true);
    expect(
      hitOf({ 'cf-cache-status': 'REVALIDATED' }, { header: 'cf-cache-status', contains: 'reval' }),
    ).toBe(true);
    expect(hitOf({ age: '12', 'x-cache': 'MISS' }, { header: 'age' })).toBe(true);
    expect(hitOf({ age: '0' }, { header: 'age' })).toBe(undefined);
  });

  test('that only says what to look for looks for it in the known headers, but not in seconds', () => {
    expect(hitOf({ 'x-cache': 'edge-fra' }, { contains: 'EDGE' })).toBe(true);
    expect(hitOf({ 'x-cache': 'HIT' }, { contains: 'edge' })).toBe(false);
    expect(hitOf({ age: '30' }, { contains: '3' })).toBe(undefined);
  });

  test('may name any header', () => {
    expect(hitOf({ constructor: 'HIT' }, { header: 'constructor' })).toBe(true);
    expect(hitOf({ 'x-cache': 'HIT' }, { header: '__proto__' })).toBe(undefined);
  });

  test('without anything in it is no rule; an empty text or a key of another name is refused', () => {
    expect(hitOf({ 'x-cache': 'HIT' }, {})).toBe(true);
    expect(CacheRule.safeParse({ header: '' }).success).toBe(false);
    expect(CacheRule.safeParse({ contain: 'hit' }).success).toBe(false);
  });
});

test('the evidence is one line, and of a length that can be read', () => {
  const { evidence } = judgeCache({ 'x-cache': `HIT\n\tfrom  ${'x'.repeat(10_000)}` });
  expect(evidence).toMatch(/^x-cache: HIT from x+…$/);
  expect(evidence.length).toBeLessThan(250);
});

test('a look needs only the known headers to judge an answer', () => {
  const all = { 'cache-status': 'a; hit', server: 'x', age: '3' };
  const needed = Object.fromEntries(Object.entries(all).filter(([name]) => CACHE_HEADERS.includes(name)));
  expect(judgeCache(needed)).toEqual(judgeCache(all));
});
