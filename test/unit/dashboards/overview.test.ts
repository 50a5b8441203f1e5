import { describe, expect, it } from 'vitest';
import { initialState } from '#core/check-state.ts';
import type { Check } from '#core/config.ts';
import { overviewOf, type Overview } from '#dashboards/operator/overview.ts';
import type { OverviewSource } from '#dashboards/operator/source.ts';
import { verdictWords } from '#dashboards/operator/words.ts';
import {
  healthySource,
  oddSource,
  SAMPLE_NOW_MS,
  sampleConfig,
  sampleSource,
} from '#test/fixtures/operator-samples.ts';

/** The healthy sample, seen so much later: nothing has been heard since. */
function later(ms: number): OverviewSource {
  const source = healthySource();
  return {
    ...source,
    nowMs: source.nowMs + ms,
    regions: source.regions.map(({ region, view }) => ({ region, view: view && { ...view, live: false } })),
  };
}

function row(overview: Overview, id: Check['id']) {
  const found = overview.checks.find((check) => check.check === id);
  if (!found) throw new Error(`no check ${id}`);
  return found;
}

describe('the overview', () => {
  it('says that all is up only when every check is, by votes', () => {
    const { headline, checks } = overviewOf(healthySource());
    expect(headline).toMatchObject({ tone: 'up', text: 'All 3 checks up', short: 'all up' });
    expect(checks.map(({ verdict, votes }) => [verdict, votes])).toEqual([
      ['up', 4],
      ['up', 4],
      ['up', 4],
    ]);
  });

  it('is up with a caution, never in green, while a region has no vote', () => {
    const source = healthySource();
    const without = (silentChecks: readonly string[]): OverviewSource => ({
      ...source,
      checks: source.checks.map(({ check, view }) => {
        const { 'ap-south': _silent, ...heard } = view?.state.regions ?? {};
        return {
          check,
          view:
            view && silentChecks.includes(check.id)
              ? { ...view, state: { ...view.state, regions: heard } }
              : view,
        };
      }),
    });
    const { headline, checks } = overviewOf(without(['portal-login']));
    expect(headline).toMatchObject({
      tone: 'warning',
      text: 'All 3 checks up, seen in full from 3 of 4 regions',
      short: 'up from 3 of 4',
    });
    expect(checks.map(({ verdict }) => verdict)).toEqual(['up', 'up', 'up']);
    expect(checks.map(verdictWords)).toMatchObject([
      { word: 'Up, seen from 3 of 4 regions', mark: 'warning' },
      { word: 'Up', mark: 'pass' },
      { word: 'Up', mark: 'pass' },
    ]);
    const { checks: all } = without(['portal-login']);
    expect(overviewOf({ ...source, checks: all.slice(0, 1) }).headline.text).toBe(
      'Portal login is up, seen from 3 of 4 regions',
    );
  });

  it('is blind, never up, when the regions have fallen silent', () => {
    const { headline, checks } = overviewOf(later(150_000));
    expect(headline).toMatchObject({ tone: 'blind', text: 'Blind: no region has reported for 2 min' });
    expect(checks.every((check) => check.verdict === 'blind' && check.votes === 0)).toBe(true);
    expect(checks.flatMap((check) => check.regions.map((cell) => cell.standing))).not.toContain('pass');
  });

  it('is blind before anything was ever reported', () => {
    const source = healthySource();
    const { headline, checks } = overviewOf({
      ...source,
      checks: source.checks.map(({ check, view }) => ({
        check,
        view: view && { ...view, state: initialState(), runs: {}, incidents: [] },
      })),
      regions: source.regions.map(({ region, view }) => ({ region, view: view && { ...view, probes: [] } })),
    });
    expect(headline.text).toBe('Blind: no region has reported yet');
    expect(checks[0]?.regions[0]).toMatchObject({ standing: 'never', strip: [], ageMs: undefined });
  });

  it('does not take an object that did not answer for health', () => {
    const source = healthySource();
    const [first, ...rest] = source.checks;
    if (!first) throw new Error('the sample has checks');
    const one = overviewOf({ ...source, checks: [{ ...first, view: undefined }, ...rest] });
    expect(one.headline).toMatchObject({ tone: 'blind', text: 'Blind on 1 of 3 checks' });
    expect(one.headline.notes).toContain('Nothing is known about Portal login.');
    const all = overviewOf({
      ...source,
      checks: source.checks.map(({ check }) => ({ check, view: undefined })),
    });
    expect(all.headline.text).toBe('Blind: the hub could not read its checks');
  });

  it('counts open incidents before everything else, and still names what it does not know', () => {
    const { headline, incidents } = overviewOf(sampleSource());
    expect(headline).toMatchObject({ tone: 'down', text: '1 incident open', short: '1 open' });
    expect(headline.notes[0]).toBe('Portal login (http 502).');
    expect(headline.notes).toContain('Nothing is known about Expired session.');
    expect(headline.notes).toContain('Probes in US East run another configuration.');
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({
      check: 'portal-login',
      seq: 17,
      status: 'open',
      errorClass: 'http 502',
      step: 'Sign in at the portal › Submit the password',
      ledger: { slowestStage: 'accepted', timeToPageMs: undefined },
    });
    expect(incidents[0]?.deliveries).toMatchObject([
      { channel: 'oncall', state: 'pending', attempts: 1 },
      { channel: 'chat', state: 'in-flight', attempts: 1 },
    ]);
  });

  it('keeps our own fault apart: it abstains with its reason, and the others’ votes decide', () => {
    const lti = row(overviewOf(sampleSource()), 'lti-launch');
    expect(lti).toMatchObject({ verdict: 'up', votes: 3, failing: 0 });
    const cell = lti.regions.find(({ region }) => region === 'ap-south');
    expect(cell).toMatchObject({ standing: 'abstains', votes: false, failure: 'browser-crash' });
    expect(cell?.message).toContain('signal 9');
  });

  it('tells the age of the last run and shows the last twenty, oldest first', () => {
    const [cell] = row(overviewOf(healthySource()), 'portal-login').regions;
    if (!cell?.lastRun) throw new Error('the sample has runs');
    expect(cell.ageMs).toBe(SAMPLE_NOW_MS - cell.lastRun.startedAtMs);
    expect(cell.strip).toHaveLength(20);
    expect(cell.strip.at(-1)).toEqual(cell.lastRun);
    const starts = cell.strip.map((run) => run.startedAtMs);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  });

  it('says that a recovered incident is not over, and when it will be', () => {
    const source = sampleSource();
    const { headline, incidents } = overviewOf({
      ...source,
      checks: source.checks.slice(0, 2).map(({ check, view }) => {
        const incident = view?.state.incident;
        if (!view || !incident) return { check, view };
        const cleanSinceMs = SAMPLE_NOW_MS - 130_000;
        const recovered = { ...incident, status: 'recovered' as const, cleanSinceMs };
        const healthy = healthySource().checks[0]?.view?.state ?? view.state;
        return { check, view: { ...view, state: { ...healthy, incident: recovered } } };
      }),
    });
    expect(headline).toMatchObject({ tone: 'warning', text: '1 incident recovered, not yet resolved' });
    expect(incidents[0]?.resolvesAtMs).toBe(SAMPLE_NOW_MS - 130_000 + sampleConfig.paging.resolveAfterMs);
  });

  it('calls a region without probes never heard of, one that fell silent silent', () => {
    const source = healthySource();
    const [first, second, third, ...rest] = source.regions;
    if (!first?.view || !second?.view || !third) throw new Error('the sample has regions');
    const { regions, headline } = overviewOf({
      ...source,
      regions: [
        { region: first.region, view: { ...first.view, probes: [] } },
        { region: second.region, view: { ...second.view, live: false } },
        { region: third.region, view: undefined },
        ...rest,
      ],
    });
    expect(regions.map(({ status }) => status)).toEqual(['never', 'silent', 'unreadable', 'live']);
    expect(headline.notes).toContain('No sign of life from US East, US West and Europe West.');
    expect(headline).toMatchObject({
      tone: 'warning',
      text: 'All 3 checks up, seen in full from 1 of 4 regions',
    });
  });

  it('says who has it, and what is held, before a reader gets up for it', () => {
    const source = oddSource();
    const text = (checks: OverviewSource['checks'], network = source.network): string =>
      overviewOf({ ...source, checks, network }).headline.text;
    const [portal, lti] = source.checks;
    if (!portal || !lti) throw new Error('the sample has checks');
    expect(text([portal, lti])).toBe('2 incidents open');
    expect(text([portal])).toBe('1 incident open, Ada Lovelace has it');
    expect(text([lti])).toBe('1 incident open, held by maintenance');
    expect(overviewOf(source).headline.notes).toContain('Portal login (http 502) and LTI launch (slow).');
  });

  it('is blind when too few regions are live, whatever the last votes were', () => {
    const source = { ...healthySource(), network: oddSource().network };
    expect(overviewOf(source).headline).toMatchObject({
      tone: 'blind',
      text: 'Blind: 1 of 4 regions report',
    });
    const [incident, ...rest] = source.network?.incidents ?? [];
    if (!source.network || !incident) throw new Error('the sample is blind');
    const acknowledged = { atMs: SAMPLE_NOW_MS, by: 'Grace', via: 'link' };
    const network = { ...source.network, incidents: [{ ...incident, acknowledged }, ...rest] };
    expect(overviewOf({ ...source, network }).headline.text).toBe(
      'Blind: 1 of 4 regions report, Grace has it',
    );
  });

  it('shows the incident of being slow beside that of failing', () => {
    const { incidents, checks } = overviewOf(oddSource());
    expect(incidents.map(({ check, rule }) => [check, rule])).toEqual([
      ['portal-login', 'unanimous'],
      ['lti-launch', 'latency'],
    ]);
    expect(checks[1]).toMatchObject({ openIncident: undefined, slowIncident: 5, flapping: false });
    expect(checks[1]?.maintenance?.title).toBe('Learning platform upgrade');
    expect(checks[0]).toMatchObject({ flapping: true, maintenance: undefined });
  });

  it('tells when others are woken, as long as nobody has it', () => {
    const source = sampleSource();
    const escalating = { ...sampleConfig.paging, escalation: ['oncall'] };
    const [incident] = overviewOf({ ...source, config: { ...source.config, paging: escalating } }).incidents;
    const decidedMs = incident?.ledger.legs.find(({ stage }) => stage === 'decided')?.atMs ?? 0;
    expect(incident?.escalatesAtMs).toBe(decidedMs + sampleConfig.paging.escalateAfterMs);
    expect(overviewOf(source).incidents[0]?.escalatesAtMs).toBeUndefined();
    expect(overviewOf(oddSource()).incidents[0]?.escalatesAtMs).toBeUndefined();
  });

  it('names what has been told of a single region', () => {
    const source = healthySource();
    const [first] = source.checks;
    const region = first?.view?.state.regions['us-east'];
    if (!first?.view || !region) throw new Error('the sample has regions');
    const told = { ...region, told: ['one-region' as const] };
    const state = { ...first.view.state, regions: { ...first.view.state.regions, 'us-east': told } };
    const { checks } = overviewOf({ ...source, checks: [{ ...first, view: { ...first.view, state } }] });
    expect(checks[0]?.regions[0]?.told).toEqual(['one-region']);
  });
});
