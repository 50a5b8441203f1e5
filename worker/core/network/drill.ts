import { z } from 'zod';
import { MS_PER_MINUTE } from '../units.ts';

/** How one channel does in a drill. Times are the hub's, epoch ms. */
const DrillChannel = z.object({
  channel: z.string(),
  /** Attempts that have ended. */
  attempts: z.int(),
  /** When the first attempt began. */
  sentMs: z.int().optional(),
  acceptedMs: z.int().optional(),
  providerId: z.string().optional(),
  /** It will never take it. */
  refused: z.boolean().optional(),
  /** Why the last attempt failed. */
  error: z.string().optional(),
});
export type DrillChannel = z.infer<typeof DrillChannel>;

/** A test of the way to people: a real page, and its resolve. Its dedup key is `drill:<n>`. */
const Drill = z.object({
  n: z.int(),
  /** Who asked for it. */
  by: z.string(),
  /** When it was decided, by the hub's clock, epoch ms. */
  decidedMs: z.int(),
  channels: z.array(DrillChannel),
  /** Whether it goes on until somebody has acknowledged. */
  waitsForAcknowledgement: z.boolean(),
  /** When its resolve goes out whatever has become of it. */
  endsAtMs: z.int(),
  acknowledged: z.object({ atMs: z.int(), by: z.string(), via: z.string() }).optional(),
  /** When its resolve was decided. */
  endedMs: z.int().optional(),
});
export type Drill = z.infer<typeof Drill>;

/** A drill as the hub tells it. `passed` is its judgement (`drillPassed`), absent while it is going on. */
export const ToldDrill = Drill.extend({ passed: z.boolean().optional() });
export type ToldDrill = z.infer<typeof ToldDrill>;

/** A channel that has not accepted a drill's page by then has failed it: half of what a page may take altogether. */
export const DRILL_MS = MS_PER_MINUTE;
/** A drill keeps an incident open at every provider: whoever is to acknowledge it does so within the hour. */
export const DRILL_WAIT_MS_MAX = 60 * MS_PER_MINUTE;

/** A drill as it begins. `waitMs`: how long somebody has to acknowledge it, 0 when nobody need. */
export function newDrill(
  n: number,
  by: string,
  channels: readonly string[],
  waitMs: number,
  nowMs: number,
): Drill {
  return {
    n,
    by,
    decidedMs: nowMs,
    channels: channels.map((channel) => ({ channel, attempts: 0 })),
    waitsForAcknowledgement: waitMs > 0,
    endsAtMs: nowMs + Math.max(DRILL_MS, Math.min(waitMs, DRILL_WAIT_MS_MAX)),
  };
}

/** Whether the drill has nothing more to wait for: each channel has answered for good, and somebody too if asked. */
export function isDrillDone(drill: Drill, nowMs: number): boolean {
  if (nowMs >= drill.endsAtMs) return true;
  const isAnswered = drill.channels.every(({ acceptedMs, refused }) => acceptedMs !== undefined || refused);
  return isAnswered && (!drill.waitsForAcknowledgement || drill.acknowledged !== undefined);
}

/**
 * Whether every channel has accepted in time, and somebody has acknowledged if that was asked for; `undefined` while
 * that is open.
 */
export function drillPassed(drill: Drill): boolean | undefined {
  if (drill.endedMs === undefined) return undefined;
  return (
    drill.channels.length > 0 &&
    drill.channels.every((channel) => isAcceptedInTime(drill, channel)) &&
    (!drill.waitsForAcknowledgement || drill.acknowledged !== undefined)
  );
}

/** Whether this channel has accepted within `DRILL_MS`. */
export function isAcceptedInTime({ decidedMs }: Drill, { acceptedMs }: DrillChannel): boolean {
  return acceptedMs !== undefined && acceptedMs - decidedMs <= DRILL_MS;
}

/** The drill with one channel changed; the very same object when it has no such channel. */
export function withDrillChannel(
  drill: Drill,
  channel: string,
  change: (known: DrillChannel) => DrillChannel,
): Drill {
  if (!drill.channels.some((known) => known.channel === channel)) return drill;
  return {
    ...drill,
    channels: drill.channels.map((known) => (known.channel === channel ? change(known) : known)),
  };
}

/**
 * The channels that have not taken a drill for longer than `drillEveryMs`, and since when the first of them is due.
 * One that never has is counted from `startedAtMs`, the hub's first start.
 */
export function overdueDrills(
  channels: readonly string[],
  drilledAtMs: Readonly<Record<string, number>>,
  startedAtMs: number,
  drillEveryMs: number,
  nowMs: number,
): { channels: string[]; sinceMs: number } | undefined {
  const dueMs = (channel: string): number => (drilledAtMs[channel] ?? startedAtMs) + drillEveryMs;
  const overdue = channels.filter((channel) => dueMs(channel) <= nowMs);
  if (overdue.length === 0) return undefined;
  return { channels: overdue, sinceMs: Math.min(...overdue.map(dueMs)) };
}
