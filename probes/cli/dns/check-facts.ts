import type { Answered, Inquiry } from '#core/dns/asking/inquiry.ts';
import { outcomeWords } from '#core/dns/asking/outcome-words.ts';
import type { OutcomeClass } from '#core/dns/asking/outcome.ts';
import type { Way } from '#core/dns/asking/question.ts';
import { chosenProfiles } from '#core/dns/clients/catalogue.ts';
import { predict, type SeenStyle } from '#core/dns/clients/predict.ts';
import type { Prediction } from '#core/dns/clients/profile.ts';
import { presentRecord } from '#core/dns/codec/present.ts';
import { nearestTimeS } from '#core/dns/codec/serial.ts';
import { countText, grouped, listText, serverText } from '#core/dns/findings/telling.ts';
import { chainOf } from '#core/dns/measure/rrset.ts';
import { floorBytes, headroomOf, PLAIN_UDP_BYTES, wireBytes, type Headroom } from '#core/dns/measure/size.ts';
import { truncationOf } from '#core/dns/measure/truncation.ts';
import { answeredBy, largest, wholesOf } from '#core/dns/measure/whole.ts';
import { MS_PER_SECOND } from '#core/units.ts';

/** A kind of client that would not get the answer whole. */
export type LostClient = { id: string; title: string; prediction: Prediction };

/** What one whole answer of a type is, and for whom it is too big. */
export type AnswerFacts = {
  outcome: OutcomeClass;
  /** Who gave it, and whether that is a server of the zone. */
  by: string;
  ofAuthority: boolean;
  records: number;
  /** The answer's records as a zone file has them. */
  lines: string[];
  floorBytes: number;
  wireBytes: number;
  plainRoom: Headroom;
  ednsRoom: Headroom;
  chain: number;
  target: string;
  ttlS?: number | undefined;
  clients: number;
  lost: LostClient[];
};

/** What was learnt of one type, as far as it was. */
export type TypeFacts = {
  type: number;
  answer?: AnswerFacts | undefined;
  /** What each way of asking the zone's own servers brought, in words; those that say the same together. */
  ways: { way: Way; said: { text: string; servers: string[] }[] }[];
  /** What the resolvers say when there is no whole answer. */
  heard: string[];
};

export type CheckFacts = {
  name: string;
  zone?: string | undefined;
  authorities?: string[] | undefined;
  resolvers: string[];
  types: TypeFacts[];
  /** When the first of all signatures seen ends, epoch ms; none were seen without it. */
  signedUntilMs?: number | undefined;
  questions: number;
  durationMs: number;
};

const WAYS = ['U0', 'U1', 'T'] as const satisfies readonly Way[];

/** The facts of a check that people ask for first. */
export function checkFacts(inquiry: Inquiry, durationMs: number): CheckFacts {
  const { settings, zone, authorities, exchanges, answered } = inquiry;
  return {
    name: settings.name,
    zone,
    authorities: authorities?.map(serverText),
    resolvers: settings.resolvers.map(serverText),
    types: [...settings.types, ...settings.optionalTypes].map((type) => typeFacts(inquiry, type)),
    signedUntilMs: signedUntilMs(answered, inquiry.nowMs),
    questions: exchanges.length,
    durationMs,
  };
}

function typeFacts(inquiry: Inquiry, type: number): TypeFacts {
  const { settings, authorities = [] } = inquiry;
  const asked = (server: (typeof authorities)[number]) => ({
    server,
    name: settings.name,
    type,
    recursionDesired: false,
  });
  return {
    type,
    answer: answerFacts(inquiry, type),
    ways: WAYS.map((way) => ({
      way,
      said: grouped(
        authorities.flatMap((server) => {
          const answered = answeredBy(inquiry, way, asked(server));
          return answered ? [{ server, answered }] : [];
        }),
        ({ answered }) => replyText(answered),
      ).map(({ said, items }) => ({ text: said, servers: items.map(({ server }) => serverText(server)) })),
    })),
    heard: grouped(
      inquiry.answered.filter(({ query }) => query.type === type && query.name === settings.name),
      ({ outcome }) => outcomeWords(outcome),
    ).map(
      ({ said, items }) =>
        `${said} (${listText([...new Set(items.map(({ query }) => serverText(query.server)))], 3)})`,
    ),
  };
}

function answerFacts(inquiry: Inquiry, type: number): AnswerFacts | undefined {
  const { settings } = inquiry;
  const { of, wholes } = wholesOf(inquiry, settings.name, type);
  const whole = largest(wholes);
  if (!whole) return undefined;
  const { message, outcome, server } = whole;
  const { aliases, records, target } = chainOf(message, settings.name, type);
  const ttls = [...aliases, ...records].map(({ ttlS }) => ttlS);
  const profiles = Object.entries(chosenProfiles(settings));
  const styleBy = (way: Way): SeenStyle => {
    const asked = { server, name: settings.name, type, recursionDesired: of === 'resolver' };
    const seen = answeredBy(inquiry, way, asked)?.message;
    // Without records it is empty, and so it is taken where nothing was truncated: all measured servers but BIND do that.
    return seen && truncationOf(seen).style === 'partial' ? 'partial' : 'empty';
  };
  return {
    outcome,
    by: serverText(server),
    ofAuthority: of === 'authorities',
    records: records.length,
    lines: message.answers.map(presentRecord),
    floorBytes: floorBytes(message),
    wireBytes: wireBytes(message),
    plainRoom: headroomOf(message, type, PLAIN_UDP_BYTES, { edns: false }),
    ednsRoom: headroomOf(message, type, settings.limits.wireFailBytes, { edns: true }),
    chain: aliases.length,
    target,
    ...(ttls.length === 0 ? {} : { ttlS: Math.min(...ttls) }),
    clients: profiles.length,
    lost:
      records.length === 0
        ? []
        : profiles.flatMap(([id, profile]) => {
            const prediction = predict(profile, message, styleBy(profile.edns ? 'U1' : 'U0'));
            return prediction.outcome === 'OK' ? [] : [{ id, title: profile.title, prediction }];
          }),
  };
}

/** What came of a question put one way, in a few words. */
function replyText({ message, outcome, exchange }: Answered): string {
  if (!message) return outcomeWords(outcome);
  const { name, type } = exchange.task;
  const records = countText(chainOf(message, name, type).records.length, 'record');
  switch (truncationOf(message).style) {
    case 'none':
      return outcome === 'ANSWER' ? `whole, ${records}` : outcomeWords(outcome);
    case 'partial':
      return `cut to ${records} (TC)`;
    case 'empty':
      return 'emptied (TC)';
  }
}

function signedUntilMs(answered: readonly Answered[], nowMs: number): number | undefined {
  const nowS = Math.floor(nowMs / MS_PER_SECOND);
  const ends = answered
    .flatMap(({ message }) => [...(message?.answers ?? []), ...(message?.authorities ?? [])])
    .flatMap(({ rdata }) => (rdata.kind === 'RRSIG' ? [nearestTimeS(rdata.expirationS, nowS)] : []));
  return ends.length === 0 ? undefined : Math.min(...ends) * MS_PER_SECOND;
}
