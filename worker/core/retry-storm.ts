import { z } from 'zod';
import { median } from './statistics.ts';
import { MS_PER_MINUTE, MS_PER_SECOND, formatMs } from './units.ts';

/** Requests that are kept with their times: whoever sends more has long been judged. */
export const STORM_REQUESTS_MAX = 1_000;
/** More than this is no bound: the storm of 2014 was of 20 to 30 a minute from each client. */
const ALLOWED_MAX = 500;

/** What a client must bear, and what it may send meanwhile. */
export const StormRule = z
  .strictObject({
    /** How its calls are answered: with this status, or not at all. */
    answer: z.union([z.int().min(400).max(599), z.literal('abort')]).default(503),
    /** For how long, from the first call on. */
    forMs: z
      .number()
      .min(100)
      .max(5 * MS_PER_MINUTE),
    /** All calls together that it may send in this time, the first ones included. */
    maxRequests: z.int().min(1).max(ALLOWED_MAX),
    /** Seconds in the answer's `Retry-After` (RFC 9110, section 10.2.3). */
    retryAfterS: z.int().min(0).max(3_600).optional(),
    /** The same path with another query is the same call again: for clients that make each address unique. */
    ignoreQuery: z.boolean().default(false),
  })
  .superRefine((rule, context) => {
    if (rule.answer === 'abort' && rule.retryAfterS !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['retryAfterS'],
        message: 'expected none beside `answer: "abort"`: there is no answer to carry it',
        input: rule.retryAfterS,
      });
  });
export type StormRule = z.output<typeof StormRule>;

/** A request that met a failure. The same call again has the same `key`; `call` is its name for people. */
export type StormRequest = { key: string; call: string; atMs: number };

/** Times of one call closer than this are one attempt: two parts of a page that ask for the same. */
const ATTEMPT_MS = 100;
/** Fewer gaps than this tell nothing of a trend. */
const GAPS_MIN = 3;
/** From so many on, the first ones are compared with the last ones; fewer only with each other. */
const TREND_GAPS_MIN = 6;
/** By how much gaps must grow, or differ while they are few. A wait of "2 to 3 s" differs by less, doubling by more. */
const GROWTH = 1.5;
/** Whoever waits so long between two attempts has backed off, whether it goes on growing or not. */
const BACKED_OFF_MS = 10 * MS_PER_SECOND;
/** A timer may be a little early, and so may the clock that we measure it by. */
const EARLY_MS = 50;

/**
 * Whether a client stays calm while its calls fail. It does not when it sends more than `maxRequests`, when it comes back
 * before `Retry-After` is over, or, without one, when it does not back off: retries are to be spread by randomised
 * exponential backoff (Google, Site Reliability Engineering, chapter 22; Amazon, "Exponential Backoff And Jitter").
 *
 * A call does not back off when its gaps are all alike, with 3 to 5 of them (the longest below 1.5 times the shortest), or
 * when the later half of 6 and more is not longer than the first three: 1.5 times by their medians, or twice by their means.
 * So doubling passes, and so does a client that gives up; fixed waits fail, "2 to 3 s" too. Waits from 10 s on pass. Of 2,000
 * random clients that double with full jitter 1 % are judged wrongly, of those that wait with a tenth of chance none.
 *
 * `overMs`: how long was looked. `evidence`: a line for people.
 */
export function judgeStorm(
  requests: readonly StormRequest[],
  rule: Pick<StormRule, 'maxRequests' | 'retryAfterS'>,
  overMs: number,
): { isCalm: boolean; evidence: string } {
  const calls = callsOf(requests, rule.retryAfterS);
  const restless = calls.filter(({ fault }) => fault !== undefined);
  const isTooMany = requests.length > rule.maxRequests;
  const counted = `${requests.length} ${requests.length === 1 ? 'request' : 'requests'} in ${formatMs(overMs)}`;
  const worst = restless[0] ?? calls[0];
  return {
    isCalm: !isTooMany && restless.length === 0,
    evidence: [
      isTooMany ? `${counted}, at most ${rule.maxRequests} allowed` : counted,
      ...(worst && worst.gapsMs.length > 0 ? [describe(worst)] : []),
      ...(restless.length > 1
        ? [`${restless.length - 1} other ${restless.length === 2 ? 'call' : 'calls'} likewise`]
        : []),
      ...(worst?.gapsMs.length === 0 && calls.length > 1 ? [`${calls.length} different calls`] : []),
    ].join('; '),
  };
}

type Call = { call: string; count: number; gapsMs: number[]; fault?: string | undefined };

/** Each call with its gaps; those sent most often first. */
function callsOf(requests: readonly StormRequest[], retryAfterS: number | undefined): Call[] {
  const byKey = new Map<string, StormRequest[]>();
  for (const request of requests) byKey.set(request.key, [...(byKey.get(request.key) ?? []), request]);
  const calls = [...byKey.values()].map((same): Call => {
    const gapsMs = gapsOf(same.map(({ atMs }) => atMs));
    return { call: same[0]?.call ?? '', count: same.length, gapsMs, fault: faultOf(gapsMs, retryAfterS) };
  });
  return calls.toSorted((a, b) => b.count - a.count);
}

function gapsOf(timesMs: readonly number[]): number[] {
  const attemptsMs: number[] = [];
  for (const atMs of timesMs.toSorted((a, b) => a - b)) {
    const last = attemptsMs.at(-1);
    if (last === undefined || atMs - last >= ATTEMPT_MS) attemptsMs.push(atMs);
  }
  return attemptsMs.slice(1).map((atMs, index) => atMs - (attemptsMs[index] ?? 0));
}

function faultOf(gapsMs: readonly number[], retryAfterS: number | undefined): string | undefined {
  if (retryAfterS === undefined) return backsOff(gapsMs) ? undefined : 'no back-off';
  const isEarly = Math.min(...gapsMs) < retryAfterS * MS_PER_SECOND - EARLY_MS;
  return isEarly ? `asked to wait ${formatMs(retryAfterS * MS_PER_SECOND)}` : undefined;
}

function backsOff(gapsMs: readonly number[]): boolean {
  if (gapsMs.length < GAPS_MIN) return true;
  const later = gapsMs.slice(Math.floor(gapsMs.length / 2));
  if (median(later) >= BACKED_OFF_MS) return true;
  if (gapsMs.length < TREND_GAPS_MIN) return Math.max(...gapsMs) >= GROWTH * Math.min(...gapsMs);
  const first = gapsMs.slice(0, GAPS_MIN);
  return median(later) >= GROWTH * median(first) || mean(later) >= 2 * mean(first);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function describe({ call, count, gapsMs, fault }: Call): string {
  const range = rangeText(Math.min(...gapsMs), Math.max(...gapsMs));
  const gaps = gapsMs.length === 1 ? `a gap of ${range}` : `gaps ${range}`;
  return [`${call}: ${count} times`, gaps, ...(fault === undefined ? [] : [fault])].join(', ');
}

/** `210–260 ms`, `1.0–4.1 s`. */
function rangeText(shortestMs: number, longestMs: number): string {
  const inSeconds = longestMs >= MS_PER_SECOND;
  const text = (ms: number): string => (inSeconds ? (ms / MS_PER_SECOND).toFixed(1) : `${Math.round(ms)}`);
  const [shortest, longest] = [text(shortestMs), text(longestMs)];
  return `${shortest === longest ? longest : `${shortest}–${longest}`} ${inSeconds ? 's' : 'ms'}`;
}
