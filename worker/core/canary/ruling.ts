/**
 * What a verification comes to. `roll-back`: the canary is worse than it may be. `promote`: it fails as rarely as a
 * healthy version. `both-failing`: an outage; page, freeze deploys, blame nobody. `cannot-tell`: time is up without an
 * answer, which is never a promotion. `keep-going`: the only one that is not final.
 */
export const CANARY_OUTCOMES = ['roll-back', 'promote', 'keep-going', 'both-failing', 'cannot-tell'] as const;
export type CanaryOutcome = (typeof CANARY_OUTCOMES)[number];

/** What speaks against the canary: its runs, its real attempts, or how long its runs take. */
export const ROLL_BACK_CAUSES = ['runs', 'real-attempts', 'latency'] as const;
export type RollBackCause = (typeof ROLL_BACK_CAUSES)[number];

/** `high`: the difference from the baseline is beyond chance, so it is the deploy. `low`: rolled back to be safe. */
export type Attribution = 'high' | 'low';

/** What is decided, and of a roll-back why and how surely. */
export type Ruling =
  | { outcome: 'roll-back'; cause: RollBackCause; attribution: Attribution }
  | { outcome: Exclude<CanaryOutcome, 'roll-back'> };
