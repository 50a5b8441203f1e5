import { describe, expect, it } from 'vitest';
import { beginAttempt, endAttempt, newDelivery, type Delivery } from '#core/delivery.ts';
import { aPage } from '#test/fixtures/builders.ts';
import { Receipts } from '#worker/objects/receipts.ts';

const NOW = 1_800_000_000_000;
const OPEN = [{ seq: 1, isOver: false }];

function accepted(): Delivery {
  const delivery = newDelivery(aPage(), 'phone', 'page', { wakes: true, acknowledges: true }, NOW);
  return endAttempt(beginAttempt(delivery, NOW), { ok: true, receipt: 'r1' }, NOW);
}

/** Whether what it asks to be woken for is there to be done at that moment, and nothing before. */
function wakesRightly(receipts: Receipts, deliveries: Delivery[], nowMs: number): void {
  const wakeMs = receipts.wakeMs(deliveries, OPEN, nowMs);
  if (wakeMs === undefined) expect(receipts.due(deliveries, OPEN, nowMs + 86_400_000)).toEqual([]);
  else expect(receipts.due(deliveries, OPEN, Math.max(wakeMs, nowMs))).toHaveLength(1);
}

describe('a receipt', () => {
  it('is asked for ten seconds after the page was accepted, and every ten seconds', () => {
    const [receipts, delivery] = [new Receipts(), accepted()];
    expect(receipts.wakeMs([delivery], OPEN, NOW)).toBe(NOW + 10_000);
    expect(receipts.due([delivery], OPEN, NOW + 9_999)).toEqual([]);
    expect(receipts.due([delivery], OPEN, NOW + 10_000)).toEqual([delivery]);
    receipts.asked(delivery.id, NOW + 10_000);
    expect(receipts.wakeMs([delivery], OPEN, NOW + 10_000)).toBe(NOW + 20_000);
  });

  it('that has expired without an acknowledgement wakes nobody any more: the incident may go on for days', () => {
    const [receipts, delivery] = [new Receipts(), accepted()];
    receipts.asked(delivery.id, NOW + 10_000);
    receipts.ended(delivery.id);
    expect(receipts.wakeMs([delivery], OPEN, NOW + 10_000)).toBeUndefined();
    wakesRightly(receipts, [delivery], NOW + 10_000);
  });

  it('is asked for at once when the clock has been set back, and then every ten seconds', () => {
    const [receipts, delivery] = [new Receipts(), accepted()];
    receipts.asked(delivery.id, NOW + 10_000);
    const backMs = NOW - 3_600_000;
    expect(receipts.wakeMs([delivery], OPEN, backMs)).toBe(backMs);
    wakesRightly(receipts, [delivery], backMs);
    receipts.asked(delivery.id, backMs);
    expect(receipts.wakeMs([delivery], OPEN, backMs)).toBe(backMs + 10_000);
  });

  it('is not asked for once somebody has it, or when it is over', () => {
    const [receipts, delivery] = [new Receipts(), accepted()];
    const acknowledged = { atMs: NOW, by: 'Ada', via: 'link' };
    expect(receipts.wakeMs([delivery], [{ seq: 1, isOver: true }], NOW)).toBeUndefined();
    expect(receipts.wakeMs([delivery], [{ seq: 1, isOver: false, acknowledged }], NOW)).toBeUndefined();
  });
});
