import type { Config } from '#core/config.ts';
import type { ServiceView } from '#core/deploy/telling/service-view.ts';
import { deploySubject } from '#core/deploy/telling/subject.ts';
import type { AcknowledgeSubject } from './acknowledge-subject.ts';
import { escalationDueMs } from './incident-view.ts';

/** The page about deploy `n`, as somebody may acknowledge it; `undefined` when there was none, or it is not the latest. */
export function deployIncident(
  config: Pick<Config, 'paging' | 'services'>,
  view: Pick<ServiceView, 'service' | 'title' | 'incident' | 'deploys' | 'deliveries'>,
  n: number,
): AcknowledgeSubject | undefined {
  const { service, title, incident, deploys, deliveries } = view;
  if (incident?.seq !== n) return undefined;
  const deploy = deploys.find((known) => known.n === n);
  const { why, ledger, acknowledged, resolvedAtMs } = incident;
  const isWaiting = acknowledged === undefined && resolvedAtMs === undefined;
  return {
    check: deploySubject(service),
    title: deploy ? `${title} ${deploy.version}` : title,
    seq: n,
    status: resolvedAtMs === undefined ? 'open' : 'resolved',
    sinceMs: ledger.decidedMs ?? ledger.firstFailedStartMs,
    resolvedAtMs,
    acknowledged,
    why,
    escalatesAtMs: isWaiting ? escalationDueMs(config.paging, deliveries, n) : undefined,
    runbook: config.services.find(({ id }) => id === service)?.runbook,
  };
}
