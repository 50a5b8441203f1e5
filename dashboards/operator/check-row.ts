import type { Check, Config } from '#core/config.ts';
import { activeIncident, activeSlow, isBursting, type CheckState } from '#core/check-state.ts';
import type { DeployMark } from '#core/deploy/telling/mark.ts';
import { windowAt } from '#core/maintenance.ts';
import type { CheckView } from '#core/view.ts';
import { verdictOf, type Verdict } from '#core/verdict.ts';
import { cellOf, type Cell } from './standing.ts';

/** Announced work that is going on. `checks`: titles of those it covers; absent: all of them. Epoch ms. */
export type ActiveWindow = { title: string; fromMs: number; untilMs: number; checks?: string[] | undefined };

/** One check. `unreadable`: its object did not answer, so nothing is known; never shown as health. */
export type CheckRow = {
  check: string;
  title: string;
  owner: string;
  severity: Check['severity'];
  intervalMs: number;
  timeoutMs: number;
  verdict: Verdict | 'unreadable';
  /** Votes in the verdict, and how many of them fail. */
  votes: number;
  failing: number;
  /** Failures are being confirmed: regions re-run at once. Failed runs in a row anywhere. */
  confirming: { failures: number } | undefined;
  lastGoodAtMs: number | undefined;
  openIncident: number | undefined;
  /** The incident of being slow, which may be open beside the other. */
  slowIncident: number | undefined;
  /** It has changed its mind often of late. */
  flapping: boolean;
  /** The window that holds its pages now. */
  maintenance: ActiveWindow | undefined;
  /** The latest deploys that concern it, oldest first. */
  deploys: DeployMark[];
  regions: Cell[];
};

/** One check by region. Pure. */
export function checkRow(
  config: Pick<Config, 'regions' | 'maintenance'>,
  check: Check,
  view: CheckView | undefined,
  nowMs: number,
): CheckRow {
  const window = windowAt(config.maintenance, check.id, nowMs);
  const regions = check.regions.map((id) =>
    cellOf(check, { id, title: titleOf(config, id) }, view?.state.regions[id], view?.runs[id] ?? [], nowMs),
  );
  return {
    check: check.id,
    title: check.title,
    owner: check.owner,
    severity: check.severity,
    intervalMs: check.intervalMs,
    timeoutMs: check.timeoutMs,
    verdict: view ? verdictOf(view.state.regions, check, nowMs) : 'unreadable',
    votes: regions.filter((cell) => cell.votes).length,
    failing: regions.filter((cell) => cell.standing === 'fail').length,
    confirming: view && confirmingOf(view.state, nowMs),
    lastGoodAtMs: view?.state.lastGoodAtMs,
    openIncident: view && activeIncident(view.state)?.seq,
    slowIncident: view && activeSlow(view.state)?.seq,
    flapping: view?.state.flapping ?? false,
    maintenance: window && {
      title: window.title,
      fromMs: window.fromMs,
      untilMs: window.untilMs,
      checks: [check.title],
    },
    deploys: view?.state.deploys ?? [],
    regions,
  };
}

function confirmingOf(state: CheckState, nowMs: number): CheckRow['confirming'] {
  return state.suspicion && isBursting(state, nowMs) ? { failures: state.suspicion.streak.count } : undefined;
}

/** Whether a check is up only as far as its votes tell: some of its regions have none. Shown as a caution, never as health. */
export function isSeenInPart(check: CheckRow): boolean {
  return check.verdict === 'up' && check.votes < check.regions.length;
}

/** A region's title; its id when the configuration no longer names it. */
export function titleOf(config: Pick<Config, 'regions'>, region: string): string {
  return config.regions.find((known) => known.id === region)?.title ?? region;
}
