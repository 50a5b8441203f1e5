import type { Paged, ReplayReport } from '#core/replay/replay.ts';

/** What came of one check. `realPages`: incidents that really paged. */
export type CheckReplay = ReplayReport & { check: string; realPages: number };

/** What came of one check, for people: each page by time, against what really happened. */
export function replayTable({
  check,
  runs,
  fromMs,
  toMs,
  realPages,
  pages,
  extra,
  missed,
  notes,
}: CheckReplay): string {
  if (runs === 0) return `${check}: no runs`;
  const said = [
    ...pages.map((page) => ({ page, what: whatOf(page.incident, page.laterMs) })),
    ...missed.map((page) => ({ page, what: `MISSED: incident ${page.seq}` })),
  ].toSorted((a, b) => a.page.decidedMs - b.page.decidedMs);
  return [
    `${check}: ${runs} runs from ${moment(fromMs)} to ${moment(toMs)}`,
    `  pages: ${pages.length} by this policy, ${realPages} really; ${extra} extra, ${missed.length} missed`,
    ...(said.length > 0 ? ['', line('decided', 'reason', 'after', 'against what really happened')] : []),
    ...said.map(({ page, what }) => line(moment(page.decidedMs), page.reason, seconds(page.tookMs), what)),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `  note: ${note}`)] : []),
  ].join('\n');
}

function whatOf(incident: number | undefined, laterMs: number | undefined): string {
  if (incident === undefined) return 'EXTRA';
  if (laterMs === undefined) return `incident ${incident}, from before`;
  // Within a tenth of a second it is the same moment: the hub's own way takes as long.
  if (Math.abs(laterMs) < 100) return `incident ${incident}, the same`;
  return `incident ${incident}, ${seconds(Math.abs(laterMs))} ${laterMs > 0 ? 'later' : 'earlier'}`;
}

function line(decided: string, reason: Paged['reason'] | 'reason', after: string, what: string): string {
  return `  ${decided.padEnd(21)} ${reason.padEnd(12)} ${after.padStart(8)}  ${what}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
