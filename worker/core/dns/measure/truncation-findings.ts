import type { Answered } from '../asking/inquiry.ts';
import { outcomeWords } from '../asking/outcome-words.ts';
import type { OutcomeClass } from '../asking/outcome.ts';
import { OFFERED_BYTES } from '../asking/question.ts';
import type { Message } from '../codec/message.ts';
import { canonicalRdata } from '../codec/present.ts';
import { typeName } from '../codec/registry.ts';
import type { Finding, FindingSeverity } from '../findings/finding.ts';
import { countText } from '../findings/telling.ts';
import type { Limits } from './limits.ts';
import { chainOf } from './rrset.ts';
import { floorBytes, OPT_BYTES, PLAIN_UDP_BYTES, wireBytes } from './size.ts';
import { truncationOf } from './truncation.ts';

/** One question as one server answered it in every way it was put; what could not be measured is left out. */
export type Seen = {
  name: string;
  type: number;
  limits: Limits;
  subject: string;
  /** UDP without EDNS, with it, and with DO; then the stream, and with DO. */
  u0?: Answered | undefined;
  u1?: Answered | undefined;
  u1d?: Answered | undefined;
  t?: Answered | undefined;
  td?: Answered | undefined;
  /** The answer is a part of a pool, another one each time. */
  rotates: boolean;
};

/** B3, B6 and B7 of one server, and B11, which is the same with DO. */
export function truncationFindings(seen: Seen): Finding[] {
  return [
    ...plainFindings(seen),
    ...ednsFindings(seen, { udp: seen.u1, stream: seen.t, id: 'B6', sizeId: 'B3', how: 'with EDNS 1232' }),
    ...ednsFindings(seen, {
      udp: seen.u1d,
      stream: seen.td,
      id: 'B11',
      sizeId: 'B11',
      how: 'with EDNS 1232 and signatures asked for',
    }),
    ...streamFindings(seen),
    ...fallbackFindings(seen),
  ];
}

/** B6 without EDNS: cut to a part it is a warning, for the client asks again; emptied it leaves nothing to those that do not. */
function plainFindings(seen: Seen): Finding[] {
  const message = seen.u0?.message;
  if (!message?.truncated) return unsaidCut(seen, seen.u0, seen.t, 'B6', 'without EDNS');
  const whole = [seen.t, seen.u1].find(isWhole)?.message;
  if (whole && neededBytes(whole) <= PLAIN_UDP_BYTES)
    return [slipped(seen, 'B6', 'without EDNS', neededBytes(whole))];
  const { style, records } = truncationOf(message);
  const left =
    style === 'empty'
      ? 'and left empty: a client that does not ask again over TCP takes it that there is no such data'
      : `to ${countText(records, 'record')}: a client that does not ask again over TCP takes these for all`;
  return [
    finding(seen, 'B6', style === 'empty' ? 'fail' : 'warn', `truncated without EDNS ${left}`, {
      records,
      wireBytes: wireBytes(message),
    }),
  ];
}

type EdnsWay = {
  udp: Answered | undefined;
  stream: Answered | undefined;
  id: 'B6' | 'B11';
  sizeId: 'B3' | 'B11';
  how: string;
};

function ednsFindings(seen: Seen, { udp, stream, id, sizeId, how }: EdnsWay): Finding[] {
  const message = udp?.message;
  const limitBytes = seen.limits.wireFailBytes;
  if (message?.truncated) {
    const whole = isWhole(stream) ? stream.message : undefined;
    if (whole && neededBytes(whole) + OPT_BYTES <= OFFERED_BYTES)
      return [slipped(seen, id, how, neededBytes(whole))];
    const { records } = truncationOf(message);
    return [
      finding(
        seen,
        id,
        'fail',
        `truncated ${how}${whole ? `, whole it has ${wireBytes(whole)} octets` : ''}: resolvers must ask again over TCP`,
        { records, ...(whole ? { wireBytes: wireBytes(whole) } : {}), offeredBytes: OFFERED_BYTES },
      ),
    ];
  }
  const cut = unsaidCut(seen, udp, stream, id, how);
  // Without UDP the least that the message would have there is known: the answer and OPT.
  const bytes = message ? wireBytes(message) : leastBytes(stream);
  if (bytes <= limitBytes) return cut;
  return [
    ...cut,
    finding(
      seen,
      sizeId,
      'fail',
      `${message ? '' : 'at least '}${bytes} octets ${how}, over ${limitBytes}: it is cut into fragments, which are dropped on the way, or truncated`,
      { wireBytes: bytes, limitBytes },
    ),
  ];
}

/**
 * B6 without its sign: fewer records over UDP than over the stream and no TC, as a middlebox leaves it that cuts answers to
 * what it knows (reference: dns, section 0, finding 1). Whoever asks takes the part for the whole.
 */
function unsaidCut(
  seen: Seen,
  udp: Answered | undefined,
  stream: Answered | undefined,
  id: 'B6' | 'B11',
  how: string,
): Finding[] {
  if (seen.rotates || !udp?.message || udp.message.truncated || stream?.outcome !== 'ANSWER') return [];
  if (!stream.message || (udp.outcome !== 'ANSWER' && udp.outcome !== 'NODATA')) return [];
  const records = new Set(keysOf(udp.message, seen)).size;
  const ofRecords = new Set(keysOf(stream.message, seen)).size;
  if (records >= ofRecords) return [];
  return [
    finding(
      seen,
      id,
      'fail',
      `${records} of ${countText(ofRecords, 'record')} ${how}, and no TC to say so: nobody asks again, and clients take it for all`,
      { records, ofRecords },
    ),
  ];
}

/** What cannot be left out: the answer, or without one the proof that there is none. */
function neededBytes(whole: Message): number {
  return whole.answers.length > 0 ? floorBytes(whole) : wireBytes(whole) - (whole.opt?.bytes ?? 0);
}

function leastBytes(stream: Answered | undefined): number {
  return isWhole(stream) ? floorBytes(stream.message) + OPT_BYTES : 0;
}

/** TC on a stream has no meaning (RFC 2181 section 9): there is nothing to fall back to. */
function streamFindings(seen: Seen): Finding[] {
  if (![seen.t, seen.td].some((one) => one?.message?.truncated)) return [];
  return [finding(seen, 'B6', 'fail', 'truncated even over TCP: nobody can get the whole answer', {})];
}

/** B7: what was truncated must be had whole over a stream, with every record that was in the truncated part. */
export function fallbackFindings(seen: Seen): Finding[] {
  const ways = [
    { udp: [seen.u0, seen.u1], stream: seen.t },
    { udp: [seen.u1d], stream: seen.td },
  ];
  return ways.flatMap(({ udp, stream }) => {
    const truncated = udp.flatMap((one) => (one?.message?.truncated ? [one.message] : []));
    return truncated.length > 0 && stream ? fallbackFinding(seen, truncated, stream) : [];
  });
}

/** Whole replies without records of the type: whether there should be some is not for a size to say. */
const DENIALS: ReadonlySet<OutcomeClass> = new Set(['NODATA', 'NXDOMAIN', 'DANGLING_CNAME']);

function fallbackFinding(seen: Seen, truncated: readonly Message[], stream: Answered): Finding[] {
  const { trouble } = stream.exchange;
  const parts = new Set(truncated.flatMap((part) => keysOf(part, seen)));
  // A truncated denial is denied over TCP too; what has records must be answered.
  const isEnough = stream.outcome === 'ANSWER' || (parts.size === 0 && DENIALS.has(stream.outcome));
  if (!stream.message || !isEnough)
    return [
      {
        ...finding(
          seen,
          'B7',
          'fail',
          `truncated over UDP, and over TCP comes ${outcomeWords(stream.outcome)}${trouble ? ` (${trouble.message})` : ''}: the answer cannot be had`,
          {},
        ),
        outcome: stream.outcome,
      },
    ];
  if (seen.rotates) return [];
  const whole = new Set(keysOf(stream.message, seen));
  const missing = [...parts].filter((key) => !whole.has(key));
  if (missing.length === 0) return [];
  return [
    finding(
      seen,
      'B7',
      'fail',
      `${countText(missing.length, 'record')} of the truncated answer ${missing.length === 1 ? 'is' : 'are'} not in the one over TCP`,
      { missingRecords: missing.length },
    ),
  ];
}

function keysOf(message: Message, { name, type }: Seen): string[] {
  return chainOf(message, name, type).records.map(({ rdata }) => canonicalRdata(rdata));
}

/** A small answer with TC is a rate limit's doing (response rate limiting "slips" such ones), not its size's. */
function slipped(seen: Seen, id: 'B6' | 'B11', how: string, bytes: number): Finding {
  return finding(
    seen,
    id,
    'warn',
    `truncated ${how} although its ${bytes} octets fit: the server limits our rate, or truncates early`,
    { floorBytes: bytes },
  );
}

/** Replies that speak of the name: an error of a few octets is no whole answer. */
const SPEAKS: ReadonlySet<OutcomeClass> = new Set(['ANSWER', ...DENIALS]);

function isWhole(answered: Answered | undefined): answered is Answered & { message: Message } {
  return answered?.message?.truncated === false && SPEAKS.has(answered.outcome);
}

function finding(
  { type, subject }: Seen,
  id: Finding['id'],
  severity: FindingSeverity,
  text: string,
  figures: Record<string, number>,
): Finding {
  return { id, severity, subject, message: `${typeName(type)}: ${text}.`, figures };
}
