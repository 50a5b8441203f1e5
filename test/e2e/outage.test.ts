import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Alert } from '../fixtures/pager/alerts.ts';
import type { FaultInput } from '../fixtures/portal/faults.ts';
import { startRig, type CheckName, type Rig } from './rig.ts';

/** From the break to the page, and from mending to the resolve; generous, for a machine busy with other suites. */
const PAGE_DEADLINE_MS = 60_000;
const RESOLVE_DEADLINE_MS = 60_000;
const REGIONS = ['us-east', 'us-west', 'eu-west', 'ap-south'];

type Case = { fault: FaultInput; errorClass: RegExp; step: RegExp };

/** Breaks the portal, awaits one page and its resolve, and gives all alerts the fault led to. */
async function breakAndMend(rig: Rig, fault: FaultInput): Promise<Alert[]> {
  rig.pager.clear();
  rig.portal.break(fault);
  const alert = await rig.pager.waitForAlert(() => true, { deadlineMs: PAGE_DEADLINE_MS });
  rig.portal.mend();
  await rig.pager.waitForAlert(({ id, status }) => id === alert.id && status === 'resolved', {
    deadlineMs: RESOLVE_DEADLINE_MS,
  });
  await rig.untilUp();
  return [...rig.pager.alerts()];
}

function promiseOnePage(rig: () => Rig, check: CheckName, cases: readonly Case[]): void {
  it.each(cases)(
    '$fault.fault: exactly one page, and it resolves after mending',
    async ({ fault, ...expected }) => {
      const alerts = await breakAndMend(rig(), fault);
      expect(alerts.map((alert) => alert.events.map((event) => event.action))).toEqual([
        ['trigger', 'resolve'],
      ]);
      const { opening, dedupKey } = alerts[0] as Alert;
      expect(dedupKey).toMatch(new RegExp(`^${check}:\\d+$`));
      const facts = JSON.stringify(opening);
      expect(opening.payload.class).toMatch(expected.errorClass);
      expect(facts).toMatch(expected.step);
      for (const region of REGIONS) expect(facts).toContain(region);
      expect(facts).toContain(`https://runbooks.example/${check}`);
      expect(facts).toContain(`${rig().hubUrl}/operator/runs/`);
      expect(facts).not.toContain('correct-horse-7');
    },
  );
}

const schedule = { intervalMs: 4_000, timeoutMs: 3_800, clearAfterMs: 1_500, resolveAfterMs: 3_000 };

describe('an outage of the portal', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ checks: ['portal-login'], regions: REGIONS, ...schedule });
    await rig.untilUp();
  });
  afterAll(() => rig?.stop());

  it('does not page while the portal works', async () => {
    expect(rig.pager.attempts()).toEqual([]);
  });

  promiseOnePage(() => rig, 'portal-login', [
    { fault: { fault: 'http-500' }, errorClass: /^http 500$/, step: /Open the portal|Log in/ },
    { fault: { fault: 'http-502' }, errorClass: /^http 502$/, step: /Open the portal|Log in/ },
    { fault: { fault: 'http-503' }, errorClass: /^http 503$/, step: /Open the portal|Log in/ },
    { fault: { fault: 'http-504' }, errorClass: /^http 504$/, step: /Open the portal|Log in/ },
    { fault: { fault: 'hang' }, errorClass: /^timeout$/, step: /Open the portal|Log in/ },
    { fault: { fault: 'slow', delayMs: 20_000 }, errorClass: /^timeout$/, step: /Open the portal|Log in/ },
    { fault: { fault: 'partial', share: 0.7 }, errorClass: /^(http 5\d\d|assertion)$/, step: /./ },
    { fault: { fault: 'maintenance' }, errorClass: /^assertion$/, step: /Open the portal|Log in/ },
    { fault: { fault: 'session-loop' }, errorClass: /^navigation$/, step: /./ },
    { fault: { fault: 'wrong-keys' }, errorClass: /^(http [45]\d\d|assertion)$/, step: /./ },
    { fault: { fault: 'reset' }, errorClass: /^connect$/, step: /Open the portal|Log in/ },
  ]);

  it('ends in order, each process with 0', async () => {
    expect(await rig.stop()).toEqual({ hub: 0, probes: REGIONS.map(() => 0) });
  });
});

describe('an outage of the LTI launch', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ checks: ['lti-launch'], regions: REGIONS, ...schedule });
    await rig.untilUp();
  });
  afterAll(() => rig?.stop());

  promiseOnePage(() => rig, 'lti-launch', [
    { fault: { fault: 'lti-crash' }, errorClass: /^(connect|http 5\d\d|navigation)$/, step: /exam/i },
    { fault: { fault: 'wrong-keys', at: 'lti' }, errorClass: /^(http [45]\d\d|assertion)$/, step: /exam/i },
  ]);
});
