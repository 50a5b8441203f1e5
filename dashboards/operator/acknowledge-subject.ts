import { isNetworkSubject } from '#core/network/network.ts';
import { serviceOfSubject } from '#core/deploy/telling/subject.ts';
import { deployPagePath, incidentPath, OPERATOR_PATH } from '#core/operator-path.ts';
import type { IncidentView } from './incident-view.ts';
import type { LedgerView } from './ledger.ts';

type Needed = 'check' | 'title' | 'seq' | 'status' | 'sinceMs' | 'resolvedAtMs' | 'acknowledged';
type Known = 'errorClass' | 'step' | 'latency' | 'escalatesAtMs' | 'runbook';

/**
 * What somebody may acknowledge: an incident of a check, the hub being blind, a drill, or a page about a deploy. What the page behind a link may
 * show of it: no more than the message that carried the link.
 */
export type AcknowledgeSubject = Pick<IncidentView, Needed> &
  Partial<Pick<IncidentView, Known>> & {
    ledger?: Pick<LedgerView, 'held'>;
    /** Of a deploy: why people are needed. */
    why?: string | undefined;
  };

/** Where more is told of it: its own page, or the wall, which shows the network. */
export function subjectPath(check: string, seq: number): string {
  const service = serviceOfSubject(check);
  if (service !== undefined) return deployPagePath(service, seq);
  return isNetworkSubject(check) ? OPERATOR_PATH : incidentPath(check, seq);
}
