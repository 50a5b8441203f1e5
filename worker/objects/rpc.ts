import type { LeadAnswer } from '#core/group/cover.ts';
import type { CheckStanding } from '#core/deploy/event.ts';
import type { DeployMark } from '#core/deploy/telling/mark.ts';
import type { ToldBaseline } from '#core/dns/memory/told-baseline.ts';
import type { Candidate } from '#core/group/grouping.ts';
import type { GroupedCheck } from '#core/page.ts';
import type { CheckView, IncidentView, RegionView, StoredRun } from '#core/view.ts';
import type {
  Ack,
  BrokeGlass,
  Hello,
  LookNow,
  Looked,
  NextStart,
  Overdue,
  PollAnswer,
  Refusal,
  Report,
  RunNow,
  VerifyNow,
} from '#core/wire.ts';
import type { ProbeIdentity } from '../probe-token.ts';

/** A run on its way to its check: `ageMs` from its start to now, and its text, parsed and checked at the edge. */
export type Entry = { ageMs: number; runJson: string };

/** What became of a report. `results` holds the runs that are stored; what is missing there was not. */
export type Ingested = {
  results: { id: string; duplicate: boolean }[];
  bursting: boolean;
  /** What the probe must know of the check; absent when the configuration no longer has it. */
  briefing?: Omit<NextStart, 'check' | 'inMs'>;
  nowMs: number;
};

/** What became of an acknowledgement: `already`: by somebody else before; `over` and `unknown`: there is nothing to. */
export type Acknowledged = {
  state: 'acknowledged' | 'already' | 'over' | 'unknown';
  by?: string | undefined;
};

/** What the rest of the hub may ask of a check's object. */
export interface CheckRpc extends Rpc.DurableObjectBranded {
  /**
   * Stores runs in order and acts on them. Returns when they are stored: pages and bursts are under way, not awaited.
   * A run that was stored before is acknowledged and changes nothing.
   */
  ingest(entries: Entry[]): Ingested;
  /** A run of that region goes on past its soft deadline; it began `ageMs` ago. */
  overdue(region: string, ageMs: number): void;
  /** Takes in a page that a probe has sent by itself. Returns when it is stored. */
  brokeGlass(glass: BrokeGlass): void;
  /** Somebody has incident `seq`. `via`: `operator`, `link`, or the channel that told. Returns when it is stored. */
  acknowledge(seq: number, by: string, via: string): Acknowledged;
  /** Another check's incident asks what the page of incident `seq` does for it, and joins its list if it may. */
  speakFor(seq: number, member: GroupedCheck): LeadAnswer;
  /** A member of incident `seq` is over, or pages by itself: it leaves the list. Returns when it is stored. */
  left(seq: number, member: { check: string; seq: number }): void;
  /** Whether incident `seq` goes on and leaves its page to that of the dedup key `lead`. */
  isSpokenFor(seq: number, lead: string): boolean;
  /** A deploy that concerns the check, or what is new of it. Returns when it is stored. */
  deployed(mark: DeployMark): void;
  /** The incident that goes on, if one does. */
  standing(): CheckStanding;
  /** Does what time asks for, should the object's own timer and alarm both have been lost. */
  tick(): Promise<void>;
  /** The check as the operator's page shows it. */
  view(): CheckView;
  /** A run with its steps, or `undefined` when it is not (or no longer) here. */
  run(id: string): StoredRun | undefined;
  /** An incident with its pages, or `undefined`. */
  incident(seq: number): IncidentView | undefined;
  /** Of a DNS check: its accepted figures beside the present ones. `undefined` of any other check. */
  dnsBaseline(): ToldBaseline | undefined;
  /** Calls the present figures right. Returns when that is stored; `undefined` when nothing has been measured. */
  acceptDnsBaseline(by: string): ToldBaseline | undefined;
}

/** What checks may ask of the object in which those that fail together find each other. */
export interface GroupRpc extends Rpc.DurableObjectBranded {
  /**
   * Dedup key of the page that may speak for the candidate's, or `undefined`: then it is the first of its cause.
   * `over`: one it was given before, and that leads nobody.
   */
  join(candidate: Candidate, over?: string): string | undefined;
}

/** What the rest of the hub may ask of the asker of a region without probes. */
export interface WorkerProbeRpc extends Rpc.DurableObjectBranded {
  /** Looks at what there is to do: new commands, a plan, runs that are due. Returns when it has, and never throws. */
  wake(): Promise<void>;
}

/** What the rest of the hub may ask of a region's object, beside opening a socket by `fetch`. */
export interface RegionRpc extends Rpc.DurableObjectBranded {
  /** A parsed report that came by HTTP. The refusal's status is the answer's. */
  report(report: Report, identity: ProbeIdentity): Promise<Ack | Refusal>;
  /** A parsed poll of a probe that has no socket: its plan, and what it was told to do since the last poll. */
  poll(hello: Hello, identity: ProbeIdentity): Promise<PollAnswer | Refusal>;
  /** A run goes on past its soft deadline. */
  overdue(overdue: Overdue, identity: ProbeIdentity): Promise<Refusal | undefined>;
  /** A page that a probe has sent by itself. */
  brokeGlass(glass: BrokeGlass, identity: ProbeIdentity): Promise<Ack | Refusal>;
  /** Tells the probe that runs this check to run it at once. `live`: whether any probe was heard from lately. */
  runNow(
    check: string,
    trigger: RunNow['trigger'],
    deadlineMs?: number,
  ): Promise<{ live: boolean; lastHeardMs: number }>;
  /**
   * Whether any probe was heard from lately, heartbeats included, and when a check's object last stored and evaluated
   * runs of the region: 0 when that was before this object's process began. Wakes no probe, but the hub's own asker, should
   * it be missing.
   */
  liveness(): { live: boolean; lastHeardMs: number; evaluatedMs: number };
  /** Whether a probe of that name has said hello in this region. */
  knows(probe: string): boolean;
  /** Tells a probe of a region to run the check for a deploy's verification. `live`: whether there is one to tell. */
  verifyNow(command: VerifyNow): Promise<{ live: boolean }>;
  /** Tells a probe of the region to look at addresses. `live`: whether there is one to tell. */
  lookNow(command: LookNow): Promise<{ live: boolean }>;
  /** What a probe has seen of them. */
  looked(looked: Looked, identity: ProbeIdentity): Promise<Refusal | undefined>;
  /** The region as the operator's page shows it. */
  overview(): Promise<RegionView>;
}
