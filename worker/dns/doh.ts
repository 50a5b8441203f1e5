import { encodeQuery } from '#core/dns/codec/encode.ts';
import type { Query, QueryExchange } from '#core/dns/asking/exchange.ts';

/** Octets of a DNS message at most (RFC 8484 section 6). */
const MESSAGE_BYTES_MAX = 65_535;
const DNS_MESSAGE = 'application/dns-message';

export type DohReply = Pick<QueryExchange, 'reply' | 'http'>;

/**
 * Asks over HTTP in wire format: POST, which no cache answers, or GET without caches (RFC 8484 section 4.1). The JSON forms
 * have no sizes. Rejects when there is no HTTP answer.
 */
export async function askOverHttp(query: Query, signal: AbortSignal): Promise<DohReply> {
  // An id of 0 is what caches like (RFC 8484 section 4.1).
  const message = encodeQuery({ ...query, id: 0 });
  const response =
    query.manner === 'get'
      ? await get(query.server.url, message, signal)
      : await post(query.server.url, message, signal);
  const contentType = response.headers.get('content-type') ?? undefined;
  const maxAgeS = /(?:^|[,\s])max-age=(\d{1,9})/i.exec(response.headers.get('cache-control') ?? '')?.[1];
  const http = {
    status: response.status,
    version: 'unknown',
    ...(contentType === undefined ? {} : { contentType }),
    ...(maxAgeS === undefined ? {} : { maxAgeS: Number(maxAgeS) }),
  };
  if (response.status !== 200) {
    await response.body?.cancel();
    return { http };
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { http, ...(bytes.length > MESSAGE_BYTES_MAX ? {} : { reply: bytes }) };
}

function post(url: string, message: Uint8Array, signal: AbortSignal): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': DNS_MESSAGE, accept: DNS_MESSAGE },
    body: message,
    redirect: 'manual',
    signal,
  });
}

function get(url: string, message: Uint8Array, signal: AbortSignal): Promise<Response> {
  const address = new URL(url);
  address.searchParams.set('dns', base64url(message));
  return fetch(address, {
    headers: { accept: DNS_MESSAGE },
    redirect: 'manual',
    cache: 'no-store',
    signal,
  });
}

/** RFC 4648 section 5, without padding. */
function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}
