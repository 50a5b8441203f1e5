import { describe, expect, it } from 'vitest';
import { NOTICES_KEPT_MAX, surplusNotices } from '#core/outbox.ts';
import { newDelivery, type Delivery } from '#core/delivery.ts';
import { aPage } from '#test/fixtures/builders.ts';

const NOW = 1_800_000_000_000;

function notices(
  count: number,
  over: Partial<Delivery> = {},
  reason: 'one-region' | 'channel-broken' = 'one-region',
) {
  return Array.from({ length: count }, (_, index): Delivery => {
    const page = aPage({ event: 'notice', reason, dedupKey: `portal-login:${reason}:${index}` });
    return { ...newDelivery(page, 'chat', 'notice', undefined, NOW + index), state: 'accepted', ...over };
  });
}

describe('the notices that a check keeps', () => {
  it('are the newest hundred: a region that comes and goes for years does not fill its object', () => {
    const all = notices(NOTICES_KEPT_MAX + 3);
    expect(surplusNotices(all).map(({ createdAtMs }) => createdAtMs - NOW)).toEqual([2, 1, 0]);
    expect(surplusNotices(all.slice(3))).toEqual([]);
  });

  it('are all that are still on their way, pages, and the word on a broken channel', () => {
    const kept = notices(NOTICES_KEPT_MAX);
    expect(surplusNotices([...notices(9, { state: 'pending' }), ...kept])).toEqual([]);
    expect(surplusNotices([...notices(9, {}, 'channel-broken'), ...kept])).toEqual([]);
    const page = { ...newDelivery(aPage(), 'oncall', 'page', undefined, 0), state: 'accepted' as const };
    expect(surplusNotices([page, ...kept])).toEqual([]);
  });
});
