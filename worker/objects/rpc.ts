import type { CheckView, IncidentView, RegionView, StoredRun } from '#core/view.ts';
import type { Ack, Hello, PollAnswer, Refusal, Report, RunNow } from '#core/wire.ts';
import type { ProbeIdentity } from '../probe-token.ts';

/** A run on its way to its check: `ageMs` from its start to now, and its text, parsed and checked at the edge. */
export type Entry = { ageMs: number; runJson: string };

/** What became of a report. `results` holds the runs that are stored; what is missing there was not. */
export type Ingested = {
  results: { id: string; duplicate: boolean }[];
  bursting: boolean;
  nowMs: number;
};

/** What the rest of the hub may ask of a check's object. */
export interface CheckRpc extends Rpc.DurableObjectBranded {
  /**
   * Stores runs in order and acts on them. Returns when they are stored: pages and bursts are under way, not awaited.
   * A run that was stored before is acknowledged and changes nothing.
   */
  ingest(entries: Entry[]): Ingested;
  /** The check as the operator's page shows it. */
  view(): CheckView;
  /** A run with its steps, or `undefined` when it is not (or no longer) here. */
  run(id: string): StoredRun | undefined;
  /** An incident with its pages, or `undefined`. */
  incident(seq: number): IncidentView | undefined;
}

/** What the rest of the hub may ask of a region's object, beside opening a socket by `fetch`. */
export interface RegionRpc extends Rpc.DurableObjectBranded {
  /** A parsed report that came by HTTP. The refusal's status is the answer's. */
  report(report: Report, identity: ProbeIdentity): Promise<Ack | Refusal>;
  /** A parsed poll of a probe that has no socket: its plan, and what it was told to do since the last poll. */
  poll(hello: Hello, identity: ProbeIdentity): Promise<PollAnswer | Refusal>;
  /** Tells the probe that runs this check to run it at once. `live`: whether any probe was heard from lately. */
  runNow(check: string, trigger: RunNow['trigger']): Promise<{ live: boolean; lastHeardMs: number }>;
  /** Whether a probe of that name has said hello in this region. */
  knows(probe: string): boolean;
  /** The region as the operator's page shows it. */
  overview(): Promise<RegionView>;
}
