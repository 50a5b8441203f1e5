import type { CheckEvent } from './check-event.ts';
import { activeIncident, withIncident, withLedger, type CheckState } from './check-state.ts';
import { incidentPage, withDeployBefore, type Incident } from './incident.ts';
import { newLedger, stampAccepted } from './ledger.ts';
import type { Page } from './page.ts';
import type { Policy } from './policy.ts';
import type { Stepped } from './stepped.ts';

/**
 * A probe's own page becomes the hub's: the incident it would have opened, with that number. One for an incident that is
 * here already only adds its acceptance; one that is over, or that a probe has misnumbered, is closed at the provider.
 */
export function stepBrokenGlass(
  policy: Policy,
  before: CheckState,
  event: Extract<CheckEvent, { type: 'broke-glass' }>,
): Stepped {
  const { nowMs, type: _type, ...glass } = event;
  const { seq, firstFailedStartMs, decidedMs, acceptedMs, channel, providerId, failure, region } = glass;
  const active = activeIncident(before);
  const stamped = { nowMs: acceptedMs, channel, providerId };
  const adopted = (state: CheckState, incident: Incident, isOver: boolean): Stepped => {
    const pageAt = (page: 'trigger' | 'resolve'): Page =>
      incidentPage(page, policy, state.regions, incident, state.flapping, nowMs);
    return {
      state,
      effects: [
        { type: 'adopt', page: pageAt('trigger'), glass },
        ...(isOver ? [{ type: 'page' as const, page: pageAt('resolve') }] : []),
      ],
    };
  };
  if (active?.seq === seq) {
    const known = withLedger(before, seq, (ledger) => stampAccepted(ledger, stamped));
    // Its page is out, whatever window was to hold it: it needs a resolve like any other.
    const state = withIncident(known, seq, (held) => (held.held ? { ...held, held: false } : held));
    return adopted(state, activeIncident(state) ?? active, false);
  }
  const incident = withDeployBefore(
    {
      seq,
      status: 'open',
      rule: 'break-glass',
      ledger: stampAccepted(
        { ...newLedger(firstFailedStartMs, 0, decidedMs), runEndMs: decidedMs, decidedMs, sentMs: decidedMs },
        stamped,
      ),
      cause: { failure, runId: '', region, screenshot: false },
      lastGoodAtMs: before.lastGoodAtMs,
      successes: {},
    },
    before.deploys,
  );
  // The probes have seen the one before end, and another one begin, all without the hub.
  const ended =
    active?.rule === 'break-glass' && seq > before.lastSeq
      ? { ...active, cleanSinceMs: Math.max(firstFailedStartMs, active.ledger.firstFailedStartMs) }
      : undefined;
  // Its number is taken for good: another incident's page under the same key would be told to nobody.
  if (seq <= before.lastSeq || (active && !ended))
    return adopted(
      { ...before, lastSeq: Math.max(before.lastSeq, seq) },
      { ...incident, cleanSinceMs: nowMs },
      true,
    );
  const taken = adopted(
    { ...before, lastSeq: seq, incident, suspicion: undefined, burst: undefined },
    incident,
    false,
  );
  if (!ended) return taken;
  const page = incidentPage('resolve', policy, before.regions, ended, before.flapping, nowMs);
  return { state: taken.state, effects: [{ type: 'page', page }, ...taken.effects] };
}
