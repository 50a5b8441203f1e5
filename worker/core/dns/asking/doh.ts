import { encodeQuery } from '../codec/encode.ts';
import { base64UrlText } from '../codec/octets.ts';
import type { Query, QueryExchange } from './exchange.ts';

/** DNS over HTTPS in wire format (RFC 8484): the JSON forms have no sizes. */
export const DNS_MESSAGE = 'application/dns-message';

export type DohRequest = { method: 'GET' | 'POST'; url: string; body?: Uint8Array | undefined };

/**
 * POST, which no cache answers, or GET for the manner `get` (RFC 8484 section 4.1); the id is 0, which is what caches like.
 * @throws RangeError when the query's name is none
 */
export function dohRequest(query: Query): DohRequest {
  const { url } = query.server;
  const message = encodeQuery({ ...query, id: 0 });
  if (query.manner !== 'get') return { method: 'POST', url, body: message };
  return { method: 'GET', url: `${url}${url.includes('?') ? '&' : '?'}dns=${base64UrlText(message)}` };
}

/** What an HTTP answer says beside its body. */
export function httpFacts(
  status: number,
  version: string,
  { contentType, cacheControl }: { contentType?: string | undefined; cacheControl?: string | undefined },
): NonNullable<QueryExchange['http']> {
  const maxAgeS = /(?:^|[,\s])max-age=(\d{1,9})/i.exec(cacheControl ?? '')?.[1];
  return {
    status,
    version,
    ...(contentType === undefined ? {} : { contentType }),
    ...(maxAgeS === undefined ? {} : { maxAgeS: Number(maxAgeS) }),
  };
}
