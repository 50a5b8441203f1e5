import type { Delivery } from '#core/delivery.ts';
import { DeliveriesTable } from './deliveries-table.tsx';
import { deliveryView } from './incident-view.ts';

/** What has been told lately without waking anybody. */
export function NoticesList({ deliveries, nowMs }: { deliveries: readonly Delivery[]; nowMs: number }) {
  const notices = deliveries
    .filter(({ event }) => event === 'notice')
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  if (notices.length === 0) return <></>;
  return (
    <section aria-labelledby="notices">
      <h2 id="notices">Notices</h2>
      <DeliveriesTable deliveries={notices.map(deliveryView)} nowMs={nowMs} />
    </section>
  );
}
