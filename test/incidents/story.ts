import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { vi } from 'vitest';
import type { Incident } from '#core/incident.ts';
import type { CheckView } from '#core/view.ts';
import { checkOf } from '#worker/settings.ts';
import { ModelledProbe, type Target } from './modelled-probes.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;

/**
 * Far ahead of the machine's clock: the alarms that the hub sets never fire by themselves, so that time passes only here.
 * Its timers never do either; an object's alarm is set for the same moment, and the story fires that.
 */
const ORIGIN_MS = Date.UTC(2040, 0, 1);
/** The hub has a cron; a story's minute has one too. */
const CRON_INTERVAL_MS = MINUTE_MS;
/** Real time that a page may take to the pager on loopback before the story counts as stuck. */
const SETTLE_MS_MAX = 10_000;

let stories = 0;

/**
 * An incident as it was, against the real hub: its objects run in workerd, their clock and timers belong to the story,
 * and probes are modelled. Nothing here waits for real time but for what really leaves the hub.
 */
export class Story {
  readonly #check: string;
  /** When the story began, epoch ms. */
  readonly originMs: number;
  readonly #probes: ModelledProbe[];
  #nowMs: number;
  #cronMs: number;
  #alarmMs = Number.POSITIVE_INFINITY;

  constructor(checkId: string, target: Target) {
    const check = checkOf(checkId);
    if (!check) throw new Error(`the configuration has no check ${checkId}`);
    this.#check = checkId;
    // Each story a day later than the one before: the regions' objects are the same, and time does not go back.
    this.originMs = ORIGIN_MS + stories++ * 86_400_000;
    this.#nowMs = this.originMs;
    this.#cronMs = this.originMs + CRON_INTERVAL_MS;
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    vi.setSystemTime(this.originMs);
    const stepMs = check.intervalMs / check.regions.length;
    this.#probes = check.regions.map(
      (region, index) =>
        new ModelledProbe(region, check, target, this.originMs, this.originMs + index * stepMs),
    );
  }

  /** Milliseconds since the story began. */
  get atMs(): number {
    return this.#nowMs - this.originMs;
  }

  /** Lets the story go on to this moment, milliseconds since it began. */
  async until(atMs: number): Promise<void> {
    const endMs = this.originMs + atMs;
    while (this.#nowMs < endMs) {
      const probesMs = this.#probes.map((probe) => probe.dueMs);
      const dueMs = Math.min(endMs, this.#cronMs, this.#alarmMs, ...probesMs);
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      vi.setSystemTime(this.#nowMs);
      await this.#turn();
      this.#alarmMs = await this.#nextAlarmMs();
    }
  }

  async view(): Promise<CheckView> {
    return this.#object().view();
  }

  /** Incidents, oldest first, their times in milliseconds since the story began. */
  async incidents(): Promise<Told[]> {
    const { incidents } = await this.view();
    return incidents.toReversed().map((incident) => told(incident, this.originMs));
  }

  async #turn(): Promise<void> {
    let asked = false;
    for (const probe of this.#probes)
      if (probe.dueMs <= this.#nowMs) asked = (await probe.act(this.#nowMs)) || asked;
    if (this.#nowMs >= this.#cronMs) {
      this.#cronMs += CRON_INTERVAL_MS;
      await this.#object().tick();
    }
    if (this.#nowMs >= this.#alarmMs) asked = (await runDurableObjectAlarm(this.#object())) || asked;
    if (!asked && (await this.view()).deliveries.every(({ state }) => state !== 'in-flight')) return;
    await this.#settled();
    for (const probe of this.#probes) await probe.obey(this.#nowMs);
  }

  #object() {
    return env.CHECKS.getByName(this.#check);
  }

  async #nextAlarmMs(): Promise<number> {
    const alarmMs = await runInDurableObject(this.#object(), (_object, { storage }) => storage.getAlarm());
    return alarmMs ?? Number.POSITIVE_INFINITY;
  }

  /** What the hub does beside its answers is done: no burst is being asked for, and no page is on its way. */
  async #settled(): Promise<void> {
    const startedMs = performance.now();
    for (;;) {
      await macrotask();
      const { deliveries } = await this.view();
      if (!deliveries.some(({ state }) => state === 'in-flight')) return;
      if (performance.now() - startedMs > SETTLE_MS_MAX) throw new Error('a page does not end its way');
    }
  }
}

/** An incident as a story tells it, milliseconds since it began. */
export type Told = {
  seq: number;
  status: Incident['status'];
  rule: Incident['rule'];
  errorClass: string | undefined;
  firstFailedStartMs: number;
  decidedMs: number | undefined;
  acceptedMs: number | undefined;
  resolvedAtMs: number | undefined;
};

function told({ seq, status, rule, cause, ledger, resolvedAtMs }: Incident, originMs: number): Told {
  const since = (timeMs: number | undefined): number | undefined =>
    timeMs === undefined ? undefined : timeMs - originMs;
  return {
    seq,
    status,
    rule,
    errorClass: cause?.failure.class,
    firstFailedStartMs: ledger.firstFailedStartMs - originMs,
    decidedMs: since(ledger.decidedMs),
    acceptedMs: since(ledger.acceptedMs),
    resolvedAtMs: since(resolvedAtMs),
  };
}

/** A turn of the event loop: whatever the hub has put off has begun. Timers are the story's, so it is not one of those. */
function macrotask(): Promise<void> {
  return scheduler.wait(1);
}

/** Numbers in [0, 1) that are the same in every run of a test (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
