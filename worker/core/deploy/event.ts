import type { RealAttempts } from '../canary/state.ts';
import type { Config } from '../config.ts';
import type { Page } from '../page.ts';
import type { Routes } from '../policy.ts';
import type { DeploySide, Run } from '../run.ts';
import type { Looked } from '../wire.ts';
import type { Announcement } from './pipeline/announcement.ts';
import type { Deploy, ServiceState } from './deploy.ts';
import type { DeployMark } from './telling/mark.ts';
import type { Selector } from './service/selector.ts';
import type { Service } from './service/service.ts';

/** Everything the decisions about a service's deploys must know of the configuration. */
export type DeployPolicy = {
  config: Pick<Config, 'publicUrl' | 'regions' | 'checks'>;
  /** As configured, or made of an announcement's own checks when it is not. */
  service: Service;
  routes: Routes;
};

/** What a check says when it is asked how it stands. */
export type CheckStanding = { check: string; openIncident?: { seq: number; summary: string } | undefined };

/** What happens to a service. `nowMs` is always the hub's clock, epoch ms. */
export type DeployEvent =
  /** A pipeline announces a deploy. One that is going on already, by `key` or by version and commit, changes nothing. */
  | { type: 'announced'; nowMs: number; announcement: Announcement; checks: string[]; by: string }
  /** What the deploy's checks say of themselves; those that did not answer are left out. */
  | { type: 'standings'; nowMs: number; n: number; standings: CheckStanding[] }
  /** The regions that were asked to look, and which of them have live probes. */
  | { type: 'look-asked'; nowMs: number; n: number; item: string; liveRegions: string[] }
  | { type: 'looked'; nowMs: number; region: string; looked: Looked }
  /** A region has been asked for a pair: whether a live probe there was told. */
  | { type: 'asked'; nowMs: number; n: number; pair: number; isLive: boolean }
  /** A run that verifies the deploy its `deploy` names. Twice is harmless, and so is one of a deploy that is over. */
  | { type: 'run'; nowMs: number; run: Run }
  /** Real attempts since the deploy. */
  | { type: 'attempts'; nowMs: number; realAttempts: RealAttempts }
  /** Somebody wants the rollback. */
  | { type: 'rollback-wanted'; nowMs: number; n: number; by: string; via: 'pipeline' | 'operator' }
  /** A call of it has ended; `refused`: another one would be refused, too. */
  | {
      type: 'rollback-called';
      nowMs: number;
      n: number;
      ok: boolean;
      refused: boolean;
      error?: string | undefined;
      reference?: string | undefined;
    }
  | { type: 'freeze-lifted'; nowMs: number; by: string }
  | { type: 'acknowledged'; nowMs: number; seq: number; by: string; via: string }
  | { type: 'sent'; nowMs: number; seq: number }
  | { type: 'accepted'; nowMs: number; seq: number; channel: string; providerId?: string | undefined }
  | { type: 'tick'; nowMs: number };

/** What the shell must do after it has stored the state. */
export type DeployEffect =
  /** Ask the deploy's checks how they stand: `standings`. */
  | { type: 'ask-standings'; n: number; checks: string[] }
  /** Ask all of these regions to look at an item's addresses: `look-asked`, then `looked` of each. */
  | { type: 'look'; n: number; item: string; urls: string[]; header?: string | undefined; regions: string[] }
  /** Ask a region for a pair: `asked`, then `run` of each side. */
  | {
      type: 'verify';
      n: number;
      pair: number;
      check: string;
      region: string;
      sides: { side: DeploySide; selector?: Selector | undefined }[];
    }
  /** Call the rollback once, within `timeoutMs`: `rollback-called`. The same `key` each time. */
  | { type: 'roll-back'; n: number; key: string; attempt: number; timeoutMs: number }
  /** Store this deploy as it ended: it is not, or no longer, the one in the state. */
  | { type: 'retire'; deploy: Deploy }
  /** Put this into the outbox, in the same transaction. */
  | { type: 'page'; page: Page }
  /** Tell the deploy's checks of it. */
  | { type: 'mark'; checks: string[]; mark: DeployMark };

export type DeployStepped = { state: ServiceState; effects: DeployEffect[] };
