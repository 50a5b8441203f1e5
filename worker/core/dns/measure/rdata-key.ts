import type { Rdata } from '../codec/rdata.ts';

/** A text that is equal for equal data, to compare sets by: nobody reads it. Names in it keep no case (RFC 4343). */
export function rdataKey(rdata: Rdata): string {
  const names = new Set(['target', 'exchange', 'primary', 'mailbox', 'signer', 'next', 'replacement']);
  return JSON.stringify(rdata, (key, value: unknown) => {
    if (value instanceof Uint8Array) return [...value].join(',');
    return typeof value === 'string' && names.has(key) ? value.toLowerCase() : value;
  });
}
