import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Alert } from '../fixtures/pager/alerts.ts';
import { startRig, type Rig } from './rig.ts';
import { until } from './until.ts';

const REGIONS = ['us-east', 'eu-west'];
/** The hub must have been gone for 30 s, whatever the intervals are, and a probe asks once more before it pages. */
const BREAK_GLASS_DEADLINE_MS = 60_000;
const DEADLINE_MS = 60_000;

describe('a hub that is gone while the portal is down', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({
      checks: ['portal-login'],
      regions: REGIONS,
      intervalMs: 3_000,
      timeoutMs: 2_800,
      clearAfterMs: 1_500,
      resolveAfterMs: 3_000,
      breakGlass: true,
    });
    await rig.untilUp();
  });
  afterAll(() => rig?.stop());

  it('every probe pages by itself, under one key', async () => {
    rig.portal.break({ fault: 'hang' });
    await until(
      'a failure under confirmation',
      async () => ((await rig.overview()).checks.some((check) => check.confirming) ? true : undefined),
      DEADLINE_MS,
    );
    await rig.killHub();
    expect(rig.pager.attempts()).toEqual([]);
    await until(
      'a page from each probe',
      () => (triggers(rig).length === REGIONS.length ? true : undefined),
      BREAK_GLASS_DEADLINE_MS,
      () => JSON.stringify({ attempts: rig.pager.attempts(), probes: probeLines(rig) }),
    );
    expect(rig.pager.alerts()).toMatchObject([{ dedupKey: 'portal-login:1', status: 'triggered' }]);
    const facts = JSON.stringify(alertOf(rig).opening);
    expect(facts).toMatch(/the hub is out of reach since/);
    expect(facts).toMatch(/timeout/);
    expect(facts).toContain('https://runbooks.example/portal-login');
    expect(facts).not.toContain('correct-horse-7');
  });

  it('the hub that comes back takes the page for its own, and sends no other', async () => {
    await rig.startHub();
    const incident = await until(
      'the incident in the hub, with the runs of every region',
      async () => {
        const { incidents, checks } = await rig.overview();
        const regions = checks[0]?.regions ?? [];
        return regions.every(({ standing }) => standing === 'fail') ? incidents[0] : undefined;
      },
      DEADLINE_MS,
      async () => JSON.stringify(await rig.overview()),
    );
    expect(incident).toMatchObject({
      check: 'portal-login',
      seq: 1,
      rule: 'break-glass',
      status: 'open',
      errorClass: 'timeout',
      ledger: { acceptedBy: 'oncall', providerId: 'portal-login:1' },
    });
    // Each way of paging counts from the failure on, though the hub was gone.
    expect(incident.ledger.timeToPageMs).toBeGreaterThan(0);
    expect(triggers(rig)).toHaveLength(REGIONS.length);
  });

  it('and resolves it at the pager when the portal works again', async () => {
    rig.portal.mend();
    await rig.pager.waitForAlert(({ status }) => status === 'resolved', { deadlineMs: DEADLINE_MS });
    await rig.untilUp();
    expect((await rig.overview()).incidents).toEqual([]);
    expect(rig.pager.alerts()).toMatchObject([{ dedupKey: 'portal-login:1', status: 'resolved' }]);
    expect(alertOf(rig).events.map(({ action }) => action)).toEqual([
      ...REGIONS.map(() => 'trigger'),
      'resolve',
    ]);
  });
});

function alertOf(rig: Rig): Alert {
  const [alert, ...others] = rig.pager.alerts();
  if (!alert || others.length > 0) throw new Error(`expected one alert, got ${others.length + 1}`);
  return alert;
}

function triggers(rig: Rig): unknown[] {
  return rig.pager
    .alerts()
    .flatMap(({ events }) => events)
    .filter(({ action }) => action === 'trigger');
}

function probeLines(rig: Rig): Record<string, readonly string[]> {
  return Object.fromEntries([...rig.probes].map(([region, probe]) => [region, probe.lines().slice(-10)]));
}
