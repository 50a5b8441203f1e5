import { z } from 'zod';
import { CanaryInput, canarySettings, type CanarySettings } from '../../canary/settings.ts';
import { duration } from '../../duration.ts';
import { PeriodSettings, WINDOWS_MAX } from '../../maintenance.ts';
import { Slug } from '../../run.ts';
import { MS_PER_MINUTE, MS_PER_SECOND } from '../../units.ts';
import { Checklist, type ChecklistItem } from './checklist.ts';
import { RollbackInput, rollbackSettings, type RollbackSettings } from './rollback.ts';
import { HostPattern } from './selector-address.ts';
import { Selector } from './selector.ts';

/** Journeys of one verification: each has a statistic of its own, and probes run them side by side. */
export const DEPLOY_CHECKS_MAX = 20;

/** What is deployed, and how a deploy of it is verified. `checks` and `tags` together name its journeys. */
export const ServiceInput = z
  .strictObject({
    title: z.string().min(1).max(100).optional(),
    owner: z.string().min(1).max(200).optional(),
    checks: z.array(Slug).max(DEPLOY_CHECKS_MAX).default([]),
    /** All journeys with one of these tags. */
    tags: z.array(Slug).max(20).default([]),
    /** Channels that get its pages and notices; those of its checks when absent. */
    channels: z.array(Slug).min(1).max(20).optional(),
    runbook: z.url().max(2_000).optional(),
    /** How a run reaches the canary, and the version beside it, when the pipeline does not say. */
    canary: Selector.optional(),
    baseline: Selector.optional(),
    /**
     * Hosts beside those of the journeys' own `vars` that a pipeline may lead the journeys to, with all that they type there:
     * `canary.example.com`, or `*.previews.example.com` for all below.
     */
    canaryHosts: z.array(HostPattern).max(20).default([]),
    verification: CanaryInput.prefault({}),
    /**
     * Start to start of the runs of one journey in one region; never two at once. With 5 s, two regions promote after 49
     * clean runs (reference: paging, section 4.2 a) in about two minutes, four in one.
     */
    pairEvery: duration(MS_PER_SECOND, 10 * MS_PER_MINUTE).default(5 * MS_PER_SECOND),
    checklist: Checklist.default([]),
    /** Times in which nothing is to be deployed. */
    freezes: z.array(PeriodSettings).max(WINDOWS_MAX).default([]),
    rollback: RollbackInput.optional(),
  })
  .superRefine((service, context) => {
    if (service.checks.length === 0 && service.tags.length === 0)
      context.addIssue({
        code: 'custom',
        path: ['checks'],
        message: 'expected at least one check or tag',
        input: service.checks,
      });
    const ids = service.checklist.map(({ id }) => id);
    ids.forEach((id, index) => {
      if (ids.indexOf(id) !== index)
        context.addIssue({
          code: 'custom',
          path: ['checklist', index, 'id'],
          message: 'expected an id that no other item has',
          input: id,
        });
    });
    if (service.baseline && !service.canary)
      context.addIssue({
        code: 'custom',
        path: ['baseline'],
        message: 'expected `canary` beside it',
        input: service.baseline,
      });
  });

/** A time without deploys, `[fromMs, untilMs)`, epoch ms. */
export type Freeze = { title: string; fromMs: number; untilMs: number };

/** `ServiceInput` as everything past the edge sees it: plain JSON, durations in milliseconds, `tags` resolved. */
export type Service = {
  id: string;
  title: string;
  owner: string;
  /** Ids of its journeys. */
  checks: string[];
  channels: string[];
  runbook?: string | undefined;
  canary?: Selector | undefined;
  baseline?: Selector | undefined;
  canaryHosts: string[];
  settings: CanarySettings;
  pairEveryMs: number;
  checklist: ChecklistItem[];
  freezes: Freeze[];
  rollback?: RollbackSettings | undefined;
};

/** What the journeys of a service tell of it. */
type ServiceCheck = {
  id: string;
  kind: string;
  tags: readonly string[];
  owner: string;
  channels: readonly string[];
};

/** The journeys that ids and tags name together, in the order of the configuration. */
export function checksNamed(
  all: readonly ServiceCheck[],
  named: { checks: readonly string[]; tags: readonly string[] },
): string[] {
  return all
    .filter(
      ({ id, kind, tags }) =>
        named.checks.includes(id) || (kind === 'journey' && tags.some((tag) => named.tags.includes(tag))),
    )
    .map(({ id }) => id);
}

/** The settings with their units in their names, and what is absent filled in from the service's checks. */
export function serviceSettings(
  id: string,
  input: z.output<typeof ServiceInput>,
  all: readonly ServiceCheck[],
): Service {
  const checks = checksNamed(all, input);
  const own = all.filter((check) => checks.includes(check.id));
  return {
    id,
    title: input.title ?? id,
    owner: input.owner ?? own[0]?.owner ?? id,
    checks,
    channels: input.channels ?? [...new Set(own.flatMap(({ channels }) => channels))],
    runbook: input.runbook,
    canary: input.canary,
    baseline: input.baseline,
    canaryHosts: input.canaryHosts,
    settings: canarySettings(input.verification),
    pairEveryMs: input.pairEvery,
    checklist: input.checklist,
    freezes: input.freezes.map(({ title, from, until }) => ({ title, fromMs: from, untilMs: until })),
    ...(input.rollback ? { rollback: rollbackSettings(input.rollback) } : {}),
  };
}
