import { z } from 'zod';
import { DnsEvidence } from './dns/findings/evidence.ts';
import { Failure } from './failure.ts';

/** Ids people choose: they end up in URLs, dedup keys, file names and as keys of objects, which all have a `constructor`. */
export const Slug = z
  .string()
  .regex(
    /^(?!constructor$)[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/,
    'expected 1–64 of a–z, 0–9 and -, not starting or ending with -, and not “constructor”',
  );

export const OUTCOMES = ['pass', 'fail', 'invalid'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Steps in one run, nested ones included. A codegen login has 5–20; the bound keeps a run under `RUN_BYTES_MAX`. */
export const STEPS_MAX = 200;
/** Nesting of steps. Deeper trees cannot be read on a phone. */
export const STEP_DEPTH_MAX = 8;
/** Bytes of one run as JSON: a SQLite row in a Durable Object may hold 2 MB; a thousand runs should fit in a view. */
export const RUN_BYTES_MAX = 256 * 1024;

/** One step of a journey. `startMs` counts from the start of the run; `url` has no query and no fragment. */
export type Step = {
  title: string;
  startMs: number;
  durationMs: number;
  url?: string | undefined;
  /** Label of the failure (`timeout`, `http 502`, …) when the step did not pass. */
  error?: string | undefined;
  steps: Step[];
};

const stepFields = {
  title: z.string().min(1).max(200),
  startMs: z.number().min(0),
  durationMs: z.number().min(0),
  url: z.string().max(2_000).optional(),
  error: z.string().max(100).optional(),
};

export const Step: z.ZodType<Step> = z.strictObject({
  ...stepFields,
  get steps() {
    return z.array(Step).max(STEPS_MAX);
  },
});

/** Why a run was started: by the clock, by the hub's burst, by hand, or to verify a deploy. */
export const TRIGGERS = ['schedule', 'burst', 'manual', 'deploy'] as const;

/** The sides of a verification. Without a baseline every run is the canary's. */
export const DEPLOY_SIDES = ['canary', 'baseline'] as const;
export type DeploySide = (typeof DEPLOY_SIDES)[number];

/** The deploy that a run verifies: the `n`th of the service, and which side of which of its pairs. */
export const DeployRef = z.strictObject({
  service: Slug,
  n: z.int().min(1),
  pair: z.int().min(1),
  side: z.enum(DEPLOY_SIDES),
  /**
   * A selector brought it there, to either side: it saw what few others do, and says nothing of what everybody gets. Whoever
   * announces a deploy chooses the selectors, and must not make an outage of one that leads nowhere.
   */
  apart: z.boolean(),
});
export type DeployRef = z.infer<typeof DeployRef>;

/** What the control target answered when a run had failed. `fail`: the probe's own way out is broken. */
export const Control = z.strictObject({
  outcome: z.enum(['pass', 'fail']),
  durationMs: z.number().min(0),
  error: z.string().max(200).optional(),
});
export type Control = z.infer<typeof Control>;

/**
 * One execution of a check by one probe, as spooled, sent and stored.
 * `id` is `<probe>.<boot>.<seq>`: the idempotency key everywhere.
 */
export const Run = z
  .strictObject({
    id: z.string().max(160),
    check: Slug,
    region: Slug,
    probe: Slug,
    /** When the probe's process started, epoch ms: orders the boots of one probe. */
    boot: z.int().min(0),
    /** Counts the runs of one boot from 1, over all checks. */
    seq: z.int().min(1),
    trigger: z.enum(TRIGGERS),
    /** Start by the probe's clock, epoch ms. Advisory: the hub goes by its own clock minus the reported age. */
    startedAtMs: z.int().min(0),
    durationMs: z.number().min(0),
    /** How long the run waited for a free place on the probe before it started. */
    waitedMs: z.number().min(0),
    outcome: z.enum(OUTCOMES),
    failure: Failure.optional(),
    /** Only of a run that failed, and only when the configuration names a control target. */
    control: Control.optional(),
    /** The deadline it had, when a burst's was shorter than the check's timeout. */
    deadlineMs: z.number().min(0).optional(),
    steps: z.array(Step).max(STEPS_MAX),
    /** Only of a DNS check: what was found, measured and answered. */
    dns: DnsEvidence.optional(),
    /** Only of a run that verifies a deploy. */
    deploy: DeployRef.optional(),
    /** Whether a screenshot of the failure exists; it is uploaded apart, under the run's id. */
    screenshot: z.boolean(),
    /** Hash of the configuration the probe ran. */
    configHash: z.string().max(64),
  })
  .superRefine((run, context) => {
    const expectedId = runId(run.probe, run.boot, run.seq);
    if (run.id !== expectedId)
      context.addIssue({ code: 'custom', path: ['id'], message: `expected ${expectedId}`, input: run.id });
    const owner = run.failure?.owner;
    const expectedOwner = run.outcome === 'pass' ? undefined : run.outcome === 'fail' ? 'target' : 'probe';
    if (owner !== expectedOwner)
      context.addIssue({
        code: 'custom',
        path: ['failure'],
        message: `outcome ${run.outcome} expects ${expectedOwner ? `a failure owned by the ${expectedOwner}` : 'no failure'}`,
        input: owner ?? 'no failure',
      });
    if ((run.deploy !== undefined) !== (run.trigger === 'deploy'))
      context.addIssue({
        code: 'custom',
        path: ['deploy'],
        message: 'expected exactly with trigger deploy',
        input: run.trigger,
      });
    const shape = measureSteps(run.steps);
    if (shape.count > STEPS_MAX || shape.depth > STEP_DEPTH_MAX)
      context.addIssue({
        code: 'custom',
        path: ['steps'],
        message: `expected at most ${STEPS_MAX} steps nested at most ${STEP_DEPTH_MAX} deep`,
        input: `${shape.count} steps, ${shape.depth} deep`,
      });
  });
export type Run = z.infer<typeof Run>;

/** The id of a run: unique over all probes as long as a probe's name is. */
export function runId(probe: string, boot: number, seq: number): string {
  return `${probe}.${boot}.${seq}`;
}

/** Number of steps (nested ones included) and depth of nesting. */
export function measureSteps(steps: readonly Step[]): { count: number; depth: number } {
  let count = 0;
  let depth = 0;
  for (const step of steps) {
    const inner = measureSteps(step.steps);
    count += 1 + inner.count;
    depth = Math.max(depth, 1 + inner.depth);
  }
  return { count, depth };
}

/** Whether a run saw what everybody gets. One that a selector led did not, and has no vote. */
export function seesProduction(run: Pick<Run, 'deploy'>): boolean {
  return run.deploy?.apart !== true;
}
