import { SILENT_AFTER_MS } from '../wire.ts';

/** What is known of a region's signs of life. Times are the hub's, epoch ms. */
export type SeenRegion = {
  /** Since when the configuration has had it, as far as the hub has seen. */
  knownSinceMs: number;
  /** Last sign of life of any of its probes; absent: it was never heard from. */
  lastHeardMs?: number | undefined;
  /** When runs of it were last stored and evaluated by a check's object. */
  evaluatedMs?: number | undefined;
  /** When its object last answered, and whether it has answered the last question. */
  answeredAtMs?: number | undefined;
  answers: boolean;
  /** Since when it has been heard from without a silence; absent while it is silent. */
  liveSinceMs?: number | undefined;
};

/** What a region's object says of its probes. Times are the hub's, epoch ms; 0: never. */
export type RegionAnswer = { lastHeardMs: number; evaluatedMs: number };

/** Whether enough regions are heard from to say anything of the targets. */
export type Sight = {
  /** Ids of the regions heard from within `SILENT_AFTER_MS`. */
  live: string[];
  /** How many it takes. */
  needed: number;
  /** The last moment by which enough were heard from; absent: there has never been one. */
  lastSeenMs?: number | undefined;
  /** Without another sign of life there are too few after this moment, and that is told from `blindAtMs` on. */
  lostAtMs: number;
  blindAtMs: number;
  /** Since when enough have been live without a break; absent while there are too few. */
  backSinceMs?: number | undefined;
};

/** Too few live regions for this long is a page (DESIGN section 5, "Blind"). */
export const BLIND_AFTER_MS = 5_000;
/** Fewer live regions say nothing of the targets (DESIGN section 5, "Blind"); of one region that is one. */
const LIVE_REGIONS_MIN = 2;
/** Probes that have never reported are waited for: somebody who sets up a hub starts them by hand. */
export const FIRST_SIGN_MS = 120_000;

/** How many live regions it takes to see: two, or the only one. */
export function neededRegions(regionCount: number): number {
  return Math.min(LIVE_REGIONS_MIN, regionCount);
}

/**
 * The region after its object has answered, or has not: that says nothing of its probes. A gap in the watch begins its
 * liveness anew.
 */
export function afterLook(
  region: SeenRegion,
  answer: RegionAnswer | undefined,
  isWatchAnew: boolean,
  nowMs: number,
): SeenRegion {
  const asked: SeenRegion = answer
    ? {
        ...region,
        lastHeardMs: latest(region.lastHeardMs, answer.lastHeardMs, nowMs),
        // An object that was away in between has forgotten when it last handed something on.
        evaluatedMs: latest(region.evaluatedMs, answer.evaluatedMs, nowMs),
        answeredAtMs: nowMs,
        answers: true,
      }
    : { ...region, answers: false };
  const wasLiveSinceMs = isWatchAnew ? nowMs : (region.liveSinceMs ?? nowMs);
  return { ...asked, liveSinceMs: isSeen(asked, nowMs) ? Math.min(wasLiveSinceMs, nowMs) : undefined };
}

/** Whether a region was heard from within `SILENT_AFTER_MS`. */
export function isSeen(region: SeenRegion, nowMs: number): boolean {
  const signMs = lastSignMs(region);
  return signMs !== undefined && nowMs - signMs <= SILENT_AFTER_MS;
}

/**
 * What is seen now. Nobody is silent for what happened while the hub itself was away: silence counts from
 * `watchingSinceMs`.
 */
export function sightOf(
  regions: Readonly<Record<string, SeenRegion>>,
  watchingSinceMs: number,
  nowMs: number,
): Sight {
  const all = Object.entries(regions);
  const needed = neededRegions(all.length);
  const signsMs = all.flatMap(([, region]) => lastSignMs(region) ?? []);
  const hasSeen = signsMs.length >= needed;
  const countFromMs = all.map(([, region]) => {
    const signMs = lastSignMs(region);
    if (signMs !== undefined) return Math.max(signMs, watchingSinceMs);
    // Only a hub that has never seen enough waits for those that never were there.
    return hasSeen ? 0 : region.knownSinceMs + FIRST_SIGN_MS - SILENT_AFTER_MS - BLIND_AFTER_MS;
  });
  const live = all.filter(([, region]) => isSeen(region, nowMs));
  const backSinceMs = live
    .map(([, region]) => region.liveSinceMs ?? nowMs)
    .toSorted((a, b) => a - b)
    .at(needed - 1);
  const lostAtMs = nthNewest(countFromMs, needed) + SILENT_AFTER_MS;
  return {
    live: live.map(([id]) => id),
    needed,
    ...(hasSeen ? { lastSeenMs: nthNewest(signsMs, needed) } : {}),
    lostAtMs,
    blindAtMs: lostAtMs + BLIND_AFTER_MS,
    ...(live.length >= needed && backSinceMs !== undefined ? { backSinceMs } : {}),
  };
}

/** The last sign of life. What an object said before it stopped answering counts from then. */
function lastSignMs({ lastHeardMs, answeredAtMs, answers }: SeenRegion): number | undefined {
  if (lastHeardMs === undefined || answers || answeredAtMs === undefined) return lastHeardMs;
  return answeredAtMs - lastHeardMs <= SILENT_AFTER_MS ? answeredAtMs : lastHeardMs;
}

/** The later of two times, but not one in the future: a clock that was set back must not make anything last. */
function latest(beforeMs: number | undefined, saidMs: number, nowMs: number): number | undefined {
  const ms = Math.min(Math.max(beforeMs ?? 0, saidMs), nowMs);
  return ms > 0 ? ms : undefined;
}

function nthNewest(timesMs: readonly number[], n: number): number {
  return timesMs.toSorted((a, b) => b - a)[n - 1] ?? 0;
}
