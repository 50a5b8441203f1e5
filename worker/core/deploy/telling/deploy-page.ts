import { deployPagePath } from '../../operator-path.ts';
import { dedupKey, type Page } from '../../page.ts';
import { formatMs, truncate } from '../../units.ts';
import type { Deploy, DeployIncident } from '../deploy.ts';
import type { DeployPolicy } from '../event.ts';
import type { DeployMark } from './mark.ts';
import { pageDeployOf } from './page-deploy.ts';
import type { RollbackSettings } from '../service/rollback.ts';
import type { Service } from '../service/service.ts';
import { deploySubject } from './subject.ts';

/** Characters of a summary: PagerDuty's limit (Events API v2, `payload.summary`). */
const SUMMARY_CHARS_MAX = 1_024;

/** `Portal 4.2.1`. */
export function nameOf({ title }: Service, { version }: Pick<Deploy, 'version'>): string {
  return `${title} ${version}`;
}

/** `4.2.0`, or what to call it when nobody has said. */
export function previousOf({ previousVersion }: Pick<Deploy, 'previousVersion'>): string {
  return previousVersion ?? 'the version before';
}

/** That there is a deploy: it is shown beside incidents and wakes nobody. */
export function changePage(policy: DeployPolicy, deploy: Deploy, nowMs: number): Page {
  const was = deploy.previousVersion === undefined ? '' : ` (was ${deploy.previousVersion})`;
  const where = deploy.canary ? ' to a canary' : '';
  return {
    ...pageOf(policy, deploy, nowMs),
    event: 'change',
    severity: 'info',
    dedupKey: `${keyOf(policy, deploy)}:change`,
    summary: truncate(`${nameOf(policy.service, deploy)} deployed${where}${was}`, SUMMARY_CHARS_MAX),
  };
}

/** What has become of a deploy, for those who want to know and need do nothing. `what` tells the notices of one deploy apart. */
export function noticePage(
  policy: DeployPolicy,
  deploy: Deploy,
  what: string,
  summary: string,
  nowMs: number,
): Page {
  return {
    ...pageOf(policy, deploy, nowMs),
    event: 'notice',
    severity: 'warning',
    dedupKey: `${keyOf(policy, deploy)}:${what}`,
    summary: truncate(summary, SUMMARY_CHARS_MAX),
  };
}

/** The page of a deploy that needs people, and its resolve. */
export function deployIncidentPage(
  event: 'trigger' | 'resolve',
  policy: DeployPolicy,
  deploy: Deploy,
  incident: DeployIncident,
  nowMs: number,
): Page {
  const sinceMs = incident.ledger.firstFailedStartMs;
  const over = `${nameOf(policy.service, deploy)}: over after ${formatMs(nowMs - sinceMs)}. ${deploy.reason}`;
  return {
    ...pageOf(policy, deploy, nowMs),
    event,
    severity: 'critical',
    dedupKey: keyOf(policy, deploy),
    summary: truncate(event === 'resolve' ? over : incident.why, SUMMARY_CHARS_MAX),
    sinceMs,
    ...(event === 'resolve' ? { resolvedAtMs: nowMs } : {}),
  };
}

/** What the checks of a deploy remember of it. */
export function markOf(policy: DeployPolicy, deploy: Deploy): DeployMark {
  const { service } = policy;
  const { n, version, previousVersion, commit, announcedAtMs, decidedAtMs, outcome, rollback } = deploy;
  const way = rollbackWords(service.rollback);
  return {
    service: service.id,
    title: service.title,
    n,
    version,
    ...(previousVersion === undefined ? {} : { previousVersion }),
    ...(commit === undefined ? {} : { commit }),
    atMs: announcedAtMs,
    isCanary: deploy.canary !== undefined,
    ...(way === undefined ? {} : { rollback: way }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(decidedAtMs === undefined ? {} : { decidedAtMs }),
    ...(rollback?.calledAtMs === undefined ? {} : { rolledBackAtMs: rollback.calledAtMs }),
  };
}

/** How a deploy is taken back, for a person to do. */
function rollbackWords(rollback: RollbackSettings | undefined): string | undefined {
  switch (rollback?.kind) {
    case undefined:
      return undefined;
    case 'webhook':
      return 'press “Roll back” on the deploy’s page, which calls the configured webhook';
    case 'github':
      return `press “Roll back” on the deploy’s page, or: gh workflow run ${rollback.workflow} --repo ${rollback.repository} --ref ${rollback.ref}`;
    case 'command':
      return truncate(rollback.command.join(' '), 500);
  }
}

function keyOf({ service }: DeployPolicy, { n }: Deploy): string {
  return dedupKey(deploySubject(service.id), n);
}

function pageOf(
  policy: DeployPolicy,
  deploy: Deploy,
  nowMs: number,
): Omit<Page, 'event' | 'severity' | 'dedupKey' | 'summary'> {
  const { config, service } = policy;
  const deployUrl = config.publicUrl + deployPagePath(service.id, deploy.n);
  return {
    check: deploySubject(service.id),
    title: service.title,
    seq: deploy.n,
    owner: service.owner,
    reason: 'deploy',
    deploy: pageDeployOf(config.publicUrl, markOf(policy, deploy)),
    regions: [],
    sinceMs: deploy.announcedAtMs,
    decidedAtMs: nowMs,
    incidentUrl: deployUrl,
    ...(service.runbook === undefined ? {} : { runbookUrl: service.runbook }),
  };
}
