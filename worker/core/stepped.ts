import type { CheckEffect } from './check-event.ts';
import { checkDeadlines, type CheckState } from './check-state.ts';
import { incidentPage, type Incident } from './incident.ts';
import type { Page } from './page.ts';
import type { Policy } from './policy.ts';

/** A check after an event: what to store, and what to do once that is stored. */
export type Stepped = { state: CheckState; effects: CheckEffect[] };

/** With nothing to do. */
export function unpaged(state: CheckState): Stepped {
  return { state, effects: [] };
}

/** With every region asked to run the check now; once is enough. */
export function withAsked(policy: Policy, { state, effects }: Stepped): Stepped {
  if (effects.some(({ type }) => type === 'burst')) return { state, effects };
  const { confirmMs } = checkDeadlines(policy, state);
  return { state, effects: [...effects, { type: 'burst', deadlineMs: confirmMs }] };
}

/** With a page of this incident as its only effect. */
export function paged(
  event: Page['event'],
  policy: Policy,
  state: CheckState,
  incident: Incident,
  nowMs: number,
): Stepped {
  const page = incidentPage(event, policy, state.regions, incident, state.flapping, nowMs);
  return { state, effects: [{ type: 'page', page }] };
}
