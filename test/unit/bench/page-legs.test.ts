import { describe, expect, it } from 'vitest';
import { ledgerView } from '#dashboards/operator/ledger.ts';
import { legsOf, legsText } from '#test/bench/page/legs.ts';

const BROKEN_AT_MS = 1_000_000;
const at = (afterS: number): number => BROKEN_AT_MS + afterS * 1_000;

describe('the legs of a page', () => {
  it('go by time, whatever the order of the stages, and add up to the way from the break to the acceptance', () => {
    const ledger = {
      firstFailedStartMs: at(2),
      overdueMs: at(6),
      burstAskedMs: at(6),
      runEndMs: at(8),
      receivedMs: at(8.5),
      decidedMs: at(16),
      sentMs: at(16),
      acceptedMs: at(16.25),
      acknowledgedMs: at(60),
    };
    const legs = legsOf(ledgerView({ ledger, status: 'open' }, at(90)), BROKEN_AT_MS);
    expect(legs).toEqual({
      onset: 2,
      overdue: 4,
      burstAsked: 0,
      runEnd: 2,
      received: 0.5,
      decided: 7.5,
      sent: 0,
      accepted: 0.25,
    });
    expect(Object.values(legs).reduce((sum, each) => sum + each, 0)).toBe(16.25);
    expect(legsText(legs)).toMatch(/^onset 2\.00 \+ overdue 4\.00 \+ burstAsked 0\.00 \+ runEnd 2\.00 \+ /);
  });

  it('begin before the break when the run that failed was under way', () => {
    const ledger = { firstFailedStartMs: at(-0.5), runEndMs: at(1), receivedMs: at(1), acceptedMs: at(9) };
    const legs = legsOf(ledgerView({ ledger, status: 'open' }, at(10)), BROKEN_AT_MS);
    expect(legs).toEqual({ onset: -0.5, runEnd: 1.5, received: 0, accepted: 8 });
  });
});
