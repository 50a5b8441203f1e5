import { activeIncident, type CheckState } from '#core/check-state.ts';
import {
  coverOf,
  isMember,
  leadAnswer,
  leadWakeMs,
  leaveWakeMs,
  MEMBER_SILENT_MAX_MS,
  memberNext,
  memberWakeMs,
  NEVER_ASKED,
  withoutMember,
  type Asked,
  type LeadAnswer,
} from '#core/group/cover.ts';
import { candidateOf, isGroupable } from '#core/group/grouping.ts';
import type { Incident } from '#core/incident.ts';
import { GROUP_ANSWER_MS } from '#core/outbox.ts';
import type { Delivery } from '#core/delivery.ts';
import { dedupKey, type GroupedCheck, type Page } from '#core/page.ts';
import { earliest } from '#core/units.ts';
import type { Policy } from '#core/policy.ts';
import type { CheckEffect } from '#core/check-event.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { log, logError } from '../log.ts';
import { Semaphore } from '../semaphore.ts';
import { checkOf, config } from '../settings.ts';
import type { Draft } from './draft.ts';
import { GROUP_NAME } from './group-object.ts';

/** What a group needs of its check's object. */
type PageGroupHost = {
  readonly check: string;
  policy(): Policy | undefined;
  state(): CheckState;
  /** The deliveries of an incident's page. */
  triggers(seq: number): Delivery[];
  /** Makes a change in one transaction and acts on what follows from it. Throws when it cannot be stored. */
  change(change: (draft: Draft) => void): void;
};

/** How long a page waits for its group's word. A check that is watched alone has nobody to share a page with. */
export const HELD_MS = config.checks.length > 1 ? GROUP_ANSWER_MS : 0;
/** Less than that: whatever the answer, the page goes out in time. */
const SEEK_TIMEOUT_MS = GROUP_ANSWER_MS - 200;
/** Of what no page waits for. */
const ASK_TIMEOUT_MS = 2_000;
/** The group may still name a lead that is over, and the next one may be by the time it is asked. */
const LEADS_TRIED_MAX = 3;
/** Six connections may wait at once in one invocation: some stay free for pages. */
const ASKED_AT_ONCE_MAX = 3;

/**
 * A check's part in a page that speaks for several: as a member it finds its lead and looks after its cover, as a lead it
 * keeps the list. Everything it does not hear in time ends in a page of its own. What it has asked is only in memory:
 * asking twice is harmless.
 */
export class PageGroup {
  readonly #env: Pick<HubBindings, 'CHECKS' | 'GROUPS'>;
  readonly #host: PageGroupHost;
  readonly #slots = new Semaphore(ASKED_AT_ONCE_MAX);
  #lead: Asked = NEVER_ASKED;
  #members: Asked = NEVER_ASKED;
  #leaving: Asked = NEVER_ASKED;
  /** Since when a member of the lead's list has not answered, by its dedup key. */
  readonly #lostSinceMs = new Map<string, number>();

  constructor(env: Pick<HubBindings, 'CHECKS' | 'GROUPS'>, host: PageGroupHost) {
    this.#env = env;
    this.#host = host;
  }

  /** Finds out who speaks for each page that has just been stored and is held for it. */
  async seek(effects: readonly CheckEffect[]): Promise<void> {
    if (HELD_MS === 0) return;
    const pages = effects.flatMap((effect) =>
      effect.type === 'page' && isGroupable(effect.page) ? [effect.page] : [],
    );
    await Promise.all(pages.map((page) => this.#seek(page)));
  }

  /** When something is to be asked or told, epoch ms; `undefined` when there is no group. */
  wakeMs(nowMs: number): number | undefined {
    const { incident } = this.#host.state();
    if (!incident || (incident.lead === undefined && incident.checks === undefined)) return undefined;
    return earliest(
      memberWakeMs(incident, this.#host.triggers(incident.seq), this.#lead, nowMs),
      leadWakeMs(incident, this.#members, nowMs),
      leaveWakeMs(incident, this.#leaving, nowMs),
    );
  }

  /** Asks and tells all that is due. */
  async work(nowMs: number): Promise<void> {
    const { incident } = this.#host.state();
    if (!incident) return;
    const isDue = (wakeMs: number | undefined): boolean => wakeMs !== undefined && wakeMs <= nowMs;
    const triggers = this.#host.triggers(incident.seq);
    await Promise.all([
      isDue(memberWakeMs(incident, triggers, this.#lead, nowMs)) && this.#askLead(incident, nowMs),
      isDue(leadWakeMs(incident, this.#members, nowMs)) && this.#askMembers(incident, nowMs),
      isDue(leaveWakeMs(incident, this.#leaving, nowMs)) && this.#leave(incident, nowMs),
    ]);
  }

  /** A member asks what this check's page does for it, and with that becomes one if it may. */
  speakFor(seq: number, member: GroupedCheck): LeadAnswer {
    const policy = this.#host.policy();
    const incident = this.#active(seq);
    const answer: LeadAnswer = policy
      ? leadAnswer(incident, member, this.#host.triggers(seq), policy.routes.traits)
      : { state: 'over' };
    if (answer.state !== 'over' && !isMember(incident?.checks ?? [], member)) {
      log('check-joined', { check: this.#host.check, seq, member: dedupKey(member.check, member.seq) });
      this.#setMembers(seq, (members) => [...members, member]);
    }
    return answer;
  }

  /** A member is over, or pages by itself. */
  left(seq: number, member: { check: string; seq: number }): void {
    this.#setMembers(seq, (members) => withoutMember(members, member));
  }

  /** Whether this check's incident is going on and is told by that page. */
  isSpokenFor(seq: number, lead: string): boolean {
    return this.#host.policy() !== undefined && this.#active(seq)?.lead === lead;
  }

  /** Somebody has the lead's page, and with it all it speaks for. What is not told now is heard when a member next asks. */
  async acknowledged(seq: number, by: string, via: string): Promise<void> {
    const members = this.#active(seq)?.checks ?? [];
    await this.#each(members, (member) => this.#check(member.check).acknowledge(member.seq, by, via));
  }

  async #seek(page: Page): Promise<void> {
    const found = await this.#find(page);
    const nowMs = Date.now();
    const isHeld = this.#host
      .triggers(page.seq)
      .every(({ state, attempts }) => state === 'pending' && attempts === 0);
    const isCovered = found !== undefined && isHeld && this.#active(page.seq) !== undefined;
    this.#lead = { askedAtMs: nowMs, answeredAtMs: nowMs };
    this.#host.change((draft) => {
      draft.apply({ type: 'grouped', nowMs, seq: page.seq, lead: isCovered ? found.lead : undefined });
      if (isCovered) this.#heed(draft, page.seq, found.answer, nowMs);
    });
    if (isCovered) log('page-grouped', { check: this.#host.check, seq: page.seq, lead: found.lead });
    else if (found) await this.#tellLeft(found.lead, page.seq);
  }

  /** The lead that speaks for a page; `undefined` when it is to go out by itself. Never rejects. */
  async #find(page: Page): Promise<{ lead: string; answer: LeadAnswer } | undefined> {
    try {
      return await withDeadline(this.#findLead(page), SEEK_TIMEOUT_MS, 'the group of a page');
    } catch (error) {
      logError('page-not-grouped', error, { check: this.#host.check, seq: page.seq });
      return undefined;
    }
  }

  async #findLead(page: Page): Promise<{ lead: string; answer: LeadAnswer } | undefined> {
    const policy = this.#host.policy();
    if (!policy) return undefined;
    const candidate = candidateOf(page, policy);
    let over: string | undefined;
    for (let tried = 0; tried < LEADS_TRIED_MAX; tried++) {
      const lead = await this.#env.GROUPS.getByName(GROUP_NAME).join(candidate, over);
      if (lead === undefined) return undefined;
      const answer = await this.#askTo(lead, page);
      if (answer.state !== 'over') return { lead, answer };
      over = lead;
    }
    return undefined;
  }

  async #askLead(incident: Incident, nowMs: number): Promise<void> {
    const { lead, seq } = incident;
    this.#lead = { askedAtMs: nowMs, answeredAtMs: this.#lead.answeredAtMs || nowMs };
    const [trigger] = this.#host.triggers(seq);
    if (lead === undefined || !trigger) return;
    const answer =
      coverOf(this.#host.triggers(seq)) === 'broken' ? undefined : await this.#wordOf(lead, trigger.page);
    const answeredMs = Date.now();
    if (answer) this.#lead = { ...this.#lead, answeredAtMs: answeredMs };
    if (this.#active(seq)?.lead !== lead) return;
    const next = memberNext(answer, coverOf(this.#host.triggers(seq)), this.#lead, answeredMs);
    if (next === 'page') {
      log('page-by-itself', { check: this.#host.check, seq, lead });
      this.#host.change((draft) => draft.apply({ type: 'grouped', nowMs: answeredMs, seq }));
      await this.#tellLeft(lead, seq);
      return;
    }
    // Also when nothing comes of it: the object is then woken for the next question.
    this.#host.change((draft) => {
      if (answer) this.#heed(draft, seq, answer, answeredMs);
    });
  }

  /** Takes over what the lead's page has come to. */
  #heed(draft: Draft, seq: number, answer: LeadAnswer, nowMs: number): void {
    if (answer.state === 'over') return;
    const { accepted, acknowledged } = answer;
    const incident = this.#active(seq);
    if (answer.state === 'told') {
      draft.cover(seq);
      const decidedMs = incident?.ledger.decidedMs ?? 0;
      if (accepted && incident?.ledger.acceptedMs === undefined) {
        const { atMs, channel, providerId } = accepted;
        draft.apply({ type: 'accepted', seq, channel, providerId, nowMs: Math.max(atMs, decidedMs) });
      }
    }
    if (acknowledged && !incident?.acknowledged)
      draft.apply({ type: 'acknowledged', nowMs, seq, ...acknowledged });
  }

  /** Asks the members that keep this page open whether they are over; those that are leave the list. */
  async #askMembers(incident: Incident, nowMs: number): Promise<void> {
    this.#members = { askedAtMs: nowMs, answeredAtMs: nowMs };
    const lead = dedupKey(this.#host.check, incident.seq);
    const members = incident.checks ?? [];
    const goesOn = await this.#each(
      members,
      async ({ check, seq }) =>
        checkOf(check) !== undefined && (await this.#check(check).isSpokenFor(seq, lead)),
    );
    const gone = members.filter((member, index) => {
      const key = dedupKey(member.check, member.seq);
      const lostMs = this.#lostSinceMs.get(key) ?? nowMs;
      const isLost = goesOn[index] === undefined;
      const isGone = isLost ? nowMs - lostMs > MEMBER_SILENT_MAX_MS : goesOn[index] === false;
      if (isLost && !isGone) this.#lostSinceMs.set(key, lostMs);
      else this.#lostSinceMs.delete(key);
      return isGone;
    });
    this.#setMembers(incident.seq, (now) => gone.reduce(withoutMember, now));
  }

  async #leave({ lead, seq, resolvedAtMs = 0 }: Incident, nowMs: number): Promise<void> {
    if (lead === undefined) return;
    this.#leaving = { ...this.#leaving, askedAtMs: nowMs };
    // Not before the end that it answers, should the clock have been set back since.
    if (await this.#tellLeft(lead, seq))
      this.#leaving = { askedAtMs: nowMs, answeredAtMs: Math.max(nowMs, resolvedAtMs) };
  }

  /** Whether the lead has heard it. Never rejects: a lead that has not asks by itself before it ends. */
  async #tellLeft(lead: string, seq: number): Promise<boolean> {
    const { check, seq: leadSeq } = refOf(lead);
    try {
      const told = this.#check(check).left(leadSeq, { check: this.#host.check, seq });
      await withDeadline(told, ASK_TIMEOUT_MS, `check ${check}`);
      return true;
    } catch (error) {
      logError('lead-not-told', error, { check: this.#host.check, seq, lead });
      return false;
    }
  }

  /** The lead's word, or `undefined` when it does not answer in time. */
  async #wordOf(lead: string, page: Page): Promise<LeadAnswer | undefined> {
    try {
      return await withDeadline(this.#ask(lead, page), SEEK_TIMEOUT_MS, `the lead ${lead}`);
    } catch (error) {
      logError('lead-not-heard', error, { check: this.#host.check, seq: page.seq, lead });
      return undefined;
    }
  }

  /** The word of a lead that is not this page's yet: one that fails to answer leads nobody. */
  async #askTo(lead: string, page: Page): Promise<LeadAnswer> {
    try {
      return await this.#ask(lead, page);
    } catch (error) {
      logError('lead-not-heard', error, { check: this.#host.check, seq: page.seq, lead });
      return { state: 'over' };
    }
  }

  #ask(lead: string, { check, title, seq, incidentUrl }: Page): Promise<LeadAnswer> {
    const ref = refOf(lead);
    return this.#check(ref.check).speakFor(ref.seq, { check, title, seq, incidentUrl });
  }

  #setMembers(seq: number, change: (members: GroupedCheck[]) => GroupedCheck[]): void {
    const before = this.#active(seq)?.checks ?? [];
    const checks = change(before);
    if (checks !== before)
      this.#host.change((draft) => draft.apply({ type: 'members', nowMs: Date.now(), seq, checks }));
  }

  /** Asks several checks, some at a time. What does not answer in time is `undefined`. Never rejects. */
  #each<Answer>(
    members: readonly GroupedCheck[],
    ask: (member: GroupedCheck) => Promise<Answer>,
  ): Promise<(Answer | undefined)[]> {
    return Promise.all(
      members.map((member) =>
        this.#slots.run(async () => {
          try {
            return await withDeadline(ask(member), ASK_TIMEOUT_MS, `check ${member.check}`);
          } catch (error) {
            logError('member-not-reached', error, { check: this.#host.check, member: member.check });
            return undefined;
          }
        }),
      ),
    );
  }

  #check(id: string) {
    return this.#env.CHECKS.getByName(id);
  }

  /** The incident of that number while it goes on. */
  #active(seq: number): Incident | undefined {
    const incident = activeIncident(this.#host.state());
    return incident?.seq === seq ? incident : undefined;
  }
}

/** What a dedup key names; a check's id has no colon. */
function refOf(key: string): { check: string; seq: number } {
  const at = key.lastIndexOf(':');
  return { check: key.slice(0, at), seq: Number(key.slice(at + 1)) };
}
