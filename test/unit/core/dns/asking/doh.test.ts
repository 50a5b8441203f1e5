import { expect, it } from 'vitest';
import { dohRequest, httpFacts } from '#core/dns/asking/doh.ts';
import type { Query } from '#core/dns/asking/exchange.ts';
import { parseServer } from '#core/dns/asking/server.ts';
import { encodeQuery } from '#core/dns/codec/encode.ts';

const aQuery = (url: string, manner?: 'get'): Query => {
  const server = parseServer(url);
  if (!server) throw new Error(`expected a server, got ${url}`);
  const question = { name: 'www.example.com', type: 1, recursionDesired: true };
  return { kind: 'query', server, transport: 'https', ...question, ...(manner ? { manner } : {}) };
};

it('POSTs the message with an id of 0', () => {
  const query = aQuery('https://dns.example/dns-query');
  expect(dohRequest(query)).toEqual({
    method: 'POST',
    url: 'https://dns.example/dns-query',
    body: encodeQuery({ ...query, id: 0 }),
  });
});

it('GETs as the example of RFC 8484 section 4.1.1 does, behind what the URL asks already', () => {
  const dns = 'dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB';
  const { method, url } = dohRequest(aQuery('https://dns.example/dns-query', 'get'));
  expect([method, url]).toEqual(['GET', `https://dns.example/dns-query?${dns}`]);
  expect(dohRequest(aQuery('https://dns.example/q?ct=x', 'get')).url).toBe(
    `https://dns.example/q?ct=x&${dns}`,
  );
});

it.each([
  ['max-age=60', 60],
  ['private, max-age=0', 0],
  ['s-maxage=5', undefined],
  ['no-store', undefined],
  [undefined, undefined],
])('of Cache-Control %j the age is %j', (cacheControl, maxAgeS) => {
  expect(httpFacts(200, 'HTTP/2', { cacheControl })).toEqual({
    status: 200,
    version: 'HTTP/2',
    ...(maxAgeS === undefined ? {} : { maxAgeS }),
  });
});
