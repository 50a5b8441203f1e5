import { MS_PER_SECOND } from '../units.ts';
import { resolved } from './alarm.ts';
import type { Announcement } from './announcement.ts';
import { changePage, markOf, nameOf } from './deploy-page.ts';
import type { Deploy, ServiceState } from './deploy.ts';
import type { DeployEffect, DeployEvent, DeployPolicy, DeployStepped } from './event.ts';
import { gatesOf } from './gates.ts';
import { ended, quiet } from './state-change.ts';

/** Gates that others must answer have this long: a region's look is one request, and a check's object answers at once. */
const CHECKLIST_MS_MAX = 30 * MS_PER_SECOND;

/** A pipeline has announced a deploy: a new one, or one that is known already. */
export function announced(
  policy: DeployPolicy,
  before: ServiceState,
  event: Extract<DeployEvent, { type: 'announced' }>,
): DeployStepped {
  const { announcement, checks, by, nowMs } = event;
  if (before.deploy && isSame(before.deploy, announcement)) return quiet(before);
  const { service } = policy;
  const { state, effects } = superseded(policy, before, nowMs);
  const n = before.lastN + 1;
  const canary = announcement.canary ?? service.canary;
  const baseline = announcement.baseline ?? service.baseline;
  const { version, previousVersion, commit, url, key, markOnly } = announcement;
  const deploy: Deploy = {
    service: service.id,
    n,
    key,
    version,
    previousVersion,
    commit,
    url,
    by,
    checks,
    canary,
    // A baseline's selector makes no sense without a canary's.
    baseline: canary && baseline,
    announcedAtMs: nowMs,
    timeoutMs: announcement.timeout ?? service.settings.deadlineMs,
    duringIncident: announcement.duringIncident,
    phase: 'checklist',
    checklist: markOnly ? [] : gatesOf(service, announcement, before.freeze, nowMs),
    checklistUntilMs: nowMs + CHECKLIST_MS_MAX,
    nextPair: 1,
    reason: 'The checklist is being gone through.',
    warnings: [],
    timeline: [{ atMs: nowMs, text: `${nameOf(service, { version })} announced by ${by}` }],
  };
  const begun = markOnly ? ended(deploy, 'marked', 'It was only to be marked.', nowMs) : deploy;
  return {
    state: { ...state, lastN: n, deploy: begun },
    effects: [
      ...effects,
      { type: 'page', page: changePage(policy, begun, nowMs) },
      ...(markOnly ? [] : askedOf(policy, deploy)),
    ],
  };
}

/** A repeat of an announcement: the same key, or without one the same version while it goes on. */
function isSame(deploy: Deploy, { key, version, commit }: Announcement): boolean {
  if (key !== undefined || deploy.key !== undefined) return key === deploy.key;
  return deploy.phase !== 'ended' && deploy.version === version && deploy.commit === commit;
}

/** What the waiting gates of a deploy have to be asked of others. */
export function askedOf({ config, service }: DeployPolicy, { n, checks, checklist }: Deploy): DeployEffect[] {
  const isWaiting = (id: string): boolean =>
    checklist.some((gate) => gate.id === id && gate.state === 'waiting');
  const regions = config.regions.filter(({ worker }) => worker === undefined).map(({ id }) => id);
  return [
    ...(checklist.some(({ kind, state }) => kind === 'no-incident' && state === 'waiting')
      ? [{ type: 'ask-standings' as const, n, checks }]
      : []),
    ...service.checklist.flatMap((item): DeployEffect[] =>
      item.kind === 'cache-primed' && isWaiting(item.id)
        ? [{ type: 'look', n, item: item.id, urls: item.urls, header: item.header, regions }]
        : [],
    ),
  ];
}

/** The deploy before gives way to a later one, and its page is over. */
function superseded(policy: DeployPolicy, before: ServiceState, nowMs: number): DeployStepped {
  const { deploy } = before;
  if (!deploy) return quiet(before);
  const over =
    deploy.phase === 'ended'
      ? { ...deploy, alarm: undefined }
      : ended(deploy, deploy.outcome ?? 'superseded', 'A later deploy took its place.', nowMs);
  const { state, effects } = resolved(policy, { ...before, deploy: over }, nowMs);
  return {
    state,
    effects: [
      ...effects,
      { type: 'retire', deploy: over },
      ...(over.outcome === deploy.outcome
        ? []
        : [{ type: 'mark' as const, checks: over.checks, mark: markOf(policy, over) }]),
    ],
  };
}
