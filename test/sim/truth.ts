import type { SimClock } from './clock.ts';
import { Prng } from './prng.ts';
import type { Outage, Scenario } from './scenario.ts';

/** What a run would meet. `Infinity`: it waits for ever. `byNoise`: no outage is behind the failure. */
export type Encounter = { failed: boolean; durationMs: number; byNoise: boolean };

/** A failure that comes at once: a 502 takes no longer than a page. */
const FAST_FAIL_MS = [200, 1_500] as const;
/** Slow is this many times as long as ever, and at least so much more. */
const SLOW_TIMES = 4;
const SLOW_MORE_MS = 1_500;

/** What is really the matter with the target, run by run. */
export class Truth {
  readonly #clock: SimClock;
  readonly #scenario: Scenario;
  readonly #prngs = new Map<string, Prng>();
  /** Regions whose last run failed by noise. */
  readonly #noisy = new Set<string>();
  /** The failure that had to be has been. */
  #hasFailed = false;

  constructor(clock: SimClock, scenario: Scenario) {
    this.#clock = clock;
    this.#scenario = scenario;
    for (const region of scenario.regions)
      this.#prngs.set(region, new Prng(scenario.seed, `truth of ${region}`));
  }

  /** What a run that starts now in this region would meet. */
  encounter(region: string): Encounter {
    const { passMs, noise } = this.#scenario;
    const prng = this.#prngs.get(region);
    if (!prng) throw new Error(`no region ${region}`);
    // Always the same number of draws, so that leaving out an outage does not change what comes after it.
    const normalMs = prng.between(...passMs);
    const hit = prng.next();
    const noiseHit = prng.next();
    const noiseHangs = prng.chance(noise.hangShare);
    const fastMs = prng.between(...FAST_FAIL_MS);
    const outage = this.outageIn(region, this.#clock.nowMs - this.#clock.startMs);
    if (outage && hit < outage.share) {
      if (outage.how === 'fail') return { failed: true, durationMs: fastMs, byNoise: false };
      if (outage.how === 'hang') return { failed: true, durationMs: Infinity, byNoise: false };
      return {
        failed: false,
        durationMs: Math.max(normalMs * SLOW_TIMES, normalMs + SLOW_MORE_MS),
        byNoise: false,
      };
    }
    const noiseShare = this.#noisy.has(region) ? Math.max(noise.correlation, noise.share) : noise.share;
    if (noiseHit >= noiseShare && !this.#isFirst(region)) {
      this.#noisy.delete(region);
      return { failed: false, durationMs: normalMs, byNoise: false };
    }
    this.#noisy.add(region);
    return { failed: true, durationMs: noiseHangs ? Infinity : fastMs, byNoise: true };
  }

  #isFirst(region: string): boolean {
    const { first } = this.#scenario.noise;
    const sinceStartMs = this.#clock.nowMs - this.#clock.startMs;
    if (this.#hasFailed || first?.region !== region || sinceStartMs < first.afterMs) return false;
    this.#hasFailed = true;
    return true;
  }

  /** The outage that a region is in, by milliseconds from the start. */
  outageIn(region: string, sinceStartMs: number): Outage | undefined {
    return this.#scenario.outages.find(
      (outage) => outage.regions.includes(region) && isOutage(outage, sinceStartMs),
    );
  }
}

function isOutage({ fromMs, untilMs, flap }: Outage, sinceStartMs: number): boolean {
  if (sinceStartMs < fromMs || sinceStartMs >= untilMs) return false;
  return flap === undefined || (sinceStartMs - fromMs) % (flap.onMs + flap.offMs) < flap.onMs;
}
