/**
 * What came of a question, one word each and never collapsed (reference: dns, section 1.2). `NOT_MEASURABLE` is blocked from
 * where it was asked and never counts as down; `CONNECT_FAILED_OR_BLOCKED` is all a Worker can tell of a refused connection.
 */
export const OUTCOME_CLASSES = [
  'ANSWER',
  'PARTIAL',
  'EMPTY_TRUNCATED',
  'NODATA',
  'NXDOMAIN',
  'DANGLING_CNAME',
  'CHAIN_LIMIT',
  'REFERRAL',
  'UPWARD_REFERRAL',
  'LAME',
  'SERVFAIL',
  'DNSSEC_BOGUS',
  'REFUSED',
  'FORMERR',
  'NOTIMP',
  'BADVERS',
  'OTHER_RCODE',
  'MALFORMED',
  'TIMEOUT',
  'CONN_REFUSED',
  'CONN_RESET',
  'CONNECT_FAILED_OR_BLOCKED',
  'TLS_FAIL',
  'HTTP_STATUS',
  'NOT_MEASURABLE',
] as const;
export type OutcomeClass = (typeof OUTCOME_CLASSES)[number];
