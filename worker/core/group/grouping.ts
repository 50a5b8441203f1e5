import { SEVERITIES, type Check } from '../config.ts';
import { dedupKey, type Page } from '../page.ts';
import type { Policy } from '../policy.ts';
import { MS_PER_DAY, MS_PER_MINUTE } from '../units.ts';

/** An incident that is about to be paged, as far as it matters whether another one's page speaks for it. */
export type Candidate = {
  check: string;
  seq: number;
  /** Regions that fail, sorted. */
  regions: string[];
  errorClass?: string | undefined;
  dependsOn: string[];
  /** Channels its own page would go to. */
  channels: string[];
  severity: Check['severity'];
};

/** An incident that paged, and that others may be told by. */
export type Group = { lead: Candidate; openedMs: number };

/** The group's word: who speaks for the candidate, by the dedup key of that page; nobody does when it is absent. */
export type Joined = { groups: readonly Group[]; lead?: string | undefined };

/** What fails in the same regions by the same error has one cause when it does so within this time. */
export const SAME_CAUSE_MS = MS_PER_MINUTE;
/** Groups remembered: beyond, the oldest is forgotten, and the next of its kind pages by itself. */
export const GROUPS_MAX = 100;
/** A dependency's lead is found to be over by whoever wants to join it; nobody may for a day. */
const GROUP_AGE_MAX_MS = MS_PER_DAY;

/**
 * Whether an incident's page may be told by another one's. Not one of slowness, which has neither failing regions nor an
 * error to share, nor a probe's own page, which is out already.
 */
export function isGroupable(page: Page): boolean {
  return (
    page.event === 'trigger' &&
    (page.reason === 'unanimous' || page.reason === 'partial' || page.reason === 'regional')
  );
}

/** What the group must know of the incident behind a page. */
export function candidateOf(page: Page, { check, routes }: Policy): Candidate {
  return {
    check: check.id,
    seq: page.seq,
    regions: page.regions
      .filter(({ vote }) => vote === 'fail')
      .map(({ region }) => region)
      .toSorted(),
    errorClass: page.errorClass,
    dependsOn: check.dependsOn,
    channels: routes.page,
    severity: page.severity,
  };
}

/**
 * Lets a candidate join the oldest open group of its cause, or open one of its own. `over`: dedup key of a lead it was
 * given and that speaks for nobody any more. Asked again by the same incident, it gives the same answer.
 */
export function joinGroup(
  before: readonly Group[],
  candidate: Candidate,
  over: string | undefined,
  nowMs: number,
): Joined {
  const open = before.filter(
    (group) => keyOf(group) !== over && !isPast(group, nowMs) && !isFollowedBy(group, candidate),
  );
  if (open.some(({ lead }) => lead.check === candidate.check)) return { groups: open };
  const joined = open.find((group) => isOfOneCause(group, candidate, nowMs));
  if (joined) return { groups: open, lead: keyOf(joined) };
  return { groups: [...open, { lead: candidate, openedMs: nowMs }].slice(-GROUPS_MAX) };
}

/** A check has one failing incident at a time: a later one of the lead's own says that the lead is over. */
function isFollowedBy({ lead }: Group, candidate: Candidate): boolean {
  return lead.check === candidate.check && lead.seq !== candidate.seq;
}

function isOfOneCause(group: Group, candidate: Candidate, nowMs: number): boolean {
  const { lead } = group;
  if (!speaksAsLoud(lead, candidate)) return false;
  if (lead.dependsOn.some((name) => candidate.dependsOn.includes(name))) return true;
  return (
    isFresh(group, nowMs) &&
    candidate.regions.length > 0 &&
    candidate.errorClass !== undefined &&
    lead.errorClass === candidate.errorClass &&
    lead.regions.join() === candidate.regions.join()
  );
}

/** Whoever would be woken by the candidate's own page is by the lead's. */
function speaksAsLoud(lead: Candidate, candidate: Candidate): boolean {
  return (
    candidate.channels.every((channel) => lead.channels.includes(channel)) &&
    SEVERITIES.indexOf(lead.severity) <= SEVERITIES.indexOf(candidate.severity)
  );
}

function isPast(group: Group, nowMs: number): boolean {
  if (group.lead.dependsOn.length === 0) return !isFresh(group, nowMs);
  return Math.abs(nowMs - group.openedMs) >= GROUP_AGE_MAX_MS;
}

/** Opened in the future: the clock has been set back since, and by how much nobody knows. */
function isFresh({ openedMs }: Group, nowMs: number): boolean {
  return Math.abs(nowMs - openedMs) < SAME_CAUSE_MS;
}

function keyOf({ lead }: Group): string {
  return dedupKey(lead.check, lead.seq);
}
