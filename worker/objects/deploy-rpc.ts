import type { Rollback, RollbackState } from '#core/deploy/service/rollback.ts';
import type { Announcement } from '#core/deploy/pipeline/announcement.ts';
import type { AttemptsReport } from '#core/deploy/pipeline/attempts.ts';
import type { CommandResult, ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import type { ServiceView } from '#core/deploy/telling/service-view.ts';
import type { Problem } from '#core/problem.ts';
import type { Looked } from '#core/wire.ts';
import type { Acknowledged } from './rpc.ts';

/** What became of an announcement. `waitMs`: there were too many; after it another one is heard. `problems`: the configuration has no such check, or a check no such variable. */
export type AnnounceResult =
  | { ok: true; isNew: boolean; deploy: ToldDeploy }
  | { ok: false; problems: Problem[] }
  | { ok: false; waitMs: number };

/** What became of a wish for a rollback: `state` as it is now. `none`: the configuration names no way. */
export type RollbackWished =
  | { ok: true; isNew: boolean; kind: Rollback['kind']; state: RollbackState }
  | { ok: false; why: 'unknown' | 'none' | 'not-bad' };

/** What the rest of the hub may ask of a service's object. Its name is the service's id. */
export interface DeployRpc extends Rpc.DurableObjectBranded {
  /** Takes in a deploy. Returns when it is stored: what follows is under way, not awaited. */
  announce(announcement: Announcement, by: string): AnnounceResult;
  /** Stores what runs tell of a deploy; gives the ids of those that are stored, were so before, or are of no use any more. */
  ingest(runJsons: string[]): string[];
  /** What a region's addresses answered. */
  looked(region: string, looked: Looked): void;
  /** Real attempts, as one source counts them. Gives the totals since the deploy that is going on, if one is. */
  attempts(report: AttemptsReport): { n?: number | undefined };
  /** Somebody wants deploy `n` rolled back. Returns when it is stored. */
  rollBack(n: number, by: string, via: 'pipeline' | 'operator'): RollbackWished;
  /** What became of a rollback by command. */
  commandEnded(n: number, result: CommandResult, by: string): RollbackWished;
  /** Whoever looks after the outage says that it is over. `false`: nothing is frozen. */
  liftFreeze(by: string): boolean;
  /** A deploy with its pairs, the latest one when no number is given; `undefined` when there is none (any more). */
  deploy(n?: number): ToldDeploy | undefined;
  overview(): ServiceView;
  /** Somebody has the page about deploy `seq`. */
  acknowledge(seq: number, by: string, via: string): Acknowledged;
  /** Does what time asks for, should the object's own timer and alarm both have been lost. */
  tick(): Promise<void>;
}
