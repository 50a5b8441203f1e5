/**
 * All that is given of one simulation, as plain data: what is watched, what is true of the target, and what goes wrong.
 * Times are milliseconds from the simulation's start. Faults and outages may be left out one by one; the rest stays the
 * same then.
 */
export type Scenario = {
  seed: number;
  /**
   * `liveness`: faults are bounded while an outage is on, and every promise of time is held to. `safety`: anything may go
   * wrong at any time, and only what must never happen is looked for.
   */
  mode: 'liveness' | 'safety';
  endMs: number;
  regions: string[];
  intervalMs: number;
  timeoutMs: number;
  /** `paging.clearAfter` and `paging.resolveAfter`. */
  clearAfterMs: number;
  resolveAfterMs: number;
  /** How long runs take that pass. */
  passMs: Span;
  /** Whether the check knows how long its runs take from before. */
  learnt: boolean;
  noise: Noise;
  /** Wall clock and drift of each region's probe. */
  clocks: { offsetMs: number; driftPpm: number }[];
  /** One way between probe and hub. */
  linkMs: Span;
  /** One way between hub and pagers and back. */
  pagerMs: Span;
  /** How long somebody takes to acknowledge; nobody ever does when absent. */
  human?: { ackMs: number; via: Channel } | undefined;
  /** Whether probes hold the secrets of the pager. */
  breakGlass: boolean;
  /** A page is out within this from an onset, milliseconds; 120 s when absent. */
  pageWithinMs?: number | undefined;
  outages: Outage[];
  faults: Fault[];
  /** A deploy is verified: beside each run of a probe comes one that only the canary answers, good or bad. */
  canary?: { fromMs: number; untilMs: number } | undefined;
};

/** From and up to, milliseconds. */
export type Span = [number, number];

/** Single failures that no outage is behind. */
export type Noise = {
  /** Share of runs. */
  share: number;
  /** Probability that a run fails right after one of its region that failed by noise. */
  correlation: number;
  /** Share of them that hang. */
  hangShare: number;
  /** The first run of a region from then on fails in any case. */
  first?: { region: string; afterMs: number } | undefined;
};

/** Channels of every scenario: the pager, chat, and another vendor's pager for fallback and escalation. */
export const CHANNELS = ['primary', 'chat', 'backup'] as const;
export type Channel = (typeof CHANNELS)[number];

/** What is really wrong with the target. */
export type Outage = {
  fromMs: number;
  untilMs: number;
  regions: string[];
  /** `slow` passes, several times slower than ever. */
  how: 'fail' | 'hang' | 'slow';
  /** Share of runs that it hits. */
  share: number;
  /** Comes and goes. */
  flap?: { onMs: number; offMs: number } | undefined;
};

/** Where an object of the hub may die: at storing what an event leads to, or at letting something out. */
export const CRASH_POINTS = ['before-store', 'after-store', 'before-leave', 'after-leave'] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

export type Fault =
  /** Messages of a region are lost, come twice, late, or out of order. */
  | (Lasting & {
      kind: 'link';
      region: string;
      loss: number;
      duplicates: number;
      delayMaxMs: number;
      reorders: boolean;
    })
  /** Nothing gets through, and nobody is told. */
  | (Lasting & { kind: 'partition'; region: string })
  /** The hub cannot be reached by anybody, nor does it reach a pager. */
  | (Lasting & { kind: 'hub-cut-off' })
  /** The process dies and comes back after `forMs`. */
  | (Lasting & { kind: 'probe-crash'; region: string })
  /** Runs that begin then never end by themselves: the probe ends them 2 s after their deadline, as `invalid`. */
  | (Lasting & { kind: 'probe-stuck'; region: string })
  /** Runs that begin then are never heard of again, though the probe gives signs of life. */
  | (Lasting & { kind: 'probe-mute'; region: string })
  /** The probe's disk gives back the newest run first. */
  | (Lasting & { kind: 'probe-disorder'; region: string })
  /** Runs that begin then are `invalid`: no browser. */
  | (Lasting & { kind: 'probe-invalid'; region: string })
  /** The probe's own way out is broken: runs fail and so does the control target. */
  | (Lasting & { kind: 'probe-egress'; region: string })
  | { kind: 'wall-step'; atMs: number; region: string; byMs: number }
  /** The object dies at the `skip`-th such moment of that time; it can be called again after `downMs`. */
  | (Lasting & { kind: 'hub-crash'; point: CrashPoint; skip: number; downMs: number })
  /** A deploy: all objects start anew and all sockets drop. */
  | { kind: 'deploy'; atMs: number; downMs: number }
  | (Lasting & { kind: 'alarms'; lateMaxMs: number; lost: boolean; doubled: boolean })
  | (Lasting & { kind: 'no-cron' })
  /** Calls from the check's object to a region's fail. */
  | (Lasting & { kind: 'burst-lost'; region: string })
  /** The pager answers wrongly: to the first `attempts` only, when given. */
  | (Lasting & { kind: 'pager'; channel: Channel; does: PagerFault; attempts?: number | undefined })
  /** The hub's clock is set. */
  | { kind: 'hub-clock'; atMs: number; byMs: number };

export type Lasting = { atMs: number; forMs: number };

/**
 * `bad-request`: 400. `limit`: 429. `error`: 503. `hang`: no answer, and nothing taken. `late`: taken, but the answer comes
 * after the deadline. `lost`: 202, and nobody is ever told. `slow`: the answer comes just within the deadline.
 */
export const PAGER_FAULTS = ['bad-request', 'limit', 'error', 'hang', 'late', 'lost', 'slow'] as const;
export type PagerFault = (typeof PAGER_FAULTS)[number];

/** Whether a lasting fault is on. `sinceStartMs` counts from the simulation's start. */
export function isOn(fault: Lasting, sinceStartMs: number): boolean {
  return fault.atMs <= sinceStartMs && sinceStartMs < fault.atMs + fault.forMs;
}

/** When a fault has done all it can, milliseconds from the simulation's start. */
export function endsMs(fault: Fault): number {
  return fault.atMs + ('forMs' in fault ? fault.forMs : 0) + ('downMs' in fault ? fault.downMs : 0);
}
