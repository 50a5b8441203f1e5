import { MS_PER_SECOND } from '../units.ts';
import { resolved } from './alarm.ts';
import type { Announcement } from './pipeline/announcement.ts';
import { changePage, markOf, nameOf } from './telling/deploy-page.ts';
import type { Deploy, ServiceState } from './deploy.ts';
import type { DeployEffect, DeployEvent, DeployPolicy, DeployStepped } from './event.ts';
import { closedWhy, gatesOf } from './gates.ts';
import type { Service } from './service/service.ts';
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
  if (knownAs(before, announcement) !== undefined) return quiet(before);
  const { service } = policy;
  const n = before.lastN + 1;
  const { version, previousVersion, commit, url, key, markOnly } = announcement;
  // What is only marked is on no canary unless it says so: an incident after it must not say that only a canary has it.
  const usual = markOnly ? undefined : service;
  const canary = announcement.canary ?? usual?.canary;
  const baseline = announcement.baseline ?? usual?.baseline;
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
  const closed = closedWhy(deploy.checklist);
  const over = markOnly
    ? ended(deploy, 'marked', 'It was only to be marked.', nowMs)
    : closed === undefined
      ? undefined
      : ended(deploy, 'blocked', closed, nowMs);
  const change = (of: Deploy): DeployEffect => ({ type: 'page', page: changePage(policy, of, nowMs) });
  // Of what is still there nobody would be told any more.
  if (over && isNeeded(before))
    return {
      state: { ...before, lastN: n, beside: { n, key } },
      effects: [
        change(over),
        { type: 'retire', deploy: over },
        { type: 'mark', checks, mark: markOf(policy, over) },
      ],
    };
  const unsettled = unsettledOf(service, before);
  const { state, effects } = superseded(policy, before, nowMs);
  const begun = markOnly && over ? over : { ...deploy, unsettled };
  return {
    state: { ...state, lastN: n, deploy: begun },
    effects: [...effects, change(begun), ...(markOnly ? [] : askedOf(policy, deploy))],
  };
}

/** Whether the latest deploy goes on, or people are needed for it. */
function isNeeded({ deploy, incident }: ServiceState): boolean {
  if (!deploy) return false;
  const isPageOpen = incident?.seq === deploy.n && incident.resolvedAtMs === undefined;
  return deploy.phase !== 'ended' || deploy.alarm !== undefined || isPageOpen;
}

/** Why people are needed, or soon would be, for the latest deploy. */
function unsettledOf(service: Service, { deploy, incident }: ServiceState): string | undefined {
  if (!deploy) return undefined;
  if (deploy.alarm) return deploy.alarm.why;
  if (incident?.seq === deploy.n && incident.resolvedAtMs === undefined) return incident.why;
  if (deploy.phase === 'ended' || deploy.outcome === undefined) return deploy.unsettled;
  return `${nameOf(service, deploy)} is bad, and its rollback is not known to have worked: ${deploy.reason}`;
}

/** The number of the deploy that an announcement repeats; `undefined` when it is a new one. */
export function knownAs({ deploy, beside }: ServiceState, announcement: Announcement): number | undefined {
  if (deploy && isSame(deploy, announcement)) return deploy.n;
  return beside?.key !== undefined && beside.key === announcement.key ? beside.n : undefined;
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
      : ended(
          deploy,
          deploy.outcome ?? 'superseded',
          // What it was found to be is still the news.
          `${deploy.outcome === undefined ? '' : `${deploy.reason} `}A later deploy took its place.`,
          nowMs,
        );
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
