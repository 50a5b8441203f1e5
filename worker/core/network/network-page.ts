import { SEVERITIES, type Config } from '../config.ts';
import type { Drill } from './drill.ts';
import { OPERATOR_PATH } from '../operator-path.ts';
import { dedupKey, type Page } from '../page.ts';
import { isSeen, neededRegions, type SeenRegion } from './sight.ts';
import { formatMs, truncate } from '../units.ts';

type PagePolicy = { config: Pick<Config, 'publicUrl' | 'regions' | 'checks' | 'platform'> };
type Seen = { regions: Readonly<Record<string, SeenRegion>> };
type Blindness = {
  seq: number;
  ledger: { firstFailedStartMs: number };
  hadSeen: boolean;
  acknowledged?: { by: string } | undefined;
  backSinceMs?: number | undefined;
};

/** Characters of the owners of all checks together: a line. */
const OWNER_CHARS_MAX = 200;

/** The page for too few live regions. Pure: the same state gives the same page. */
export function blindPage(
  event: Page['event'],
  policy: PagePolicy,
  seen: Seen,
  incident: Blindness,
  nowMs: number,
): Page {
  const sinceMs = incident.ledger.firstFailedStartMs;
  return {
    ...commonOf(policy),
    event,
    dedupKey: dedupKey('network', incident.seq),
    check: 'network',
    title: 'Sight of the targets',
    seq: incident.seq,
    summary: blindSummary(event, policy, seen, incident, nowMs),
    reason: 'blind',
    regions: policy.config.regions.map(({ id, title }) => ({
      region: id,
      title,
      vote: signOf(seen.regions[id], nowMs),
      failuresInRow: 0,
    })),
    sinceMs,
    decidedAtMs: nowMs,
    ...(event === 'resolve' ? { resolvedAtMs: incident.backSinceMs ?? nowMs } : {}),
  };
}

/** The page of a drill, and its resolve. */
export function drillPage(event: Page['event'], policy: PagePolicy, drill: Drill, nowMs: number): Page {
  return {
    ...commonOf(policy),
    event,
    dedupKey: dedupKey('drill', drill.n),
    check: 'drill',
    title: 'Drill',
    seq: drill.n,
    summary: drillSummary(event, drill),
    reason: 'drill',
    regions: [],
    sinceMs: drill.decidedMs,
    decidedAtMs: nowMs,
    ...(event === 'resolve' ? { resolvedAtMs: nowMs } : {}),
  };
}

function commonOf({ config }: PagePolicy): Pick<Page, 'severity' | 'owner' | 'incidentUrl'> {
  const owners = [...new Set(config.checks.map(({ owner }) => owner))];
  const severity = SEVERITIES.find((known) => config.checks.some((check) => check.severity === known));
  return {
    severity: severity ?? 'critical',
    owner: config.platform?.owner ?? truncate(owners.join(', ') || 'nobody is named', OWNER_CHARS_MAX),
    incidentUrl: config.publicUrl + OPERATOR_PATH,
  };
}

function blindSummary(
  event: Page['event'],
  { config }: PagePolicy,
  { regions }: Seen,
  { hadSeen, ledger, backSinceMs }: Blindness,
  nowMs: number,
): string {
  const all = config.regions.length;
  const live = config.regions.filter(({ id }) => {
    const region = regions[id];
    return region !== undefined && isSeen(region, nowMs);
  }).length;
  const ids = new Set(config.regions.map(({ id }) => id));
  const unwatched = config.checks.filter((check) => check.regions.every((id) => ids.has(id)));
  const others = config.checks.length - unwatched.length;
  // Of a check that the hub watches by itself as well, not all eyes are lost.
  const count = `${live} of ${all} ${all === 1 ? 'region' : 'regions'}${others > 0 ? ' with probes' : ''}`;
  if (event === 'resolve') {
    const lasted = formatMs((backSinceMs ?? nowMs) - ledger.firstFailedStartMs);
    return `Latchkey sees again after ${lasted}: ${count} ${live === 1 ? 'reports' : 'report'}`;
  }
  const lost = [
    ...(unwatched.length > 0 || others === 0 ? [`${checksAre(unwatched.length)} not watched`] : []),
    ...(others > 0 ? [`${checksAre(others)} watched by the hub itself only`] : []),
  ];
  const blind = `Latchkey is blind: ${count} ${live === 1 ? 'reports' : 'report'}, ${lost.join(', ')}`;
  if (hadSeen) return blind;
  const needed = neededRegions(all);
  return `${blind} — ${needed === 1 ? 'no region has' : 'never have two regions'} been heard from since this hub was set up`;
}

function checksAre(count: number): string {
  return `${count} ${count === 1 ? 'check is' : 'checks are'}`;
}

function signOf(region: SeenRegion | undefined, nowMs: number): string {
  if (region?.lastHeardMs === undefined) return 'never heard from';
  if (isSeen(region, nowMs)) return 'live';
  return `silent since ${new Date(region.lastHeardMs).toISOString()}`;
}

function drillSummary(event: Page['event'], { n, by, channels, acknowledged }: Drill): string {
  if (event !== 'resolve')
    return `DRILL ${n}: nothing is broken, this tests the way to you (asked for by ${by})`;
  const accepted = channels.filter(({ acceptedMs }) => acceptedMs !== undefined).length;
  const taken = acknowledged ? `, acknowledged by ${acknowledged.by}` : '';
  return `DRILL ${n} is over: accepted by ${accepted} of ${channels.length} channels${taken}`;
}
