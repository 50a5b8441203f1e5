import { z } from 'zod';
import { OPERATOR_PATH } from '../operator-path.ts';
import { REASONS } from '../page.ts';
import { Run, Slug } from '../run.ts';

/** GET `?check=&from=&to=&cursor=`: stored incidents, then stored runs, as lines; moments are ISO 8601. */
export const STORED_LINES_PATH = `${OPERATOR_PATH}/api/runs`;
/** Runs of one answer: some 500 kB, and 5 MB when every one of them failed with the longest message there may be. */
export const RUNS_PER_ANSWER_MAX = 1_000;
/** Incidents of one answer. */
export const INCIDENTS_PER_ANSWER_MAX = 200;

/** Epoch ms. */
const moment = z.int().min(0);

/** An incident as far as a replay looks: what an `Incident` has besides stays in the line. */
export const StoredIncident = z.looseObject({
  seq: z.int().min(1),
  status: z.enum(['open', 'recovered', 'resolved']),
  rule: z.enum(REASONS),
  ledger: z.looseObject({
    firstFailedStartMs: moment,
    decidedMs: moment.optional(),
    acceptedMs: moment.optional(),
    heldUntilMs: moment.optional(),
  }),
  resolvedAtMs: moment.optional(),
  /** A maintenance window has kept its page back, for good if it is over. */
  held: z.boolean().optional(),
});
export type StoredIncident = z.infer<typeof StoredIncident>;

/**
 * One line of JSON Lines: a run as the hub has stored it (`StoredRun`; what history leaves out is absent: the steps), an
 * incident of a check, or the end of an answer. `next`: the cursor of what follows; `null` when that was all.
 */
export const StoredLine = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('run'),
    startedAtMs: moment,
    receivedAtMs: moment,
    late: z.boolean(),
    run: Run,
  }),
  z.strictObject({ type: z.literal('incident'), check: Slug, incident: StoredIncident }),
  z.strictObject({ type: z.literal('end'), next: z.string().max(300).nullable() }),
]);
export type StoredLine = z.infer<typeof StoredLine>;
