import type { CanaryDecision } from '../canary/decision.ts';
import type { CanaryState } from '../canary/state.ts';
import type { Ledger } from '../ledger.ts';
import type { DeploySide, Run } from '../run.ts';
import type { Gate } from './service/checklist.ts';
import type { Rollback } from './service/rollback.ts';
import type { Selector } from './service/selector.ts';

/**
 * `checklist`: gates are waited for. `verifying`: runs are compared. `rolling-back`: it is bad, and being taken back or
 * waiting for somebody to want that. `verifying-again`: the version before is looked at. `ended`: nothing follows by itself.
 */
export const DEPLOY_PHASES = ['checklist', 'verifying', 'rolling-back', 'verifying-again', 'ended'] as const;
export type DeployPhase = (typeof DEPLOY_PHASES)[number];

/**
 * `good` and `bad`: the version. `both-failing`: an outage, which is nobody's deploy. `cannot-tell`: too little was seen in
 * time. `blocked`: a gate of the checklist is closed, and nothing was verified. `superseded`: a later deploy took its place.
 * `marked`: it was only to be marked.
 */
export const DEPLOY_OUTCOMES = [
  'good',
  'bad',
  'both-failing',
  'cannot-tell',
  'blocked',
  'superseded',
  'marked',
] as const;
export type DeployOutcome = (typeof DEPLOY_OUTCOMES)[number];

/** What a verification sees of one journey. */
export type CheckVerification = {
  check: string;
  canary: CanaryState;
  /** The first decision other than `keep-going`. */
  decided?: { atMs: number; decision: CanaryDecision } | undefined;
};

/** One side of a pair that has come in. */
export type Half = Pick<Run, 'id' | 'outcome' | 'durationMs' | 'steps'> & { failure?: string | undefined };

/** A pair that a region was asked for. Its number is unique within the deploy. */
export type AskedPair = {
  pair: number;
  check: string;
  region: string;
  askedAtMs: number;
  /** `asked`: the region has not answered yet. `running`: a live probe was told. `in`: its result counts. `lost`: nothing comes. */
  state: 'asked' | 'running' | 'in' | 'lost';
  /** Which side was to start first: they take turns in each region. */
  first: DeploySide;
  canary?: Half | undefined;
  baseline?: Half | undefined;
};

/** The runs of a deploy, or of the version before after a rollback. */
export type Verification = {
  openedAtMs: number;
  /** After it there is no more waiting, epoch ms. */
  deadlineAtMs: number;
  /** Canary and baseline are compared. */
  paired: boolean;
  checks: CheckVerification[];
  /** Newest last, of each check and region; older ones are in the statistic. */
  pairs: AskedPair[];
};

/** Something that happened, for the timeline of a deploy. `atMs`: epoch ms. */
export type DeployMoment = { atMs: number; text: string };

/** A page about a deploy: its rollback did not work, or nobody rolls it back. Numbered as its deploy. */
export type DeployIncident = {
  seq: number;
  ledger: Ledger;
  /** Why people are needed. */
  why: string;
  acknowledged?: { atMs: number; by: string; via: string } | undefined;
  resolvedAtMs?: number | undefined;
};

/** One deploy of a service. Plain JSON; times are the hub's, epoch ms. */
export type Deploy = {
  service: string;
  /** Counts the deploys of a service from 1. */
  n: number;
  key?: string | undefined;
  version: string;
  previousVersion?: string | undefined;
  commit?: string | undefined;
  url?: string | undefined;
  /** Who announced it. */
  by: string;
  checks: string[];
  canary?: Selector | undefined;
  baseline?: Selector | undefined;
  announcedAtMs: number;
  timeoutMs: number;
  duringIncident: boolean;
  phase: DeployPhase;
  checklist: Gate[];
  /** Gates that do not pass by then stay closed. */
  checklistUntilMs: number;
  /** Number of the next pair, over both verifications. */
  nextPair: number;
  verification?: Verification | undefined;
  /** Of the version before, after a rollback. */
  again?: Verification | undefined;
  outcome?: DeployOutcome | undefined;
  decidedAtMs?: number | undefined;
  endedAtMs?: number | undefined;
  /** Why it stands as it does, in a sentence. */
  reason: string;
  warnings: string[];
  rollback?: Rollback | undefined;
  /**
   * People will be paged at `dueAtMs`, unless somebody has asked for the rollback by then, or one of the checks has paged them
   * already: the checks are asked that first, and have `ASKED_MS` to say so.
   */
  alarm?: { dueAtMs: number; why: string; asked: boolean } | undefined;
  /** Why people are needed for the deploy whose place it took, for as long as its own checklist may be found not done. */
  unsettled?: string | undefined;
  /** Whether the version before was seen healthy after a rollback. */
  healthyAgainAtMs?: number | undefined;
  timeline: DeployMoment[];
};

/** After an outage in the middle of a deploy nothing is deployed until somebody lifts this. */
export type OutageFreeze = { sinceMs: number; n: number; why: string };

/** All a service's object remembers beside the deploys before. Plain JSON. */
export type ServiceState = {
  lastN: number;
  /** The latest deploy, ended or not, but for those that took nobody's place. */
  deploy?: Deploy | undefined;
  /** The latest one that ended at its announcement beside one that is not over. */
  beside?: { n: number; key?: string | undefined } | undefined;
  incident?: DeployIncident | undefined;
  freeze?: OutageFreeze | undefined;
};

/** A service of which nothing was deployed. */
export const NEW_SERVICE: ServiceState = { lastN: 0 };
