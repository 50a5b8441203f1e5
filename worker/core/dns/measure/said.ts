import type { Audience } from '../asking/audience.ts';
import type { Answered, Inquiry } from '../asking/inquiry.ts';
import { canonicalRdata } from '../codec/present.ts';
import { isSubdomain } from '../codec/name.ts';
import { chainOf } from './rrset.ts';
import type { OutcomeClass } from '../asking/outcome.ts';
import { queriesTo, type Asked } from '../asking/question.ts';
import type { Server } from '../asking/server.ts';

/** Nothing came back, whatever was sent. */
const SILENCE: ReadonlySet<OutcomeClass> = new Set([
  'TIMEOUT',
  'CONN_REFUSED',
  'CONN_RESET',
  'TLS_FAIL',
  'HTTP_STATUS',
]);
const TRUNCATED: ReadonlySet<OutcomeClass> = new Set(['PARTIAL', 'EMPTY_TRUNCATED']);
/** Nobody can tell from here whose doing it is. */
const UNMEASURED: ReadonlySet<OutcomeClass> = new Set(['NOT_MEASURABLE', 'CONNECT_FAILED_OR_BLOCKED']);

export const isSilence = (outcome: OutcomeClass): boolean => SILENCE.has(outcome);
export const isTruncated = (outcome: OutcomeClass): boolean => TRUNCATED.has(outcome);

/** Whether it says anything of the server: not when it is our own doing, or nobody can tell. */
export function isMeasured({ exchange, outcome }: Answered): boolean {
  return exchange.trouble?.probeFault !== true && !UNMEASURED.has(outcome);
}

/** What a server says to one question over all its transports. `answered` is the reply, or the silence, that it is taken from. */
export type Said = { server: Server; outcome: OutcomeClass; answered: Answered };

/**
 * What a server says over all its transports, taken at its worst: a reply that is no answer counts before one that is, a
 * truncated one only when there is no whole one, silence only when nothing came at all. `undefined` of what was not measured.
 */
function saidBy(inquiry: Inquiry, asked: Asked): Said | undefined {
  const all = queriesTo(inquiry, asked)
    .flatMap((query) => inquiry.find(query) ?? [])
    .filter(isMeasured);
  const replies = all.filter(({ outcome }) => !isSilence(outcome));
  const whole = replies.filter(({ outcome }) => !isTruncated(outcome));
  const answered = whole.find(({ outcome }) => outcome !== 'ANSWER') ?? whole[0] ?? replies[0] ?? all[0];
  return answered && { server: asked.server, outcome: answered.outcome, answered };
}

/** What each of them says of a name and a type: only of those that could be measured. */
export function allSaid(
  inquiry: Inquiry,
  { servers, recursionDesired }: Audience,
  name: string,
  type: number,
): Said[] {
  return servers.flatMap((server) => saidBy(inquiry, { server, name, type, recursionDesired }) ?? []);
}

/**
 * Whether a server of the zone has said all it can: it answers, or gives an alias that leads out of the zone, to where only a
 * resolver follows.
 */
export function isOwnAnswer({ outcome, answered }: Said, zone: string | undefined): boolean {
  if (outcome === 'ANSWER') return true;
  const { message, query } = answered;
  if (outcome !== 'DANGLING_CNAME' || !message || zone === undefined) return false;
  const { aliases, looped, target } = chainOf(message, query.name, query.type);
  return aliases.length > 0 && !looped && !isSubdomain(target, zone);
}

/** The records of an answer without regard to order, in the spelling they are compared by; `undefined` unless it is whole. */
export function setOf({ message, outcome, query }: Answered): string[] | undefined {
  if (!message || outcome !== 'ANSWER') return undefined;
  const { records } = chainOf(message, query.name, query.type);
  return [...new Set(records.map(({ rdata }) => canonicalRdata(rdata)))].toSorted();
}

/** One bad of many is seen; half of them or more is what most people meet (reference: dns, section 1.3, A6). */
export function shareSeverity(bad: number, all: number): 'warn' | 'fail' {
  return bad * 2 >= all ? 'fail' : 'warn';
}
