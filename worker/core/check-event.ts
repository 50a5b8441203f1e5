import type { DeployMark } from './deploy/telling/mark.ts';
import type { Failure } from './failure.ts';
import type { GroupedCheck, Page } from './page.ts';
import type { Run } from './run.ts';

/** What happens to a check. `nowMs` is always the hub's clock, epoch ms. */
export type CheckEvent =
  | { type: 'run'; nowMs: number; startedAtMs: number; run: Run }
  /** A run that goes on has passed its soft deadline. */
  | { type: 'overdue'; nowMs: number; startedAtMs: number; region: string }
  /**
   * What the regions' objects answered when they were asked: heard from within `SILENT_AFTER_MS`, or not. A region whose
   * object did not answer is in neither list.
   */
  | {
      type: 'liveness';
      nowMs: number;
      askedAtMs: number;
      liveRegions: readonly string[];
      silentRegions: readonly string[];
    }
  | { type: 'tick'; nowMs: number }
  /** The first attempt to send a page began, or a provider accepted it. */
  | { type: 'sent'; nowMs: number; seq: number }
  | { type: 'accepted'; nowMs: number; seq: number; channel: string; providerId?: string | undefined }
  /** Somebody has it. `via`: the channel that told, or `operator`, or `link`. */
  | { type: 'acknowledged'; nowMs: number; seq: number; by: string; via: string }
  /** The group's word on a page: another one speaks for it, or none. */
  | { type: 'grouped'; nowMs: number; seq: number; lead?: string | undefined }
  /** The incidents of other checks that this one's page speaks for now. */
  | { type: 'members'; nowMs: number; seq: number; checks: GroupedCheck[] }
  /** A deploy that concerns the check, or what is new of it. */
  | { type: 'deployed'; nowMs: number; mark: DeployMark }
  /** A probe has paged by itself while the hub was gone. Times are by the hub's clock. */
  | ({ type: 'broke-glass'; nowMs: number } & BrokenGlass);

/** A page that a probe has sent by itself. Times are the hub's, epoch ms. */
export type BrokenGlass = {
  seq: number;
  region: string;
  firstFailedStartMs: number;
  decidedMs: number;
  acceptedMs: number;
  channel: string;
  providerId?: string | undefined;
  receipt?: string | undefined;
  failure: Failure;
};

/** What the shell must do after it has stored the state. */
export type CheckEffect =
  /** Ask every region to run the check now, within `deadlineMs`, and to say whether it is live. */
  | { type: 'burst'; deadlineMs: number }
  /** Put this page into the outbox of the channels it is for, in the same transaction. */
  | { type: 'page'; page: Page }
  /** Put this page into the outbox as accepted already: a probe has sent it. */
  | { type: 'adopt'; page: Page; glass: BrokenGlass };
