import type { Inquiry } from './aspect.ts';
import type { StoredExchange } from './evidence.ts';
import type { Finding } from './finding.ts';

/** Questions and answers as they are kept: the raw replies behind findings and of required types first. */
export function storedExchanges(_inquiry: Inquiry, _findings: readonly Finding[]): StoredExchange[] {
  return [];
}
