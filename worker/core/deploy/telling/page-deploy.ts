import { z } from 'zod';
import { deployPagePath } from '../../operator-path.ts';
import { formatMs, MS_PER_MINUTE, MS_PER_SECOND } from '../../units.ts';
import type { DeployMark } from './mark.ts';

/** A deploy as a page names it. Times are epoch ms, the hub's. */
export const PageDeploy = z.strictObject({
  title: z.string(),
  version: z.string(),
  previousVersion: z.string().optional(),
  commit: z.string().optional(),
  atMs: z.int(),
  /** From the deploy to the first failure. */
  afterMs: z.int().optional(),
  /** How it is taken back, for a person to do. */
  rollback: z.string().optional(),
  /** Only a canary has it: it was not seen to be given to everybody. */
  isCanary: z.boolean().optional(),
  /** What its verification has come to, once that is known. */
  outcome: z.string().optional(),
  rolledBackAtMs: z.int().optional(),
  /** The deploy on the operator's page. */
  deployUrl: z.string(),
});
export type PageDeploy = z.infer<typeof PageDeploy>;

/** A deploy as a page names it: the one the page is about, or the one `afterMs` before what the page is about began. */
export function pageDeployOf(publicUrl: string, mark: DeployMark, afterMs?: number): PageDeploy {
  const { service, n, title, version, previousVersion, commit, atMs, rollback, outcome } = mark;
  return {
    title,
    version,
    ...(previousVersion === undefined ? {} : { previousVersion }),
    ...(commit === undefined ? {} : { commit }),
    atMs: Math.round(atMs),
    ...(afterMs === undefined ? {} : { afterMs: Math.round(afterMs) }),
    ...(rollback === undefined ? {} : { rollback }),
    // A good one is for everybody: the pipeline goes on.
    ...(mark.isCanary && outcome !== 'good' ? { isCanary: true } : {}),
    ...(outcome === undefined ? {} : { outcome }),
    ...(mark.rolledBackAtMs === undefined ? {} : { rolledBackAtMs: Math.round(mark.rolledBackAtMs) }),
    deployUrl: publicUrl + deployPagePath(service, n),
  };
}

/**
 * `12 s after Portal 4.2.1`, for what began soon after a deploy; `undefined` when the deploy does not explain it: the version
 * before fails as well.
 */
export function afterDeploy(deploy: PageDeploy): string | undefined {
  const { title, version, afterMs, atMs, rolledBackAtMs, isCanary, outcome } = deploy;
  if (afterMs === undefined || outcome === 'both-failing') return undefined;
  const sinceRollbackMs = rolledBackAtMs === undefined ? -1 : atMs + afterMs - rolledBackAtMs;
  return sinceRollbackMs < 0
    ? `${spanOf(afterMs)} after ${title} ${version}${isCanary ? ' went to a canary' : ''}`
    : `${spanOf(sinceRollbackMs)} after ${title} ${version} was rolled back`;
}

const OUTCOME_WORDS: Partial<Record<string, string>> = {
  good: 'verified as good',
  bad: 'verified as bad',
  'both-failing': 'the version before fails as well',
  'cannot-tell': 'its verification could not tell',
};

/** `Portal 4.2.1 (was 4.2.0), 12 s before; only a canary has it`: the deploy with what is known of it. */
export function deployWords(deploy: PageDeploy): string {
  const { title, version, previousVersion, commit, afterMs, isCanary, outcome, rolledBackAtMs } = deploy;
  const known = [
    ...(previousVersion === undefined ? [] : [`was ${previousVersion}`]),
    ...(commit === undefined ? [] : [`commit ${commit}`]),
  ];
  const before = afterMs === undefined ? '' : `, ${spanOf(afterMs)} before`;
  const isTaken = rolledBackAtMs !== undefined;
  const said = outcome === undefined ? undefined : OUTCOME_WORDS[outcome];
  const more = [
    ...(isCanary && !isTaken ? ['only a canary has it'] : []),
    ...(said === undefined ? [] : [said]),
    ...(isTaken ? [`rolled back ${new Date(rolledBackAtMs).toISOString()}`] : []),
  ];
  return [`${title} ${version}${known.length > 0 ? ` (${known.join(', ')})` : ''}${before}`, ...more].join(
    '; ',
  );
}

/** `12 s`: whole seconds are near enough between a deploy and what follows. */
function spanOf(durationMs: number): string {
  return durationMs < MS_PER_MINUTE - MS_PER_SECOND / 2
    ? `${Math.max(0, Math.round(durationMs / MS_PER_SECOND))} s`
    : formatMs(Math.max(MS_PER_MINUTE, durationMs));
}
