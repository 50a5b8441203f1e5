import { CANARY_DEFAULTS } from '#core/canary/settings.ts';
import { failuresToReject, sprtBounds } from '#core/canary/sprt.ts';
import type { ToldVerification } from '#core/deploy/telling/told-deploy.ts';

/** Failed runs without which nothing can be decided: three. */
export const FAILURES = failuresToReject(sprtBounds(CANARY_DEFAULTS.sprt));

/**
 * The moment from which on a verification could have been decided, had it cost nothing to tell and to think: the end of the
 * canary's run that is the third one of its journey to end as failed, in the journey where that is soonest. Epoch ms. A run
 * ends as long after its pair was asked for as it took: what the way to the probe and its getting ready cost is not in it.
 */
export function soonestDecidableMs({ checks, pairs }: Pick<ToldVerification, 'checks' | 'pairs'>): number {
  const ofChecks = checks.flatMap(({ check }) => {
    const failed = pairs
      .flatMap(({ check: of, askedAtMs, canary }) =>
        of === check && canary?.outcome === 'fail' ? [askedAtMs + canary.durationMs] : [],
      )
      .toSorted((a, b) => a - b);
    return failed[FAILURES - 1] ?? [];
  });
  if (ofChecks.length === 0)
    throw new Error(`expected ${FAILURES} failed runs of one journey, got ${JSON.stringify(checks)}`);
  return Math.min(...ofChecks);
}
