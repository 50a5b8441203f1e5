import type { DnsSettings } from '../../checks/dns.ts';
import { formatMs, MS_PER_SECOND } from '../../units.ts';
import { isLater } from '../codec/serial.ts';
import type { DnsSummary } from '../findings/evidence.ts';
import type { Finding } from '../findings/finding.ts';
import { listText } from '../findings/telling.ts';
import { isFresh, type DnsMemory, type Noted, type SeenSerial, type SerialMemory } from './memory.ts';
import { isTakenBack } from './taken-back.ts';

/** Share of servers, each counted once a region, that must have a change (reference: dns, section 1.3, E5). */
const CONVERGED_SHARE = 0.95;
/** A zone that changes all the time is noted in steps of this share of the grace: enough to tell who lags. */
const STEPS_PER_GRACE = 10;

/** The serials after a run. */
export function withSerials(
  settings: DnsSettings,
  memory: DnsMemory,
  { region, nowMs, summary }: { region: string; nowMs: number; summary: DnsSummary },
): Noted<SerialMemory | undefined> {
  const before = memory.serials;
  const [first] = summary.serials;
  if (!first) return { part: before, isNews: false };
  const best = summary.serials.reduce((a, b) => (isLater(b.serial, a.serial) ? b : a)).serial;
  const said = Object.fromEntries(summary.serials.map(({ server, serial }) => [server, serial]));
  const fresh = Object.entries(before?.servers ?? {}).filter(
    ([id]) => memory.regions[id] && isFresh(memory.regions[id], nowMs),
  );
  const servers = { ...Object.fromEntries(fresh), [region]: said };
  const graceMs = settings.limits.graceS * MS_PER_SECOND;
  const newest = { serial: best, firstSeenMs: nowMs };
  const goneSinceMs =
    before && isLater(before.newest.serial, best) ? (before.goneSinceMs ?? nowMs) : undefined;
  if (!before || (goneSinceMs !== undefined && isTakenBack(settings, goneSinceMs, nowMs))) {
    const oldTtlS = longestTtlS(memory);
    return { part: { newest, older: [], servers: { [region]: said }, oldTtlS }, isNews: true };
  }
  const { convergedMs: _convergedMs, goneSinceMs: _goneSinceMs, ...rest } = before;
  if (!isLater(best, before.newest.serial)) {
    const { convergedMs } = before;
    const gone = goneSinceMs === undefined ? {} : { goneSinceMs };
    const part = { ...rest, ...(convergedMs === undefined ? {} : { convergedMs }), ...gone, servers };
    return converged(part, nowMs);
  }
  const last = before.older.at(-1);
  const isStep = !last || before.newest.firstSeenMs - last.firstSeenMs >= graceMs / STEPS_PER_GRACE;
  const older = isStep ? withinGrace([...before.older, before.newest], graceMs, nowMs) : before.older;
  const part = { ...rest, newest, older, servers, oldTtlS: longestTtlS(memory) };
  return { part: converged(part, nowMs).part, isNews: isStep };
}

/**
 * D1: servers asked by this run that lack a change past the grace. E5: a change that nearly all servers do not have after the
 * old TTL and the grace; and how long one took that now has come round.
 */
export function serialFindings(
  settings: DnsSettings,
  before: SerialMemory | undefined,
  serials: SerialMemory | undefined,
  asked: DnsSummary['serials'],
  nowMs: number,
): Finding[] {
  if (!serials) return [];
  const graceMs = settings.limits.graceS * MS_PER_SECOND;
  const { newest } = serials;
  const due = [...serials.older, newest].findLast(({ firstSeenMs }) => nowMs - firstSeenMs > graceMs);
  const lagging = due ? asked.filter(({ serial }) => isLater(due.serial, serial)) : [];
  const findings = lagging.map(({ server, serial }): Finding => ({
    id: 'D1',
    severity: 'fail',
    subject: server,
    message: `Still has serial ${serial}; ${due?.serial} has been out for ${formatMs(nowMs - (due?.firstSeenMs ?? nowMs))}, and servers may differ for ${formatMs(graceMs)}.`,
    figures: { serial, dueSerial: due?.serial ?? serial, sinceMs: nowMs - (due?.firstSeenMs ?? nowMs) },
  }));
  return [...findings, ...convergenceFindings(settings, before, serials, graceMs, nowMs)];
}

function convergenceFindings(
  settings: DnsSettings,
  before: SerialMemory | undefined,
  serials: SerialMemory,
  graceMs: number,
  nowMs: number,
): Finding[] {
  const { newest, convergedMs, oldTtlS } = serials;
  const limitMs = oldTtlS * MS_PER_SECOND + graceMs;
  const subject = settings.zone ?? settings.name;
  // The first serial ever seen may have been out for years.
  if (serials.older.length === 0) return [];
  if (convergedMs !== undefined) {
    if (before?.newest.serial === newest.serial && before.convergedMs !== undefined) return [];
    const isSlow = convergedMs > limitMs;
    const figures = { convergenceMs: convergedMs, limitMs, serial: newest.serial };
    const message = `Serial ${newest.serial} was with 95 % of the servers after ${formatMs(convergedMs)}${isSlow ? `; at most ${formatMs(limitMs)} was to be expected` : ''}.`;
    return [{ id: 'E5', severity: isSlow ? 'warn' : 'info', subject, message, figures }];
  }
  const sinceMs = nowMs - newest.firstSeenMs;
  if (sinceMs <= limitMs) return [];
  const { having, lacking } = standing(serials);
  return [
    {
      id: 'E5',
      severity: 'warn',
      subject,
      message: `Serial ${newest.serial} is with ${having} of ${having + lacking.length} servers after ${formatMs(sinceMs)}; missing: ${listText(lacking)}.`,
      figures: { having, of: having + lacking.length, sinceMs, limitMs },
    },
  ];
}

function converged(serials: SerialMemory, nowMs: number): Noted<SerialMemory> {
  if (serials.convergedMs !== undefined) return { part: serials, isNews: false };
  const { having, lacking } = standing(serials);
  if (having < CONVERGED_SHARE * (having + lacking.length)) return { part: serials, isNews: false };
  return { part: { ...serials, convergedMs: nowMs - serials.newest.firstSeenMs }, isNews: true };
}

function standing({ newest, servers }: SerialMemory): { having: number; lacking: string[] } {
  const all = Object.entries(servers).flatMap(([region, said]) =>
    Object.entries(said).map(([server, serial]) => ({ name: `${server} (${region})`, serial })),
  );
  const lacking = all.flatMap(({ name, serial }) => (isLater(newest.serial, serial) ? [name] : []));
  return { having: all.length - lacking.length, lacking };
}

/** Of the serials before, those younger than the grace and the one that was the newest when it began. */
function withinGrace(older: readonly SeenSerial[], graceMs: number, nowMs: number): SeenSerial[] {
  const from = older.findLastIndex(({ firstSeenMs }) => nowMs - firstSeenMs > graceMs);
  return older.slice(Math.max(0, from));
}

function longestTtlS({ present }: DnsMemory): number {
  return Math.max(
    0,
    ...Object.values(present).flatMap(({ measured }) => measured.map(({ minTtlS = 0 }) => minTtlS)),
  );
}
