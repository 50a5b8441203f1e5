import type { Query, Trouble } from '../asking/exchange.ts';
import type { OutcomeClass } from '../asking/outcome.ts';
import type { Message } from '../codec/message.ts';
import { isSubdomain, sameName } from '../codec/name.ts';
import { CLASS, RCODE, RR_TYPES } from '../codec/registry.ts';
import { chainOf } from './rrset.ts';

/** As much of a question as its reply is judged by. */
type Asked = Pick<Query, 'name' | 'type' | 'class'>;

/** A question for every type a name has (RFC 8482). */
const ANY_TYPE = 255;
/** What proves in a signed zone that there is nothing. */
const PROOF_TYPES: ReadonlySet<number> = new Set([RR_TYPES.NSEC, RR_TYPES.NSEC3, RR_TYPES.RRSIG]);

/**
 * The class of what came of a question: one word, from the reply alone. What is none of the known shapes is `MALFORMED`,
 * never an answer. `DNSSEC_BOGUS` needs a second question (E9) and `LAME` the server's role: see `lameOutcome`.
 */
export function classify(
  query: Asked,
  message: Message | undefined,
  trouble: Trouble | undefined,
): OutcomeClass {
  if (trouble) return trouble.class;
  if (!message?.response || !repeatsQuestion(query, message)) return 'MALFORMED';
  switch (message.rcode) {
    case RCODE.NOERROR:
      return message.truncated ? ofTruncated(message) : ofNoError(query, message);
    case RCODE.NXDOMAIN:
      return isUnreadable(message, ['question', 'answer']) ? 'MALFORMED' : 'NXDOMAIN';
    case RCODE.SERVFAIL:
      return message.answers.some(({ type }) => type === RR_TYPES.CNAME) ? 'CHAIN_LIMIT' : 'SERVFAIL';
    case RCODE.REFUSED:
      return 'REFUSED';
    case RCODE.FORMERR:
      return 'FORMERR';
    case RCODE.NOTIMP:
      return 'NOTIMP';
    case RCODE.BADVERS:
      return 'BADVERS';
    default:
      return 'OTHER_RCODE';
  }
}

/**
 * The class of a reply from a server that is listed for the zone: `LAME` where it does not speak for it (RFC 9499): it
 * refuses, refers elsewhere, or answers without AA. A referral to a zone below is no lameness: the name is not in this zone.
 */
export function lameOutcome(message: Message | undefined, outcome: OutcomeClass, zone: string): OutcomeClass {
  switch (outcome) {
    case 'REFUSED':
    case 'UPWARD_REFERRAL':
      return 'LAME';
    case 'REFERRAL': {
      const cut = message?.authorities.find(({ type }) => type === RR_TYPES.NS);
      const isBelow = cut && isSubdomain(cut.name, zone) && !sameName(cut.name, zone);
      return isBelow ? outcome : 'LAME';
    }
    case 'ANSWER':
    case 'NODATA':
    case 'NXDOMAIN':
    case 'DANGLING_CNAME':
      return message?.authoritative === true ? outcome : 'LAME';
    default:
      return outcome;
  }
}

/** Without a question only an error is taken for a reply: servers that cannot read a question do not repeat it. */
function repeatsQuestion(query: Asked, message: Message): boolean {
  if (isUnreadable(message, ['question'])) return false;
  const [question, ...others] = message.questions;
  if (!question) return message.rcode !== RCODE.NOERROR && message.rcode !== RCODE.NXDOMAIN;
  return (
    others.length === 0 &&
    question.type === query.type &&
    question.class === (query.class ?? CLASS.IN) &&
    sameName(question.name, query.name)
  );
}

/** The records of a truncated reply are not gone by (RFC 2181 section 9): whether the last is cut off does not matter. */
function ofTruncated({ answers, counts }: Message): OutcomeClass {
  return answers.length > 0 || counts.answers > 0 ? 'PARTIAL' : 'EMPTY_TRUNCATED';
}

function ofNoError(query: Asked, message: Message): OutcomeClass {
  if (isUnreadable(message, ['answer'])) return 'MALFORMED';
  const asked = query.class ?? CLASS.IN;
  const { aliases, looped, target, records } = chainOf(message, query.name, query.type);
  const found =
    query.type === ANY_TYPE ? message.answers.filter(({ name }) => sameName(name, query.name)) : records;
  if (found.some((record) => record.rdata.kind === 'malformed' || record.class !== asked)) return 'MALFORMED';
  if (found.length > 0) return 'ANSWER';
  if (message.answers.length > 0 && aliases.length === 0) return 'MALFORMED';
  if (looped) return 'DANGLING_CNAME';
  // Which of the classes without records it is, only what comes after the answers tells, and OPT has a part of the RCODE.
  if (isUnreadable(message, ['authority', 'additional'])) return 'MALFORMED';
  if (message.authorities.some(({ type }) => type === RR_TYPES.SOA)) return 'NODATA';
  if (aliases.length > 0) return 'DANGLING_CNAME';
  const cut = message.authorities.find(({ type }) => type === RR_TYPES.NS);
  // RFC 2308 section 2.2: neither SOA nor NS is NODATA of type 3.
  if (!cut) return message.authorities.length === 0 ? 'NODATA' : ofOddAuthority(message);
  if (!isSubdomain(target, cut.name)) return 'MALFORMED';
  return cut.name === '.' ? 'UPWARD_REFERRAL' : 'REFERRAL';
}

/** Proofs of absence without their SOA still say that there is nothing; anything else says nothing known. */
function ofOddAuthority({ authorities }: Message): OutcomeClass {
  return authorities.every(({ type }) => PROOF_TYPES.has(type)) ? 'NODATA' : 'MALFORMED';
}

type Section = Message['errors'][number]['section'];

function isUnreadable({ errors }: Message, sections: readonly Section[]): boolean {
  return errors.some(({ section }) => sections.includes(section));
}
