import type { Failure } from './failure.ts';
import type { CheckState } from './check-state.ts';
import type { Incident } from './incident.ts';
import type { Drill } from './network/drill.ts';
import type { NetworkIncident } from './network/network.ts';
import type { Delivery } from './delivery.ts';
import type { DeployRef, Outcome, Run } from './run.ts';
import type { Verdict } from './verdict.ts';

/** A run as lists show it: without its steps. Times are the hub's, epoch ms. */
export type RunLine = {
  id: string;
  region: string;
  probe: string;
  trigger: Run['trigger'];
  startedAtMs: number;
  receivedAtMs: number;
  durationMs: number;
  waitedMs: number;
  outcome: Outcome;
  failure?: Failure | undefined;
  screenshot: boolean;
  /** It came too late or out of order: history only. */
  late: boolean;
  /** Only of a run that verifies a deploy. */
  deploy?: DeployRef | undefined;
};

/** A whole run as the hub stores it. `startedAtMs` is the hub's reckoning; `run.startedAtMs` the probe's. */
export type StoredRun = { run: Run; startedAtMs: number; receivedAtMs: number; late: boolean };

/** What a check's object tells of itself. */
export type CheckView = {
  check: string;
  state: CheckState;
  verdict: Verdict;
  /** Per region, newest first, bounded. */
  runs: Record<string, RunLine[]>;
  /** Newest first, bounded. */
  incidents: Incident[];
  /** Of the latest incident, and every page not yet accepted. */
  deliveries: Delivery[];
  /** Runs that D1 does not have yet, and when the oldest of them came. */
  historyLag: { runs: number; oldestReceivedAtMs?: number | undefined };
  nowMs: number;
};

/** One incident with the pages that went out for it. */
export type IncidentView = { incident: Incident; deliveries: Delivery[]; nowMs: number };

/** A probe as its region's object knows it. */
export type ProbeView = {
  probe: string;
  /** When its process started, epoch ms by the probe's clock. */
  boot: number;
  transport: 'socket' | 'http';
  /** Whether it was heard from within `SILENT_AFTER_MS`. */
  live: boolean;
  lastHeardMs: number;
  configHash: string;
  /** Whether it runs the hub's configuration. */
  configMatches: boolean;
  versions: Record<string, string>;
  spooled: number;
  dropped: number;
};

/** What a region's object tells of itself. */
export type RegionView = {
  region: string;
  live: boolean;
  lastHeardMs?: number | undefined;
  probes: ProbeView[];
  nowMs: number;
};

/** A region as the network's object knows it: what its own object said last. Times are the hub's, epoch ms. */
export type NetworkRegion = {
  region: string;
  title: string;
  /** Heard from within `SILENT_AFTER_MS`. */
  live: boolean;
  lastHeardMs?: number | undefined;
  /** When runs of it were last stored and evaluated. */
  evaluatedMs?: number | undefined;
  /** Whether its object has answered the last question. */
  answers: boolean;
};

/** How the pings of one watchdog fare. Its address is not told: it may be a secret. */
export type WatchdogView = {
  /** `watchdog 1`, in the order of the configuration. */
  name: string;
  everyMs: number;
  succeededMs?: number | undefined;
  /** Why the last ping failed; absent once one has succeeded. */
  failure?: { atMs: number; error: string } | undefined;
};

/** What the network's object tells: of all regions together, drills and watchdogs. */
export type NetworkView = {
  regions: NetworkRegion[];
  /** How many regions must be live to see anything. */
  needed: number;
  /** Newest first, bounded; the first one is open when too few regions are live. */
  incidents: NetworkIncident[];
  /** Of the latest incident and drill, and every page of theirs not yet accepted. */
  deliveries: Delivery[];
  /** The latest drill, over or not; `drillPassed` of `drill.ts` judges it. */
  drill?: Drill | undefined;
  /** Channels that have not taken a drill for longer than `paging.drillEvery`, and since when that is so. */
  drillOverdue?: { channels: string[]; sinceMs: number } | undefined;
  watchdogs: WatchdogView[];
  /** Whether watchdogs are pinged now: results of two regions were evaluated lately. */
  hasEvidence: boolean;
  /** First start of the hub, and when the regions were last looked at. */
  startedAtMs: number;
  lookedAtMs?: number | undefined;
  nowMs: number;
};
