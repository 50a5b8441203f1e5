import type { OutcomeClass } from './outcome.ts';

const WORDS: Record<OutcomeClass, string> = {
  ANSWER: 'an answer',
  PARTIAL: 'a part of the records, truncated',
  EMPTY_TRUNCATED: 'a truncated reply without records',
  NODATA: 'no record of that type (NODATA)',
  NXDOMAIN: 'no such name (NXDOMAIN)',
  DANGLING_CNAME: 'an alias to a name without such records',
  CHAIN_LIMIT: 'SERVFAIL within a chain of aliases',
  REFERRAL: 'a referral instead of an answer',
  UPWARD_REFERRAL: 'a referral to the root',
  LAME: 'a server that does not serve the zone',
  SERVFAIL: 'SERVFAIL',
  DNSSEC_BOGUS: 'SERVFAIL by a failed DNSSEC validation',
  REFUSED: 'REFUSED',
  FORMERR: 'FORMERR',
  NOTIMP: 'NOTIMP',
  BADVERS: 'BADVERS',
  OTHER_RCODE: 'an error of an unusual code',
  MALFORMED: 'a reply that cannot be read',
  TIMEOUT: 'no reply in time',
  CONN_REFUSED: 'a refused connection',
  CONN_RESET: 'a broken connection',
  CONNECT_FAILED_OR_BLOCKED: 'no connection, refused or not allowed from here',
  TLS_FAIL: 'a failed TLS handshake',
  HTTP_STATUS: 'an HTTP error',
  NOT_MEASURABLE: 'nothing that could be measured from here',
};

/** An outcome as the end of “…: got”. */
export function outcomeWords(outcome: OutcomeClass): string {
  return WORDS[outcome];
}
