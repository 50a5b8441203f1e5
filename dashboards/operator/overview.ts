import type { Check } from '#core/config.ts';
import { activeIncident } from '#core/incident.ts';
import { checkRow, type CheckRow } from './check-row.ts';
import { headlineOf, type Headline } from './headline.ts';
import { incidentView, type IncidentView } from './incident-view.ts';
import { regionRow, type RegionRow } from './region-row.ts';
import type { CheckView, OverviewSource } from './source.ts';

/**
 * All that `/operator` shows, and what `/operator/api/overview` answers. Times epoch ms by the hub's clock, durations
 * in ms. `nowMs`, `ageMs`, `waitingMs` and `unpagedMs` move by themselves; nothing else changes without an event or a
 * deadline.
 */
export type Overview = {
  nowMs: number;
  headline: Headline;
  /** Not resolved: open ones first, the oldest on top. */
  incidents: IncidentView[];
  checks: CheckRow[];
  regions: RegionRow[];
};

/** Builds the overview. Pure. */
export function overviewOf(source: OverviewSource): Overview {
  const { config, nowMs } = source;
  const checks = source.checks.map(({ check, view }) => checkRow(config, check, view, nowMs));
  const incidents = source.checks
    .flatMap(({ check, view }) => activeView(config, check, view, nowMs))
    .toSorted((a, b) => Number(a.status !== 'open') - Number(b.status !== 'open') || a.sinceMs - b.sinceMs);
  const regions = source.regions.map(({ region, probes }) => regionRow(config, region, probes, nowMs));
  return {
    nowMs,
    headline: headlineOf({ checks, incidents, regions, nowMs }),
    incidents,
    checks,
    regions,
  };
}

/** Keys whose values grow with the clock alone. */
const MOVES_BY_ITSELF = new Set(['nowMs', 'ageMs', 'waitingMs', 'unpagedMs']);

/** The text of an overview that changes only when something happened: what an ETag is made of. */
export function settledText(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => (MOVES_BY_ITSELF.has(key) ? undefined : inner));
}

function activeView(
  config: OverviewSource['config'],
  check: Check,
  view: CheckView | undefined,
  nowMs: number,
): IncidentView[] {
  const incident = view && activeIncident(view.state);
  return incident ? [incidentView(check, config.paging, incident, view.deliveries, nowMs)] : [];
}
