import type { Query } from '../asking/exchange.ts';
import type { Answered, Inquiry } from '../asking/inquiry.ts';
import type { OutcomeClass } from '../asking/outcome.ts';
import { askedBy, type Asked, type Way } from '../asking/question.ts';
import type { Server } from '../asking/server.ts';
import type { Message } from '../codec/message.ts';
import { floorBytes } from './size.ts';

/** What became of a question put one way; `undefined` where it was not asked. */
export function answeredBy(inquiry: Inquiry, way: Way, asked: Asked): Answered | undefined {
  const query = askedBy(way, asked, inquiry.vantage);
  return query && inquiry.find(query);
}

/** A whole answer (TC=0) and who gave it. */
export type Whole = { server: Server; message: Message; outcome: OutcomeClass };

/** What a whole answer may be: the server spoke of the name. */
const SPEAKS: ReadonlySet<OutcomeClass> = new Set(['ANSWER', 'NODATA', 'NXDOMAIN', 'DANGLING_CNAME']);

/** The ways of asking without DO and with it, the ones that are whole most surely first. */
const PLAIN_WAYS: readonly Way[] = ['T', 'U1', 'U0'];
const SIGNED_WAYS: readonly Way[] = ['TD', 'U1D'];

/** The whole answer of one server, over a stream or, where it fits, over UDP; `undefined` when none came. */
export function wholeOf(inquiry: Inquiry, asked: Asked, { dnssecOk = false } = {}): Whole | undefined {
  for (const way of dnssecOk ? SIGNED_WAYS : PLAIN_WAYS) {
    const answered = answeredBy(inquiry, way, asked);
    if (answered?.message?.truncated === false && SPEAKS.has(answered.outcome))
      return { server: asked.server, message: answered.message, outcome: answered.outcome };
  }
  return undefined;
}

/** The whole answers that sizes are judged by, and whose they are. */
export type Wholes = { of: 'authorities' | 'resolver'; wholes: Whole[] };

/**
 * Those of the zone's own servers, one a server. Where none could be asked, or the name is an alias that they do not follow to
 * its end, the largest that a resolver gave.
 */
export function wholesOf(inquiry: Inquiry, name: string, type: number): Wholes {
  const own = ownWholes(inquiry, name, type);
  if (own.some(({ outcome }) => outcome !== 'DANGLING_CNAME')) return { of: 'authorities', wholes: own };
  const resolved = largest(
    inquiry.settings.resolvers.flatMap(
      (server) => wholeOf(inquiry, { server, name, type, recursionDesired: true }) ?? [],
    ),
  );
  return resolved ? { of: 'resolver', wholes: [resolved] } : { of: 'authorities', wholes: own };
}

function ownWholes(inquiry: Inquiry, name: string, type: number): Whole[] {
  return (inquiry.authorities ?? []).flatMap(
    (server) => wholeOf(inquiry, { server, name, type, recursionDesired: false }) ?? [],
  );
}

/** The one with the greatest floor, the first of equals. */
export function largest(wholes: readonly Whole[]): Whole | undefined {
  return wholes.reduce<Whole | undefined>(
    (most, whole) => (most && floorBytes(most.message) >= floorBytes(whole.message) ? most : whole),
    undefined,
  );
}

/** What to ask for `wholesOf`: every authority over its stream, and the resolvers once these turn out not to be enough. */
export function wholeTasks(inquiry: Inquiry, name: string, type: number): Query[] {
  const { authorities = [], settings, vantage } = inquiry;
  const own = authorities.flatMap(
    (server) => askedBy('T', { server, name, type, recursionDesired: false }, vantage) ?? [],
  );
  if (!needsResolver(inquiry, own, name, type)) return own;
  return [
    ...own,
    ...settings.resolvers.flatMap(
      (server) => askedBy('T', { server, name, type, recursionDesired: true }, vantage) ?? [],
    ),
  ];
}

/**
 * Whether resolvers must be asked: the zone's own servers are not known (yet), gave nothing, or end with an alias out of their
 * zone. False while their answers are still to come.
 */
function needsResolver(inquiry: Inquiry, own: readonly Query[], name: string, type: number): boolean {
  return (
    own.every((query) => inquiry.find(query) !== undefined) &&
    ownWholes(inquiry, name, type).every(({ outcome }) => outcome === 'DANGLING_CNAME')
  );
}
