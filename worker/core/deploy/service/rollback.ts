import { z } from 'zod';
import { duration } from '../../duration.ts';
import { SecretRef } from '../../secret-ref.ts';
import { MS_PER_MINUTE, MS_PER_SECOND } from '../../units.ts';

const common = {
  /**
   * Roll back without asking anybody. Without it, somebody presses the button on the deploy's page, or the pipeline says
   * `latchkey verify --rollback`.
   */
  unattended: z.boolean().default(false),
  /**
   * From the asking until the version before must have been seen healthy again. After it people are paged, unless all its
   * runs have passed and only their number is missing: then it has as long again as a verification (`deadline` there).
   */
  deadline: duration(10 * MS_PER_SECOND, 60 * MS_PER_MINUTE).default(5 * MS_PER_MINUTE),
};

/** How a version is taken back. */
export const RollbackInput = z.discriminatedUnion('kind', [
  /** A POST signed as Standard Webhooks: `webhook-id` is the same for every attempt of one rollback. */
  z.strictObject({
    kind: z.literal('webhook'),
    url: z.union([z.url({ protocol: /^https?$/ }).max(2_000), SecretRef]),
    signingSecret: SecretRef,
    ...common,
  }),
  /** A run of a GitHub Actions workflow (REST: “Create a workflow dispatch event”). */
  z.strictObject({
    kind: z.literal('github'),
    repository: z
      .string()
      .max(140)
      .regex(/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/, 'expected owner/name'),
    /** File name of the workflow, such as `rollback.yml`, or its number. */
    workflow: z
      .string()
      .max(255)
      .regex(/^[A-Za-z0-9._-]+$/, 'expected the file name of a workflow'),
    ref: z.string().min(1).max(255).default('main'),
    /** Needs the permission “Actions: write” on the repository. */
    token: SecretRef,
    /** GitHub Enterprise has an address of its own. */
    apiUrl: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .default('https://api.github.com'),
    ...common,
  }),
  /** A command that `latchkey verify` runs where it runs itself, without a shell. */
  z.strictObject({
    kind: z.literal('command'),
    command: z.array(z.string().min(1).max(2_000)).min(1).max(50),
    ...common,
  }),
]);

type Parsed = z.output<typeof RollbackInput>;
type Past<T> = T extends unknown ? Omit<T, 'deadline'> & { deadlineMs: number } : never;

/** `RollbackInput` as everything past the edge sees it. */
export type RollbackSettings = Past<Parsed>;

/** The settings with their units in their names. */
export function rollbackSettings(input: Parsed): RollbackSettings {
  const { deadline, ...rest } = input;
  return { ...rest, deadlineMs: deadline };
}

/**
 * `offered`: it can be asked for. `asked`: by a person, the pipeline or the setting, and to be called. `called`: whoever does
 * it has accepted. `failed`: given up. Only a verification says that the version before is healthy.
 */
export const ROLLBACK_STATES = ['offered', 'asked', 'called', 'failed'] as const;

export type RollbackState = (typeof ROLLBACK_STATES)[number];

/** A rollback on its way. Times are the hub's, epoch ms. */
export const Rollback = z.object({
  kind: z.enum(['webhook', 'github', 'command']),
  unattended: z.boolean(),
  state: z.enum(ROLLBACK_STATES),
  /** Who wanted it, and by which way: `setting`, `pipeline`, `operator`. */
  askedBy: z.string().max(200).optional(),
  via: z.enum(['setting', 'pipeline', 'operator']).optional(),
  askedAtMs: z.number().optional(),
  /** Calls begun, and when the next one is due. */
  attempts: z.number(),
  dueAtMs: z.number().optional(),
  /** Until when a call under way is trusted to end by itself. */
  leaseUntilMs: z.number().optional(),
  calledAtMs: z.number().optional(),
  lastError: z.string().max(500).optional(),
  /** What whoever does it calls it: a workflow run's address, say. */
  reference: z.string().max(2_000).optional(),
  /** When the version before must have been seen healthy. */
  deadlineAtMs: z.number().optional(),
});
export type Rollback = z.output<typeof Rollback>;
