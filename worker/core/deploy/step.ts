import type { Paged } from '../outbox.ts';
import type { DeployEvent, DeployPolicy, DeployStepped } from './event.ts';
import type { ServiceState } from './deploy.ts';

/** Advances a service by one event. Pure: no clock, no chance, no I/O; the input state is not changed. */
export function deployStep(_policy: DeployPolicy, state: ServiceState, _event: DeployEvent): DeployStepped {
  return { state, effects: [] };
}

/** When the state wants a `tick` by itself, epoch ms; `undefined` when only events can change it. */
export function deployWakeMs(
  _policy: DeployPolicy,
  _state: ServiceState,
  _nowMs: number,
): number | undefined {
  return undefined;
}

/** What the outbox must know of the service's page. */
export function pagedOf({ incident }: ServiceState): Paged[] {
  if (!incident) return [];
  const { seq, resolvedAtMs, acknowledged } = incident;
  return [{ seq, isOver: resolvedAtMs !== undefined, acknowledged }];
}
