import { Mark, type MarkShape } from './mark.tsx';
import type { DeliveryView } from './incident-view.ts';
import { Clock } from './time.tsx';
import { EVENT_WORDS, ROLE_WORDS } from './words.ts';

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
          <tr role="row" data-key={delivery.id}>
            <th role="rowheader" scope="row">
              {delivery.channel}{' '}
              <span class="hush">{ROLE_WORDS[delivery.role] ?? EVENT_WORDS[delivery.event]}</span>
            </th>
            <td role="cell" data-label="State">
              <DeliveryState delivery={delivery} nowMs={nowMs} />
              <DeliveryNotes delivery={delivery} />
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

/** What a notice says, and why an attempt failed; of one that was not needed, why not, is in its state. */
function DeliveryNotes({ delivery: { state, summary, lastError } }: { delivery: DeliveryView }) {
  return (
    <>
      {summary === undefined ? null : <p class="last-error">{summary}</p>}
      {lastError === undefined || state === 'superseded' ? null : <p class="last-error">{lastError}</p>}
    </>
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
  superseded: 'abstains',
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
      return <>not needed{delivery.lastError === undefined ? '' : `: ${delivery.lastError}`}</>;
    case 'pending':
      if (delivery.attempts === 0)
        return delivery.event === 'trigger' || delivery.event === 'notice' ? (
          <>about to be sent</>
        ) : (
          <>waits for its page to be accepted</>
        );
      return <>next attempt {dueAtMs === undefined ? null : <Clock atMs={dueAtMs} nowMs={nowMs} />}</>;
  }
}
