import { z } from 'zod';
import { duration } from '../../duration.ts';
import { Slug } from '../../run.ts';
import { MS_PER_HOUR, MS_PER_SECOND } from '../../units.ts';
import { DEPLOY_CHECKS_MAX } from '../service/service.ts';
import { Selector } from '../service/selector.ts';

/** Bytes of an announcement, with its evidence. */
export const ANNOUNCEMENT_BYTES_MAX = 64 * 1024;

/** A version, a commit or a key as pipelines have them: a line, shown everywhere. */
const Line = z
  .string()
  .max(100)
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'expected visible ASCII characters, such as 4.2.1');

/** What `latchkey dns plan --json` found of a zone. */
export const DnsPlanEvidence = z.strictObject({
  zone: z.string().min(1).max(255),
  /** Findings by their severity. */
  critical: z.int().min(0),
  fail: z.int().min(0),
  warn: z.int().min(0),
});

/** A deploy, as a pipeline announces it: the body of `POST /v1/deploys`. */
export const Announcement = z.strictObject({
  service: Slug,
  version: Line,
  previousVersion: Line.optional(),
  commit: Line.optional(),
  /** Where the pipeline can be looked at. */
  url: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .optional(),
  /**
   * Tells repeats of one announcement from another deploy of the same version: the same key gives the same deploy. Without
   * one, a deploy of this version and commit that is going on is the same.
   */
  key: Line.optional(),
  /** Journeys instead of the service's own. */
  checks: z.array(Slug).min(1).max(DEPLOY_CHECKS_MAX).optional(),
  tags: z.array(Slug).min(1).max(20).optional(),
  /** With one, runs go to canary and baseline in pairs; without, to what everybody gets. */
  canary: Selector.optional(),
  baseline: Selector.optional(),
  /** How long the verification may take until it cannot tell; the service's own when absent. */
  timeout: duration(10 * MS_PER_SECOND, MS_PER_HOUR).optional(),
  /** Evidence for the checklist, by the item's id. */
  confirmations: z.record(Slug, z.string().min(1).max(500)).default({}),
  dnsPlans: z.array(DnsPlanEvidence).max(20).default([]),
  /** The deploy is the mend: an open incident, or a freeze, does not hold it up. */
  duringIncident: z.boolean().default(false),
  /** Only to be marked on the charts and in incidents; nothing is verified. */
  markOnly: z.boolean().default(false),
});
export type Announcement = z.output<typeof Announcement>;
export type AnnouncementInput = z.input<typeof Announcement>;
