import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Check } from '#core/config.ts';
import { DeployRef, Run } from '#core/run.ts';
import { formatMs } from '#core/units.ts';
import type { Clock } from './clock.ts';
import { errorText, type Log } from './log.ts';
import { draftOf, ownFault } from './run-draft.ts';
import { readFileIfThere } from './spool/journal.ts';
import type { Spool } from './spool/spool.ts';

/** What the watchdog writes before it ends a blocked probe. `atMs` is epoch ms. */
const Marker = z.object({
  atMs: z.number(),
  blockedMs: z.number(),
  underWay: z.array(
    z.object({
      check: z.string(),
      trigger: Run.shape.trigger,
      startedAtMs: z.number(),
      waitedMs: z.number(),
      deploy: DeployRef.optional(),
    }),
  ),
});

/** Where the watchdog of a probe with this spool leaves its word. */
export function blockedMarkerIn(spoolDirectory: string): string {
  return join(spoolDirectory, 'blocked.json');
}

/**
 * Spools what an earlier process could not say because it was blocked: each run then under way is `invalid`
 * `journey-error`. Rejects with the system's error when the marker cannot be read or removed.
 */
export async function spoolBlockedRuns(given: {
  markerFile: string;
  checks: readonly Check[];
  configHash: string;
  clock: Clock;
  log: Log;
  spool: Pick<Spool, 'append'>;
}): Promise<void> {
  const { markerFile, checks, configHash, clock, log, spool } = given;
  const text = await readFileIfThere(markerFile);
  if (text === undefined) return;
  const marker = parsed(text, log);
  if (marker !== undefined) {
    const { atMs, blockedMs, underWay } = marker;
    const names = underWay.map(({ check }) => check);
    log('error', 'probe-was-blocked', { blockedMs, checks: names.join(' ') });
    const message = messageOf(names, blockedMs);
    for (const { check: id, ...start } of underWay) {
      const check = checks.find((each) => each.id === id);
      if (check === undefined) continue;
      const result = ownFault('journey-error', message, atMs - start.startedAtMs);
      const startedMonotonicMs = clock.monotonicMs() - (clock.wallMs() - start.startedAtMs);
      await spool.append(draftOf({ ...start, check, configHash }, result), startedMonotonicMs);
    }
  }
  // Last: a probe that ends before says it twice rather than never.
  await rm(markerFile, { force: true });
}

function messageOf(checks: readonly string[], blockedMs: number): string {
  const who = checks.length > 1 ? `one of the journeys ${checks.join(', ')}` : 'the journey';
  return `${who} kept the probe from doing anything else for ${formatMs(blockedMs)} (an endless loop?), and the probe was restarted`;
}

function parsed(text: string, log: Log): z.infer<typeof Marker> | undefined {
  try {
    return Marker.parse(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof z.ZodError)) throw error;
    log('warn', 'blocked-marker-unreadable', { error: errorText(error) });
    return undefined;
  }
}
