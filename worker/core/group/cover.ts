import type { Incident } from '../incident.ts';
import type { Delivery } from '../delivery.ts';
import type { GroupedCheck } from '../page.ts';
import type { ChannelTraits } from '../policy.ts';
import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from '../units.ts';

/**
 * One incident's page may speak for others': the lead's for its members'. What the two owe each other is decided here.
 * A member is covered only for as long as its lead says so; the lead's page stays open until its members are over.
 */

/** What a lead says to a member. `told`: somebody is being woken by its page, or has it. `over`: it speaks for it no more. */
export type LeadAnswer =
  | { state: 'over' }
  | {
      state: 'open' | 'told';
      acknowledged?: { by: string; via: string } | undefined;
      accepted?: { atMs: number; channel: string; providerId?: string | undefined } | undefined;
    };

/** How a member's own page stands: it waits for the lead's to be accepted, that one has told it, or it goes out itself. */
export type Cover = 'waiting' | 'told' | 'broken';

/** When one of the two was last asked, and has last answered. Epoch ms; 0: never since this process began. */
export type Asked = { askedAtMs: number; answeredAtMs: number };
export const NEVER_ASKED: Asked = { askedAtMs: 0, answeredAtMs: 0 };

/** Members of one lead: a list longer than that is no help, and the next check leads a second page. */
export const MEMBERS_MAX = 100;
/** How long before its own page is due a member asks whether the lead's was accepted: at once, and for the last time. */
const ASK_BEFORE_DUE_MS = [7_000, 3_000, 1_000] as const;
/** How often a member and its lead ask for each other's health, and repeat what was not answered. */
const ASK_INTERVAL_MS = 30 * MS_PER_SECOND;
/** A lead that has not answered for this long may be gone with its page: the member pages by itself. */
export const LEAD_SILENT_MAX_MS = 2 * MS_PER_MINUTE;
/** A member that has not answered for this long does not hold its lead's resolve any more. */
export const MEMBER_SILENT_MAX_MS = 10 * MS_PER_MINUTE;
/** By then a lead that was not told has asked by itself. */
const LEAVE_MAX_MS = MS_PER_HOUR;

/** How the own page of an incident that another one speaks for stands. `triggers`: its deliveries. */
export function coverOf(triggers: readonly Delivery[]): Cover {
  if (triggers.some(({ coveredBy, attempts }) => coveredBy === undefined || attempts > 0)) return 'broken';
  return triggers.some(({ state }) => state === 'pending') ? 'waiting' : 'told';
}

/** Whether a message of the incident's page has reached a person, where one of its channels does; else any channel. */
export function isTold(triggers: readonly Delivery[], traits: Record<string, ChannelTraits>): boolean {
  const waking = triggers.filter(({ channel }) => traits[channel]?.wakes);
  return (waking.length > 0 ? waking : triggers).some(({ acceptedAtMs }) => acceptedAtMs !== undefined);
}

/**
 * What a lead says to a member, known or new. A new one it takes on only while it is failing itself: that its page says
 * so is no news otherwise. `triggers`: the deliveries of the lead's page.
 */
export function leadAnswer(
  incident: Incident | undefined,
  member: Pick<GroupedCheck, 'check' | 'seq'>,
  triggers: readonly Delivery[],
  traits: Record<string, ChannelTraits>,
): LeadAnswer {
  const isSilent = incident?.held === true || incident?.lead !== undefined;
  if (!incident || incident.status === 'resolved' || isSilent) return { state: 'over' };
  const members = incident.checks ?? [];
  const isFull = members.length >= MEMBERS_MAX;
  if (!isMember(members, member) && (incident.status !== 'open' || isFull)) return { state: 'over' };
  const { acknowledged, ledger } = incident;
  return {
    state: acknowledged || isTold(triggers, traits) ? 'told' : 'open',
    ...(acknowledged ? { acknowledged: { by: acknowledged.by, via: acknowledged.via } } : {}),
    ...(ledger.acceptedMs === undefined
      ? {}
      : {
          accepted: {
            atMs: ledger.acceptedMs,
            channel: ledger.acceptedBy ?? '',
            providerId: ledger.providerId,
          },
        }),
  };
}

export function isMember(
  members: readonly GroupedCheck[],
  { check, seq }: Pick<GroupedCheck, 'check' | 'seq'>,
): boolean {
  return members.some((member) => member.check === check && member.seq === seq);
}

/** The members without that one; the very same list when it was none. */
export function withoutMember(
  members: GroupedCheck[],
  gone: Pick<GroupedCheck, 'check' | 'seq'>,
): GroupedCheck[] {
  return isMember(members, gone)
    ? members.filter(({ check, seq }) => check !== gone.check || seq !== gone.seq)
    : members;
}

/** What a member does upon its lead's word, `undefined` when there was none: it is covered, pages by itself, or waits. */
export function memberNext(
  answer: LeadAnswer | undefined,
  cover: Cover,
  { answeredAtMs }: Asked,
  nowMs: number,
): 'cover' | 'page' | 'wait' {
  if (cover === 'broken' || answer?.state === 'over') return 'page';
  // While it waits, its own page is due soon, whatever the lead says.
  if (cover === 'waiting') return answer?.state === 'told' ? 'cover' : 'wait';
  if (answer === undefined) return nowMs - answeredAtMs > LEAD_SILENT_MAX_MS ? 'page' : 'wait';
  // It told before; if it knows nothing of that any more, neither may anybody else.
  return answer.state === 'told' ? 'wait' : 'page';
}

/** When a member has to look after its cover, epoch ms; `undefined` when it has none. */
export function memberWakeMs(
  incident: Incident | undefined,
  triggers: readonly Delivery[],
  asked: Asked,
  nowMs: number,
): number | undefined {
  if (incident?.lead === undefined || incident.status === 'resolved') return undefined;
  const againMs = nextMs(asked, nowMs, ASK_INTERVAL_MS);
  switch (coverOf(triggers)) {
    case 'waiting': {
      const dueMs = Math.min(...triggers.map(({ dueAtMs }) => dueAtMs));
      return ASK_BEFORE_DUE_MS.map((beforeMs) => dueMs - beforeMs).find((atMs) => atMs > asked.askedAtMs);
    }
    case 'told':
      return againMs;
    case 'broken':
      return nextMs(asked, nowMs, MS_PER_SECOND);
  }
}

/** When a lead that only its members keep open has to ask whether they are over, epoch ms. */
export function leadWakeMs(incident: Incident | undefined, asked: Asked, nowMs: number): number | undefined {
  if (incident?.status !== 'recovered' || (incident.checks ?? []).length === 0) return undefined;
  return nextMs(asked, nowMs, ASK_INTERVAL_MS);
}

/** When a member that is over has to tell its lead, which it does until that has answered, epoch ms. */
export function leaveWakeMs(incident: Incident | undefined, asked: Asked, nowMs: number): number | undefined {
  const isOver = incident?.status === 'resolved' && incident.lead !== undefined;
  if (!isOver || asked.answeredAtMs >= (incident.resolvedAtMs ?? 0)) return undefined;
  if (nowMs - (incident.resolvedAtMs ?? 0) > LEAVE_MAX_MS) return undefined;
  return asked.askedAtMs < (incident.resolvedAtMs ?? 0) ? nowMs : nextMs(asked, nowMs, ASK_INTERVAL_MS);
}

/** At once if that is further away than any interval: the clock has been set back since. */
function nextMs({ askedAtMs }: Asked, nowMs: number, intervalMs: number): number {
  return askedAtMs > nowMs ? nowMs : askedAtMs + intervalMs;
}
