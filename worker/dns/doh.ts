import { DNS_MESSAGE, dohRequest, httpFacts } from '#core/dns/asking/doh.ts';
import type { Query, QueryExchange } from '#core/dns/asking/exchange.ts';
import { MESSAGE_BYTES_MAX } from '#core/dns/codec/message.ts';
import { boundedBytes } from './bounded-bytes.ts';

export type DohReply = Pick<QueryExchange, 'reply' | 'http'>;

/** Asks over HTTP. Rejects when there is no HTTP answer. */
export async function askOverHttp(query: Query, signal: AbortSignal): Promise<DohReply> {
  const { method, url, body } = dohRequest(query);
  const response = await fetch(url, {
    method,
    headers: { accept: DNS_MESSAGE, ...(body ? { 'content-type': DNS_MESSAGE } : {}) },
    ...(body ? { body } : { cache: 'no-store' as const }),
    redirect: 'manual',
    signal,
  });
  const { status, headers } = response;
  const http = httpFacts(status, 'unknown', {
    contentType: headers.get('content-type') ?? undefined,
    cacheControl: headers.get('cache-control') ?? undefined,
  });
  if (status !== 200) {
    await response.body?.cancel();
    return { http };
  }
  const reply = await boundedBytes(response.body, MESSAGE_BYTES_MAX);
  return { http, ...(reply ? { reply } : {}) };
}
