import type { Check, Config } from '#core/config.ts';
import type { CheckState, Incident } from '#core/incident.ts';
import type { Delivery } from '#core/outbox.ts';
import type { Run } from '#core/run.ts';

/** A run as a check's object lists it: without steps. Times are the hub's, epoch ms. */
export type RunBrief = Omit<Run, 'steps'> & {
  receivedAtMs: number;
  /** Whether it came too late or out of order: history that neither voted nor paged (DESIGN law 6). */
  late: boolean;
};

/** A run with its steps. */
export type StoredRun = Run & { receivedAtMs: number; late: boolean };

/** What a check's object tells of itself. */
export type CheckView = {
  state: CheckState;
  /** Newest first within each region; `startedAtMs` by the hub's clock. */
  runs: readonly RunBrief[];
  /** Newest first. */
  incidents: readonly Incident[];
  deliveries: readonly Delivery[];
};

/** What a region's object tells of one probe. Times are the hub's, epoch ms. */
export type ProbeView = {
  probe: string;
  lastHeardMs: number;
  transport: 'socket' | 'http';
  versions: Record<string, string>;
  configHash: string;
  configMatches: boolean;
  /** Runs waiting on the probe's disk, and passes it dropped because its spool was full. */
  spooled: number;
  dropped: number;
};

/**
 * All the operator's first page is made of. A view is `undefined` when its object did not answer in time: shown as
 * such, never as health.
 */
export type OverviewSource = {
  config: Pick<Config, 'regions' | 'paging'>;
  checks: readonly { check: Check; view: CheckView | undefined }[];
  regions: readonly { region: string; probes: readonly ProbeView[] | undefined }[];
  nowMs: number;
};
