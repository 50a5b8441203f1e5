import { Mark, type MarkShape } from './mark.tsx';
import type { DeliveryView } from './incident-view.ts';
import { Clock } from './time.tsx';
import { EVENT_WORDS } from './words.ts';

/** Where each message to each channel stands. */
export function DeliveriesTable({
  deliveries,
  nowMs,
}: {
  deliveries: readonly DeliveryView[];
  nowMs: number;
}) {
  if (deliveries.length === 0) return <p class="hush">No page was asked for.</p>;
  return (
    <table class="deliveries stacks" role="table">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            Channel
          </th>
          <th role="columnheader" scope="col">
            State
          </th>
          <th role="columnheader" scope="col" class="number">
            Attempts
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {deliveries.map((delivery) => (
          <tr role="row" data-key={`${delivery.channel}-${delivery.event}`}>
            <th role="rowheader" scope="row">
              {delivery.channel} <span class="hush">{EVENT_WORDS[delivery.event]}</span>
            </th>
            <td role="cell" data-label="State">
              <DeliveryState delivery={delivery} nowMs={nowMs} />
              {delivery.lastError === undefined ? null : <p class="last-error">{delivery.lastError}</p>}
            </td>
            <td role="cell" data-label="Attempts" class="number">
              {delivery.attempts}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function DeliveryState({ delivery, nowMs }: { delivery: DeliveryView; nowMs: number }) {
  const mark = MARKS[delivery.state];
  return (
    <span class={`sign sign-${mark}`}>
      <Mark shape={mark} /> <StateWords delivery={delivery} nowMs={nowMs} />
    </span>
  );
}

const MARKS: Record<DeliveryView['state'], MarkShape> = {
  pending: 'waiting',
  'in-flight': 'waiting',
  accepted: 'pass',
  dead: 'fail',
  superseded: 'pass',
};

function StateWords({ delivery, nowMs }: { delivery: DeliveryView; nowMs: number }) {
  const { acceptedAtMs, dueAtMs, providerId } = delivery;
  switch (delivery.state) {
    case 'accepted':
      return (
        <>
          accepted {acceptedAtMs === undefined ? null : <Clock atMs={acceptedAtMs} nowMs={nowMs} />}
          {providerId === undefined ? '' : ` (${providerId})`}
        </>
      );
    case 'in-flight':
      return <>being sent</>;
    case 'dead':
      return <>given up</>;
    case 'superseded':
      return <>not needed any more</>;
    case 'pending':
      if (delivery.attempts === 0)
        return delivery.event === 'resolve' ? <>waits for its page to be accepted</> : <>about to be sent</>;
      return <>next attempt {dueAtMs === undefined ? null : <Clock atMs={dueAtMs} nowMs={nowMs} />}</>;
  }
}
