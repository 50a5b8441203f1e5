import { describe, expect, it } from 'vitest';
import { objectiveOf } from '#core/objective.ts';
import { metricsOf } from '#dashboards/metrics.ts';
import { overviewOf } from '#dashboards/operator/overview.ts';
import type { OverviewSource } from '#dashboards/operator/source.ts';
import { healthySource, SAMPLE_NOW_MS, sampleLedger, sampleSource } from '#test/fixtures/operator-samples.ts';

function metrics(source: OverviewSource = sampleSource(), entries = sampleLedger()) {
  const families = metricsOf(source, overviewOf(source), objectiveOf(entries, SAMPLE_NOW_MS));
  const value = (name: string, labels: Record<string, string> = {}): number | undefined =>
    families
      .find((family) => family.name === name)
      ?.samples.find((sample) =>
        Object.entries(labels).every(([label, text]) => sample.labels?.[label] === text),
      )?.value;
  return { families, value };
}

describe('the metrics', () => {
  it('are named by Prometheus’ conventions', () => {
    const { families } = metrics();
    const units =
      /_(seconds|ratio|total|runs|verdict|votes|failing|maintenance|active|unacknowledged|deliveries|live|blind|passed|overdue|up|incidents)$/;
    for (const { name, help, type } of families) {
      expect(name).toMatch(/^latchkey_[a-z_]+$/);
      expect(name).toMatch(units);
      expect(help).toMatch(/\.$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
    }
    expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
  });

  it('hold no series twice', () => {
    for (const { name, samples } of metrics().families) {
      const series = samples.map(({ labels }) => `${name}${JSON.stringify(labels)}`);
      expect(new Set(series).size).toBe(series.length);
    }
  });

  it('tell verdicts, votes, incidents and deliveries', () => {
    const { value } = metrics();
    expect(value('latchkey_check_verdict', { check: 'portal-login', verdict: 'down' })).toBe(1);
    expect(value('latchkey_check_verdict', { check: 'portal-login', verdict: 'up' })).toBe(0);
    expect(value('latchkey_check_verdict', { check: 'expired-session', verdict: 'blind' })).toBe(1);
    expect(value('latchkey_check_region_failing', { check: 'portal-login', region: 'us-east' })).toBe(1);
    expect(
      value('latchkey_check_region_failing', { check: 'lti-launch', region: 'ap-south' }),
    ).toBeUndefined();
    expect(value('latchkey_check_region_votes', { check: 'lti-launch', region: 'ap-south' })).toBe(0);
    expect(value('latchkey_incidents_total', { check: 'portal-login' })).toBe(17);
    expect(value('latchkey_incidents_active', { check: 'portal-login', kind: 'failure' })).toBe(1);
    expect(value('latchkey_incidents_unacknowledged', { check: 'portal-login' })).toBe(1);
    expect(value('latchkey_deliveries', { channel: 'oncall', state: 'pending' })).toBe(1);
    expect(value('latchkey_probes_live', { region: 'us-east' })).toBe(1);
    expect(value('latchkey_drill_last_timestamp_seconds')).toBe((SAMPLE_NOW_MS - 3 * 86_400_000) / 1_000);
    expect(value('latchkey_drill_last_passed')).toBe(1);
    expect(value('latchkey_blind')).toBe(0);
  });

  it('say of an object that did not answer only that it did not', () => {
    const source = healthySource();
    const { value } = metrics({
      ...source,
      checks: source.checks.map(({ check }) => ({ check, view: undefined })),
      regions: source.regions.map(({ region }) => ({ region, view: undefined })),
      network: undefined,
    });
    expect(value('latchkey_check_verdict', { check: 'portal-login', verdict: 'unreadable' })).toBe(1);
    for (const name of [
      'latchkey_incidents_total',
      'latchkey_incidents_active',
      'latchkey_probes_live',
      'latchkey_blind',
      'latchkey_drill_overdue',
      'latchkey_history_lag_runs',
    ])
      expect(value(name)).toBeUndefined();
  });

  it('do not take a history that is away for ninety good days', () => {
    const source = healthySource();
    const families = metricsOf(source, overviewOf(source), undefined);
    expect(families.find(({ name }) => name === 'latchkey_history_up')?.samples).toEqual([{ value: 0 }]);
    expect(families.map(({ name }) => name)).not.toContain('latchkey_time_to_page_seconds');
  });

  it('tell time-to-page in seconds, and no number where there is none', () => {
    const { value } = metrics();
    expect(value('latchkey_time_to_page_seconds', { quantile: '0.5' })).toBe(47.91);
    expect(value('latchkey_time_to_page_incidents', { standing: 'held' })).toBe(1);
    expect(value('latchkey_time_to_page_objective_seconds')).toBe(120);
    const none = metrics(healthySource(), []);
    expect(none.value('latchkey_time_to_page_seconds', { quantile: '0.99' })).toBeNaN();
    expect(none.value('latchkey_time_to_page_within_ratio')).toBeUndefined();
  });
});
