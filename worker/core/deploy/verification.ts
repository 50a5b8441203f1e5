import { decide, type CanaryDecision } from '../canary/decision.ts';
import { pairOf } from '../canary/pair.ts';
import type { CanarySettings } from '../canary/settings.ts';
import { newCanary, withPair, withRealAttempts, withStarted, type RealAttempts } from '../canary/state.ts';
import type { Check } from '../config.ts';
import { failureLabel } from '../failure.ts';
import type { DeploySide, Run } from '../run.ts';
import { earliest } from '../units.ts';
import type { AskedPair, CheckVerification, Half, Verification } from './deploy.ts';

/** Pairs that are kept for people, of each journey and region: a screen of them. The statistic keeps its own. */
const PAIRS_KEPT_MAX = 40;
/** A region's object that was asked and did not answer within this is asked anew. */
const ASK_TIMEOUT_MS = 5_000;

type Watched = Pick<Check, 'id' | 'regions'>;

/** What the journeys come to together. */
export type Verdict =
  | { outcome: 'keep-going' }
  | {
      outcome: 'good' | 'bad' | 'both-failing' | 'cannot-tell';
      /** Of the journey that decided it. */
      check: string;
      decision: CanaryDecision;
    };

/** A verification that begins now. */
export function openVerification(
  checks: readonly string[],
  settings: CanarySettings,
  span: { nowMs: number; deadlineAtMs: number; paired: boolean },
): Verification {
  const { nowMs, deadlineAtMs, paired } = span;
  const bounded = { ...settings, deadlineMs: deadlineAtMs - nowMs };
  return {
    openedAtMs: nowMs,
    deadlineAtMs,
    paired,
    checks: checks.map((check) => ({ check, canary: newCanary(bounded, { paired, openedAtMs: nowMs }) })),
    pairs: [],
  };
}

/** When each journey that is not decided runs next in each of its regions, and which side goes first. */
function dueIn(
  verification: Verification,
  checks: readonly Watched[],
  pairEveryMs: number,
): { check: string; region: string; first: DeploySide; dueMs: number }[] {
  const open = new Set(
    verification.checks.filter(({ decided }) => decided === undefined).map(({ check }) => check),
  );
  return checks
    .filter(({ id }) => open.has(id))
    .flatMap(({ id, regions }) =>
      regions.flatMap((region, index) => {
        const last = verification.pairs.findLast((pair) => pair.check === id && pair.region === region);
        if (last?.state === 'asked' || last?.state === 'running') return [];
        const first: DeploySide = last
          ? last.first === 'canary'
            ? 'baseline'
            : 'canary'
          : index % 2 === 0
            ? 'canary'
            : 'baseline';
        const dueMs = last ? last.askedAtMs + pairEveryMs : verification.openedAtMs;
        return [{ check: id, region, first, dueMs }];
      }),
    );
}

/** The verification with the pairs that are due now, numbered from `nextPair`, and which these are. */
export function withDuePairs(
  verification: Verification,
  checks: readonly Watched[],
  pairEveryMs: number,
  nextPair: number,
  nowMs: number,
): { verification: Verification; asked: AskedPair[] } {
  if (nowMs >= verification.deadlineAtMs) return { verification, asked: [] };
  const due = dueIn(verification, checks, pairEveryMs).filter(({ dueMs }) => dueMs <= nowMs);
  if (due.length === 0) return { verification, asked: [] };
  const asked = due.map(({ check, region, first }, index): AskedPair => ({
    pair: nextPair + index,
    check,
    region,
    askedAtMs: nowMs,
    state: 'asked',
    first,
  }));
  return { verification: { ...verification, pairs: bounded([...verification.pairs, ...asked]) }, asked };
}

function bounded(pairs: readonly AskedPair[]): AskedPair[] {
  const counts = new Map<string, number>();
  return pairs
    .toReversed()
    .filter(({ check, region }) => {
      const key = `${check} ${region}`;
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return count <= PAIRS_KEPT_MAX;
    })
    .toReversed();
}

/** The verification once a region has answered: its pair runs now, or it has nobody to run it. */
export function withAnswer(verification: Verification, number: number, isLive: boolean): Verification {
  const pair = verification.pairs.find((known) => known.pair === number);
  if (pair?.state !== 'asked') return verification;
  if (!isLive) return replaced(verification, { ...pair, state: 'lost' });
  const { check, region, askedAtMs } = pair;
  const started = { id: idOf(number), region, startedAtMs: askedAtMs };
  return changed(replaced(verification, { ...pair, state: 'running' }), check, (of) => ({
    ...of,
    canary: withStarted(of.canary, started),
  }));
}

/** The verification with a run of one of its pairs. The same run twice, and one of a pair it has forgotten, change nothing. */
export function withRun(verification: Verification, run: Run): Verification {
  const pair = verification.pairs.find((known) => known.pair === run.deploy?.pair);
  const side = run.deploy?.side;
  if (!pair || !side || pair.check !== run.check || pair.region !== run.region || pair[side] !== undefined)
    return verification;
  const half: Half = {
    id: run.id,
    outcome: run.outcome,
    durationMs: run.durationMs,
    steps: run.steps,
    ...(run.failure ? { failure: failureLabel(run.failure) } : {}),
  };
  const known = { ...pair, [side]: half };
  return isWhole(verification, known) ? counted(verification, known) : replaced(verification, known);
}

function isWhole({ paired }: Verification, { canary, baseline }: AskedPair): boolean {
  return canary !== undefined && (!paired || baseline !== undefined);
}

/** The pair with what came of it goes into the statistic; its steps are there from then on. */
function counted(verification: Verification, pair: AskedPair): Verification {
  const { check, region, askedAtMs, canary, baseline } = pair;
  if (!canary) return replaced(verification, { ...pair, state: 'lost' });
  const result = pairOf({ id: idOf(pair.pair), region, startedAtMs: askedAtMs }, canary, baseline);
  const bare = (half: Half | undefined): Half | undefined => half && { ...half, steps: [] };
  return changed(
    replaced(verification, { ...pair, state: 'in', canary: bare(canary), baseline: bare(baseline) }),
    check,
    (of) => ({ ...of, canary: withPair(of.canary, result) }),
  );
}

/** Real attempts join every journey's statistic: they are of the whole service. */
export function withAttempts(verification: Verification, realAttempts: RealAttempts): Verification {
  return {
    ...verification,
    checks: verification.checks.map((of) => ({ ...of, canary: withRealAttempts(of.canary, realAttempts) })),
  };
}

/** What time does: pairs that are not in by now are lost, and what can be decided is. The same object when nothing changes. */
export function settledVerification(before: Verification, nowMs: number): Verification {
  let verification = before;
  for (const pair of before.pairs)
    if (nowMs >= givenUpMs(before, pair)) {
      // A canary without its baseline's answer still says how it does itself.
      verification = pair.canary
        ? counted(verification, pair)
        : replaced(verification, { ...pair, state: 'lost' });
    }
  const checks = verification.checks.map((of) => decidedCheck(of, nowMs));
  return checks.every((of, index) => of === verification.checks[index])
    ? verification
    : { ...verification, checks };
}

function decidedCheck(of: CheckVerification, nowMs: number): CheckVerification {
  if (of.decided) return of;
  const decision = decide(of.canary, nowMs);
  return decision.outcome === 'keep-going' ? of : { ...of, decided: { atMs: nowMs, decision } };
}

/** When a pair is no longer waited for, epoch ms; infinite once it is in or lost. */
function givenUpMs({ checks, deadlineAtMs }: Verification, pair: AskedPair): number {
  if (pair.state === 'asked') return pair.askedAtMs + ASK_TIMEOUT_MS;
  if (pair.state !== 'running') return Number.POSITIVE_INFINITY;
  const timeoutMs = checks.find(({ check }) => check === pair.check)?.canary.settings.pairTimeoutMs ?? 0;
  return Math.min(deadlineAtMs, pair.askedAtMs + timeoutMs);
}

/**
 * All journeys together: one that is worse than before is enough to roll back, an outage is one whatever the others do, and
 * good takes all of them.
 */
export function verdictOf({ checks }: Verification): Verdict {
  const decided = checks.flatMap(({ check, decided }) =>
    decided ? [{ check, decision: decided.decision }] : [],
  );
  const first = (outcome: CanaryDecision['outcome']) =>
    decided.find(({ decision }) => decision.outcome === outcome);
  const bad = first('roll-back');
  if (bad) return { outcome: 'bad', ...bad };
  const outage = first('both-failing');
  if (outage) return { outcome: 'both-failing', ...outage };
  if (decided.length < checks.length) return { outcome: 'keep-going' };
  const unknown = first('cannot-tell');
  if (unknown) return { outcome: 'cannot-tell', ...unknown };
  const good = decided.at(-1);
  return good ? { outcome: 'good', ...good } : { outcome: 'keep-going' };
}

/** Whether every journey has given runs, and all of them passed. */
export function hasOnlyPassed({ checks }: Verification): boolean {
  return checks.every(({ decided }) => {
    const { runs, failures } = decided?.decision.figures.canary ?? { runs: 0, failures: 0 };
    return runs > 0 && failures === 0;
  });
}

/** The verification with more time for what could not be told. */
export function prolonged(verification: Verification, deadlineAtMs: number): Verification {
  return {
    ...verification,
    deadlineAtMs,
    checks: verification.checks.map(({ decided, ...of }) => {
      const settings = { ...of.canary.settings, deadlineMs: deadlineAtMs - verification.openedAtMs };
      return {
        ...of,
        canary: { ...of.canary, settings },
        ...(decided && decided.decision.outcome !== 'cannot-tell' ? { decided } : {}),
      };
    }),
  };
}

/** When time alone may change it, epoch ms. */
export function verificationWakeMs(
  verification: Verification,
  checks: readonly Watched[],
  pairEveryMs: number,
): number | undefined {
  return earliest(
    verification.deadlineAtMs,
    ...dueIn(verification, checks, pairEveryMs).map(({ dueMs }) => dueMs),
    ...verification.pairs.map((pair) => givenUpMs(verification, pair)),
  );
}

function replaced(verification: Verification, pair: AskedPair): Verification {
  return {
    ...verification,
    pairs: verification.pairs.map((known) => (known.pair === pair.pair ? pair : known)),
  };
}

function changed(
  verification: Verification,
  check: string,
  change: (of: CheckVerification) => CheckVerification,
): Verification {
  return {
    ...verification,
    checks: verification.checks.map((of) => (of.check === check ? change(of) : of)),
  };
}

function idOf(pair: number): string {
  return String(pair);
}
