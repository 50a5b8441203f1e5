import { z } from 'zod';
import { STEP_VERDICTS } from '../../canary/latency-regression.ts';
import { CANARY_OUTCOMES } from '../../canary/ruling.ts';
import { OUTCOMES } from '../../run.ts';
import { Gate } from '../service/checklist.ts';
import { DEPLOY_OUTCOMES, DEPLOY_PHASES } from '../deploy.ts';
import { Rollback } from '../service/rollback.ts';

const side = z.object({ runs: z.number(), failures: z.number(), invalid: z.number() });
const attempts = z.object({ attempts: z.number(), failures: z.number() });

/** One half of a pair: the run on one side. */
const ToldHalf = z.object({
  runId: z.string(),
  outcome: z.enum(OUTCOMES),
  durationMs: z.number(),
  /** Label of its failure. */
  failure: z.string().optional(),
});

const ToldPair = z.object({
  pair: z.number(),
  check: z.string(),
  region: z.string(),
  askedAtMs: z.number(),
  state: z.enum(['asked', 'running', 'in', 'lost']),
  canary: ToldHalf.optional(),
  baseline: ToldHalf.optional(),
});
export type ToldPair = z.output<typeof ToldPair>;

const ToldCheck = z.object({
  check: z.string(),
  title: z.string(),
  outcome: z.enum(CANARY_OUTCOMES),
  reason: z.string(),
  warnings: z.array(z.string()),
  canary: side,
  baseline: side.optional(),
  /** E-value of the difference between the two. */
  evidence: z.number(),
  /** Runs asked for and not in yet, and those that never came. */
  pending: z.number(),
  lost: z.number(),
  steps: z.array(
    z.object({
      step: z.string(),
      canaryMs: z.number(),
      baselineMs: z.number(),
      verdict: z.enum(STEP_VERDICTS),
    }),
  ),
  realAttempts: z.object({ canary: attempts, baseline: attempts }).optional(),
});
export type ToldCheck = z.output<typeof ToldCheck>;

const ToldVerification = z.object({
  openedAtMs: z.number(),
  deadlineAtMs: z.number(),
  paired: z.boolean(),
  checks: z.array(ToldCheck),
  /** Oldest first; the newest ones. */
  pairs: z.array(ToldPair),
});
export type ToldVerification = z.output<typeof ToldVerification>;

/** A deploy as the hub tells it to pipelines and to the operator's page. Times are the hub's, epoch ms. No selector's value. */
export const ToldDeploy = z.object({
  service: z.string(),
  title: z.string(),
  n: z.number(),
  version: z.string(),
  previousVersion: z.string().optional(),
  commit: z.string().optional(),
  url: z.string().optional(),
  by: z.string(),
  phase: z.enum(DEPLOY_PHASES),
  outcome: z.enum(DEPLOY_OUTCOMES).optional(),
  reason: z.string(),
  warnings: z.array(z.string()),
  checks: z.array(z.string()),
  /** How runs reach canary and baseline, without the selectors' values. */
  canary: z.string().optional(),
  baseline: z.string().optional(),
  announcedAtMs: z.number(),
  decidedAtMs: z.number().optional(),
  endedAtMs: z.number().optional(),
  checklist: z.array(Gate),
  verification: ToldVerification.optional(),
  again: ToldVerification.optional(),
  rollback: Rollback.optional(),
  /** What `latchkey verify` runs, when the rollback is a command that was asked for and not called. */
  command: z.array(z.string()).optional(),
  healthyAgainAtMs: z.number().optional(),
  timeline: z.array(z.object({ atMs: z.number(), text: z.string() })),
  /** The deploy on the operator's page. */
  operatorUrl: z.string(),
  nowMs: z.number(),
});
export type ToldDeploy = z.output<typeof ToldDeploy>;

/** Answer to an announcement. `isNew`: it was not known before. */
export const Announced = z.object({ isNew: z.boolean(), deploy: ToldDeploy });
export type Announced = z.output<typeof Announced>;

/** What became of a rollback by command, told by whoever ran it. */
export const CommandResult = z.strictObject({
  state: z.enum(['called', 'failed']),
  error: z.string().max(500).optional(),
});
export type CommandResult = z.output<typeof CommandResult>;
