import { z } from 'zod';
import { Slug } from '../../run.ts';
import { CacheRule } from '../../cache-rule.ts';

/** Items of one checklist: what is longer is read by nobody before a release. */
const ITEMS_MAX = 30;
/** Addresses of one item: each region asks for all of them. */
export const CACHE_URLS_MAX = 20;

const title = z.string().min(1).max(200);

/** A step that gates a verification, beside those that always do: no incident open, no freeze. */
export const ChecklistItem = z.discriminatedUnion('kind', [
  /** Somebody, or the pipeline, says that it is so: `latchkey verify --confirm <id>=<evidence>`. */
  z.strictObject({ kind: z.literal('confirmed'), id: Slug, title }),
  /** Every live region gets these from a cache near it, by the headers of the answers. */
  z.strictObject({
    kind: z.literal('cache-primed'),
    id: Slug,
    title: title.optional(),
    urls: z
      .array(z.url({ protocol: /^https?$/ }).max(2_000))
      .min(1)
      .max(CACHE_URLS_MAX),
    ...CacheRule.shape,
  }),
  /** `latchkey dns plan --json` found nothing that fails: `latchkey verify --dns-plan report.json`. */
  z.strictObject({
    kind: z.literal('dns-plan'),
    id: Slug,
    title: title.optional(),
    zone: z.string().min(1).max(255),
  }),
]);
export type ChecklistItem = z.output<typeof ChecklistItem>;

export const Checklist = z.array(ChecklistItem).max(ITEMS_MAX);

export const GATE_STATES = ['waiting', 'passed', 'failed'] as const;

/** The kinds of gates: the items', and those that every verification has. */
export const GATE_KINDS = ['no-incident', 'no-freeze', 'confirmed', 'cache-primed', 'dns-plan'] as const;

/** Lines of evidence: of 20 regions about each of 20 addresses (`REGIONS_MAX`, `CACHE_URLS_MAX`), and of those that were silent. */
const EVIDENCE_MAX = 20 * CACHE_URLS_MAX + 1;

/** How one gate stands, with what shows it. */
export const Gate = z.object({
  id: z.string().max(64),
  kind: z.enum(GATE_KINDS),
  title: z.string().max(200),
  state: z.enum(GATE_STATES),
  /** Lines for people: who said so, which header in which region, which incident. */
  evidence: z.array(z.string().max(500)).max(EVIDENCE_MAX),
  atMs: z.number().optional(),
  /** Of `cache-primed`: the regions that were to look, and what those that have saw. */
  regions: z.array(z.string()).optional(),
  looks: z.array(z.object({ region: z.string(), isPrimed: z.boolean() })).optional(),
});
export type Gate = z.output<typeof Gate>;
