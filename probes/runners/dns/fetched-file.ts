import { createHash } from 'node:crypto';
import { FILE_BYTES_MAX, type Fetch, type FetchExchange } from '#core/dns/asking/exchange.ts';
import { errorCode } from '../../log.ts';
import { AskError } from './trouble.ts';

export type FetchedFile = Pick<FetchExchange, 'body' | 'sha256' | 'status'>;

/** Fetches a file, following redirects; its body only with a 200. Rejects when there is no HTTP answer or it is too long. */
export async function fetchFile({ url }: Fetch, signal: AbortSignal): Promise<FetchedFile> {
  // A connection kept from before may be dead, and would outlive the run.
  const response = await fetch(url, { signal, headers: { connection: 'close' } }).catch(asPublishers);
  const { status } = response;
  if (status !== 200) {
    await response.body?.cancel();
    return { status };
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    // Leaving the loop cancels the rest.
    if (bytes > FILE_BYTES_MAX)
      throw new AskError({
        class: 'HTTP_STATUS',
        message: `HTTP 200 with more than the ${FILE_BYTES_MAX} octets that are read of a file`,
      });
    chunks.push(chunk);
  }
  const body = new Uint8Array(Buffer.concat(chunks));
  return { status, body, sha256: createHash('sha256').update(body).digest('hex') };
}

/** A site that nobody can find, or that sends everybody in circles, is its publisher's doing: customers cannot have the file. */
function asPublishers(error: unknown): never {
  const { cause } = error as Error;
  const message = cause instanceof Error ? cause.message : '';
  if (errorCode(cause) === 'ENOTFOUND') throw new AskError({ class: 'CONN_REFUSED', message });
  if (message === 'redirect count exceeded') throw new AskError({ class: 'HTTP_STATUS', message });
  throw error;
}
