import { SEVERITIES, type Check } from '#core/config.ts';
import { activeIncident, activeSlow } from '#core/check-state.ts';
import type { CheckView } from '#core/view.ts';
import { checkRow, type ActiveWindow, type CheckRow } from './check-row.ts';
import { serviceLines, type ServiceLines } from './deploy-line.ts';
import { headlineOf, type Headline } from './headline.ts';
import { incidentView, type IncidentView } from './incident-view.ts';
import { networkRow, type NetworkRow } from './network-row.ts';
import { regionRow, type RegionRow } from './region-row.ts';
import type { OverviewSource } from './source.ts';

/**
 * All that `/operator` shows, and what `/operator/api/overview` answers. Times epoch ms by the hub's clock, durations
 * in ms. Keys are kept for good.
 */
export type Overview = {
  nowMs: number;
  headline: Headline;
  /** Not resolved: open ones first, among them the most severe, then the oldest, on top. */
  incidents: IncidentView[];
  /** Maintenance that is going on: its checks run, their pages are held. */
  maintenance: ActiveWindow[];
  checks: CheckRow[];
  regions: RegionRow[];
  /** All regions together, drills and watchdogs; absent when their object did not answer. */
  network: NetworkRow | undefined;
  /** Services of which a deploy goes on, went bad in the last hours, or is not to be had. */
  services: ServiceLines[];
};

/** Builds the overview. Pure. */
export function overviewOf(source: OverviewSource): Overview {
  const { config, nowMs } = source;
  const checks = source.checks.map(({ check, view }) => checkRow(config, check, view, nowMs));
  const incidents = source.checks
    .flatMap(({ check, view }) => activeViews(config, check, view, nowMs))
    .toSorted(
      (a, b) =>
        Number(a.status !== 'open') - Number(b.status !== 'open') ||
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
        a.sinceMs - b.sinceMs,
    );
  const regions = source.regions.map(({ region, view }) => regionRow(config, region, view, nowMs));
  const counted = new Set(source.network?.regions.map(({ region }) => region));
  const ownRegions = config.regions.filter(({ id, worker }) => worker && !counted.has(id)).length;
  const network = source.network && networkRow(source.network, ownRegions, nowMs);
  return {
    nowMs,
    headline: headlineOf({ checks, incidents, regions, network, nowMs }),
    incidents,
    maintenance: activeWindows(source),
    checks,
    regions,
    network,
    services: serviceLines(source.services, nowMs),
  };
}

function activeWindows({ config, checks, nowMs }: OverviewSource): ActiveWindow[] {
  const titleOf = (id: string): string => checks.find(({ check }) => check.id === id)?.check.title ?? id;
  return config.maintenance
    .filter(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs)
    .map(({ title, fromMs, untilMs, checks }) => ({ title, fromMs, untilMs, checks: checks?.map(titleOf) }));
}

/** The incident of failing and that of being slow: either may be there without the other. */
function activeViews(
  { paging }: OverviewSource['config'],
  check: Check,
  view: CheckView | undefined,
  nowMs: number,
): IncidentView[] {
  if (!view) return [];
  const { state, deliveries } = view;
  return [activeIncident(state), activeSlow(state)].flatMap((incident) =>
    incident ? [incidentView({ check, paging, incident, deliveries, flapping: state.flapping, nowMs })] : [],
  );
}
