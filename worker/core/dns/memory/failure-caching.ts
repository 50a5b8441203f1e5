import { formatMs, MS_PER_MINUTE } from '../../units.ts';
import type { DnsSummary } from '../findings/evidence.ts';
import type { Finding } from '../findings/finding.ts';
import type { Noted, Outage } from './memory.ts';

/** The longest a resolver may remember a failure (RFC 9520 section 3.2). */
const CACHED_MS_MAX = 5 * MS_PER_MINUTE;

/**
 * A region's outage after a run: it ends when all authorities answer and no resolver fails from it any more. A run that does
 * not know of the authorities still knows of resolvers that have got over it.
 */
export function withOutage(
  outage: Outage | undefined,
  { authoritiesAnswer, resolvers }: DnsSummary,
  nowMs: number,
): Noted<Outage | undefined> {
  if (authoritiesAnswer === undefined && outage?.overMs === undefined) return { part: outage, isNews: false };
  const servfail = resolvers.flatMap(({ server, outcome }) => (outcome === 'SERVFAIL' ? [server] : []));
  if (authoritiesAnswer === false) {
    const isNew = outage === undefined || outage.overMs !== undefined;
    const part: Outage = { sinceMs: isNew ? nowMs : outage.sinceMs, failing: servfail };
    return { part, isNews: isNew || !isSame(outage.failing, servfail) };
  }
  if (!outage) return { part: undefined, isNews: false };
  const failing = outage.failing.filter((server) => servfail.includes(server));
  if (failing.length === 0) return { part: undefined, isNews: true };
  const isNews = outage.overMs === undefined || failing.length !== outage.failing.length;
  return { part: { ...outage, overMs: outage.overMs ?? nowMs, failing }, isNews };
}

/** E3: resolvers that still fail although the authorities have been answering for longer than a failure may be cached. */
export function failureCachingFindings(outage: Outage | undefined, region: string, nowMs: number): Finding[] {
  const overMs = outage?.overMs;
  if (!outage || overMs === undefined || nowMs - overMs <= CACHED_MS_MAX) return [];
  return outage.failing.map((server) => ({
    id: 'E3',
    severity: 'fail',
    subject: server,
    message: `The resolver still gives SERVFAIL in ${region}, ${formatMs(nowMs - overMs)} after all authorities answered again; a failure may be cached for at most ${formatMs(CACHED_MS_MAX)} (RFC 9520).`,
    outcome: 'SERVFAIL',
    figures: { sinceRecoveryMs: nowMs - overMs, outageMs: overMs - outage.sinceMs },
  }));
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}
