import { VERDICTS } from '#core/verdict.ts';
import type { MetricFamily, Sample } from '#core/exposition.ts';
import { OBJECTIVE_MS, OBJECTIVE_RATIO, STANDINGS, type ObjectiveReport } from '#core/objective.ts';
import { DELIVERY_STATES } from '#core/delivery.ts';
import { MS_PER_SECOND } from '#core/units.ts';
import type { Overview } from './operator/overview.ts';
import type { OverviewSource } from './operator/source.ts';

/**
 * What Prometheus may know of the hub. `objective` is `undefined` when the history did not answer: its metrics are absent
 * then, and `latchkey_history_up` is 0. Names are kept for good. Pure.
 */
export function metricsOf(
  source: OverviewSource,
  overview: Overview,
  objective: ObjectiveReport | undefined,
): MetricFamily[] {
  return [
    ...checkMetrics(overview),
    ...incidentMetrics(source, overview),
    ...networkMetrics(overview),
    ...historyMetrics(source, objective !== undefined),
    ...(objective ? objectiveMetrics(objective) : []),
  ];
}

function checkMetrics({ checks }: Overview): MetricFamily[] {
  const cells = checks.flatMap((check) =>
    check.regions.map((cell) => ({ cell, labels: { check: check.check, region: cell.region } })),
  );
  return [
    gauge(
      'latchkey_check_verdict',
      'Verdict of a check: 1 for the present one, 0 for the others.',
      checks.flatMap((check) =>
        [...VERDICTS, 'unreadable'].map((verdict) => ({
          labels: { check: check.check, verdict },
          value: Number(check.verdict === verdict),
        })),
      ),
    ),
    gauge(
      'latchkey_check_region_votes',
      'Whether a region has a vote on a check now.',
      cells.map(({ cell, labels }) => ({ labels, value: Number(cell.votes) })),
    ),
    gauge(
      'latchkey_check_region_failing',
      'Whether the vote of a region says that the check fails; absent without a vote.',
      cells.flatMap(({ cell, labels }) =>
        cell.votes ? [{ labels, value: Number(cell.standing === 'fail') }] : [],
      ),
    ),
    gauge(
      'latchkey_check_maintenance',
      'Whether a maintenance window holds the pages of a check now.',
      checks.map(({ check, maintenance }) => ({
        labels: { check },
        value: Number(maintenance !== undefined),
      })),
    ),
  ];
}

function incidentMetrics(source: OverviewSource, { checks, incidents }: Overview): MetricFamily[] {
  const ofCheck = (kind: 'failure' | 'latency', check: string) =>
    incidents.filter(
      (incident) => incident.check === check && (incident.rule === 'latency') === (kind === 'latency'),
    );
  const readable = checks.filter(({ verdict }) => verdict !== 'unreadable');
  const deliveries = [
    ...source.checks.flatMap(({ view }) => view?.deliveries ?? []),
    ...(source.network?.deliveries ?? []),
  ];
  const channels = [...new Set(deliveries.map(({ channel }) => channel))];
  return [
    {
      name: 'latchkey_incidents_total',
      help: 'Incidents of a check since it was first watched.',
      type: 'counter',
      samples: source.checks.flatMap(({ check, view }) =>
        view ? [{ labels: { check: check.id }, value: view.state.lastSeq }] : [],
      ),
    },
    gauge(
      'latchkey_incidents_active',
      'Incidents that are not resolved.',
      readable.flatMap(({ check }) =>
        (['failure', 'latency'] as const).map((kind) => ({
          labels: { check, kind },
          value: ofCheck(kind, check).length,
        })),
      ),
    ),
    gauge(
      'latchkey_incidents_unacknowledged',
      'Incidents that are not resolved and that nobody has.',
      readable.map(({ check }) => ({
        labels: { check },
        value: incidents.filter((one) => one.check === check && one.acknowledged === undefined).length,
      })),
    ),
    gauge(
      'latchkey_deliveries',
      'Messages to a channel of the latest incidents, and all that are not settled, by state.',
      channels.flatMap((channel) =>
        DELIVERY_STATES.map((state) => ({
          labels: { channel, state },
          value: deliveries.filter((one) => one.channel === channel && one.state === state).length,
        })),
      ),
    ),
  ];
}

function networkMetrics({ regions, network }: Overview): MetricFamily[] {
  const { drill, drillOverdue, incident, watchdogs } = network ?? { watchdogs: [] };
  const known = (sample: Sample): Sample[] => (network ? [sample] : []);
  return [
    gauge(
      'latchkey_probes_live',
      'Probes of a region heard from lately.',
      regions
        .filter(({ status }) => status !== 'unreadable')
        .map(({ region, probes }) => ({
          labels: { region },
          value: probes.filter(({ live }) => live).length,
        })),
    ),
    gauge(
      'latchkey_blind',
      'Whether too few regions are live to say anything.',
      known({ value: Number(incident !== undefined) }),
    ),
    gauge(
      'latchkey_drill_last_timestamp_seconds',
      'When the last drill began; its age is time() minus this.',
      drill ? [{ value: drill.atMs / MS_PER_SECOND }] : [],
    ),
    gauge(
      'latchkey_drill_last_passed',
      'Whether the last drill has passed; absent while it goes on.',
      drill?.passed === undefined ? [] : [{ value: Number(drill.passed) }],
    ),
    gauge(
      'latchkey_drill_overdue',
      'Whether a channel has not taken a drill for too long.',
      known({ value: Number(drillOverdue !== undefined) }),
    ),
    gauge(
      'latchkey_watchdog_pinged_timestamp_seconds',
      'When a watchdog last took a ping.',
      watchdogs.flatMap(({ name, succeededMs }) =>
        succeededMs === undefined ? [] : [{ labels: { watchdog: name }, value: succeededMs / MS_PER_SECOND }],
      ),
    ),
  ];
}

function historyMetrics({ checks, nowMs }: OverviewSource, isUp: boolean): MetricFamily[] {
  const lags = checks.flatMap(({ check, view }) =>
    view ? [{ labels: { check: check.id }, lag: view.historyLag }] : [],
  );
  return [
    gauge('latchkey_history_up', 'Whether the history answers.', [{ value: Number(isUp) }]),
    gauge(
      'latchkey_history_lag_runs',
      'Runs of a check that the history does not have yet.',
      lags.map(({ labels, lag }) => ({ labels, value: lag.runs })),
    ),
    gauge(
      'latchkey_history_lag_seconds',
      'Age of the oldest run that the history does not have yet.',
      lags.map(({ labels, lag }) => ({
        labels,
        value:
          lag.oldestReceivedAtMs === undefined
            ? 0
            : Math.max(0, nowMs - lag.oldestReceivedAtMs) / MS_PER_SECOND,
      })),
    ),
  ];
}

function objectiveMetrics(report: ObjectiveReport): MetricFamily[] {
  const { counted, standings, withinRatio, budgetUsedRatio } = report;
  // As Prometheus has it: NaN of no observations; a page that was never accepted has taken for ever.
  const seconds = (timeMs: number | undefined): number =>
    timeMs === undefined ? (counted === 0 ? Number.NaN : Number.POSITIVE_INFINITY) : timeMs / MS_PER_SECOND;
  return [
    {
      name: 'latchkey_time_to_page_seconds',
      help: 'From the start of the first failed run to a provider’s acceptance, over the last 90 days.',
      type: 'summary',
      samples: [
        { labels: { quantile: '0.5' }, value: seconds(report.p50Ms) },
        { labels: { quantile: '0.95' }, value: seconds(report.p95Ms) },
        { labels: { quantile: '0.99' }, value: seconds(report.p99Ms) },
      ],
    },
    gauge(
      'latchkey_time_to_page_incidents',
      'Incidents of the last 90 days by how they count for the objective.',
      STANDINGS.map((standing) => ({ labels: { standing }, value: standings[standing] })),
    ),
    gauge('latchkey_time_to_page_objective_seconds', 'Time within which a page must be accepted.', [
      { value: OBJECTIVE_MS / MS_PER_SECOND },
    ]),
    gauge('latchkey_time_to_page_objective_ratio', 'Share of pages that must be accepted within it.', [
      { value: OBJECTIVE_RATIO },
    ]),
    gauge(
      'latchkey_time_to_page_within_ratio',
      'Share of pages of the last 90 days accepted within it; absent when none counts.',
      withinRatio === undefined ? [] : [{ value: withinRatio }],
    ),
    gauge(
      'latchkey_time_to_page_budget_used_ratio',
      'Share of the misses that the objective allows that is used up; over 1 it is missed.',
      budgetUsedRatio === undefined ? [] : [{ value: budgetUsedRatio }],
    ),
  ];
}

function gauge(name: string, help: string, samples: Sample[]): MetricFamily {
  return { name, help, type: 'gauge', samples };
}
