import type { Audience } from '../asking/audience.ts';
import type { Answered, Inquiry, Vantage } from '../asking/inquiry.ts';
import type { OutcomeClass } from '../asking/outcome.ts';
import { queriesTo, type Asked } from '../asking/question.ts';
import type { Server } from '../asking/server.ts';
import { sameName, type Name } from '../codec/name.ts';
import { canonicalRdata } from '../codec/present.ts';
import { isBad, type Finding } from '../findings/finding.ts';
import { chainOf } from './rrset.ts';

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

/**
 * Whether there was no reply over a stream, and UDP, which everybody else asks such a server over, is not to be had here: many
 * a firewall lets only UDP pass. A2 tells that; nothing is known of whether the server answers.
 */
export function isOnlyStreamSilence(vantage: Vantage, { query, message, outcome }: Answered): boolean {
  return (
    query.server.scheme === 'dns' &&
    !vantage.transports.includes('udp') &&
    message === undefined &&
    isSilence(outcome)
  );
}

/** Whether a server has been asked and has not said a word so far. */
export function isMute({ answered }: Pick<Inquiry, 'answered'>, { url }: Server): boolean {
  const asked = answered.filter((one) => one.query.server.url === url && isMeasured(one));
  return asked.length > 0 && asked.every(({ message }) => message === undefined);
}

/** In their order, but for those that have not said a word so far: whoever waits for these waits for every one in turn. */
export function speakingFirst(inquiry: Pick<Inquiry, 'answered'>, servers: readonly Server[]): Server[] {
  const mute = servers.filter((server) => isMute(inquiry, server));
  return [...servers.filter((server) => !mute.includes(server)), ...mute];
}

/** What a server says to one question over all its transports. `answered` is the reply, or the silence, that it is taken from. */
export type Said = { server: Server; outcome: OutcomeClass; answered: Answered };

/**
 * What a server says over all its transports, taken at its worst: a reply that is no answer counts before one that is, a
 * truncated one only when there is no whole one, silence only when nothing came at all. `undefined` of what was not measured,
 * and of a silence that is no more than a stream's.
 */
function saidBy(inquiry: Inquiry, asked: Asked): Said | undefined {
  const all = queriesTo(inquiry, asked)
    .flatMap((query) => inquiry.find(query) ?? [])
    .filter(isMeasured);
  const replies = all.filter(({ outcome }) => !isSilence(outcome));
  const whole = replies.filter(({ outcome }) => !isTruncated(outcome));
  const answered = whole.find(({ outcome }) => outcome !== 'ANSWER') ?? whole[0] ?? replies[0] ?? all[0];
  if (!answered || isOnlyStreamSilence(inquiry.vantage, answered)) return undefined;
  return { server: asked.server, outcome: answered.outcome, answered };
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
 * Whether somebody has said all that is his to say: an answer, or of a server of the zone an alias that it does not follow to
 * the end, as only a resolver does. The target is then in another zone, one below this one too, or further down a chain than
 * the server goes (Knot: 5). Of a target that is not there the server would say so.
 */
export function isOwnAnswer({ outcome, answered }: Pick<Said, 'outcome' | 'answered'>): boolean {
  if (outcome === 'ANSWER') return true;
  const { message, query } = answered;
  if (outcome !== 'DANGLING_CNAME' || !message || query.recursionDesired) return false;
  const { aliases, looped } = chainOf(message, query.name, query.type);
  return aliases.length > 0 && !looped;
}

/** The records of an answer without regard to order, in the spelling they are compared by; `undefined` unless it is whole. */
export function setOf({ message, outcome, query }: Answered): string[] | undefined {
  if (!message || outcome !== 'ANSWER') return undefined;
  const { records } = chainOf(message, query.name, query.type);
  return [...new Set(records.map(({ rdata }) => canonicalRdata(rdata)))].toSorted();
}

/**
 * Whether one server gives different records from question to question over one transport: a rotation that nobody has
 * declared, or machines behind one address that differ. What differs so is no server's or transport's own.
 */
export function changesByItself({ answered }: Inquiry, { url }: Server, name: Name, type: number): boolean {
  const sets = new Map<string, Set<string>>();
  for (const one of answered) {
    const { server, transport } = one.query;
    if (server.url !== url || one.query.type !== type || !sameName(one.query.name, name)) continue;
    const set = one.message?.truncated === false ? setOf(one) : undefined;
    if (set) sets.set(transport, (sets.get(transport) ?? new Set()).add(set.join('\n')));
  }
  return [...sets.values()].some(({ size }) => size > 1);
}

/** One bad of many is seen; half of them or more is what most people meet (reference: dns, section 1.3, A6). */
export function shareSeverity(bad: number, all: number): 'warn' | 'fail' {
  return bad * 2 >= all ? 'fail' : 'warn';
}

/** Findings each of one server of so many: as bad as their share, where they fail. */
export function ofMany(findings: readonly Finding[], all: number): Finding[] {
  const bad = new Set(findings.filter(isBad).map(({ subject }) => subject)).size;
  return findings.map((finding) =>
    finding.severity === 'fail' ? { ...finding, severity: shareSeverity(bad, all) } : finding,
  );
}
