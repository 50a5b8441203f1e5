import { Hono } from 'hono';
import { z } from 'zod';
import { describeProblems, parseWith } from '#core/problem.ts';
import { Slug } from '#core/run.ts';
import {
  INCIDENTS_PER_ANSWER_MAX,
  RUNS_PER_ANSWER_MAX,
  STORED_LINES_PATH,
  type StoredLine,
} from '#core/replay/stored-line.ts';
import { AppError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { operatorAuth } from '../middleware/operator-auth.ts';
import { sameOrigin } from '../middleware/same-origin.ts';
import { storedIncidents, storedRuns, type RunCursor, type TimeRange } from '../store/stored-lines.ts';

const Moment = z.iso
  .datetime({ offset: true, message: 'expected a moment with its offset, such as "2026-11-22T02:00:00Z"' })
  .transform((text) => Date.parse(text));

/** After which incident, or which run, an answer goes on. */
const CURSOR = /^(?:i\.(\d{1,9})|r\.(\d{1,16})\.([a-z0-9-]{1,64}\.\d{1,16}\.\d{1,16}))$/;

const Query = z
  .strictObject({
    check: Slug,
    from: Moment,
    to: Moment,
    cursor: z.string().regex(CURSOR, 'expected the cursor of the answer before').optional(),
  })
  // What is no moment is told of by itself.
  .refine(({ from, to }) => !(from >= to), { path: ['to'], message: 'expected a moment after `from`' });

/**
 * What is stored of a check, for `latchkey replay`: JSON Lines (`StoredLine`), incidents before runs, in pages. The last line
 * of an answer says where the next one goes on. Also of checks that the configuration no longer has.
 */
export const runsRoutes = new Hono<Hub>();

runsRoutes.get(STORED_LINES_PATH, sameOrigin, operatorAuth, async (c) => {
  const parsed = parseWith(Query, c.req.query());
  if (!parsed.ok) throw new AppError('bad-request', describeProblems(parsed.problems), parsed.problems);
  const { check, from, to, cursor } = parsed.value;
  const lines = await linesAfter(c.env.DB, check, { fromMs: from, toMs: to }, cursor);
  return c.body(lines.map((line) => `${line}\n`).join(''), 200, {
    'content-type': 'application/x-ndjson; charset=utf-8',
    'cache-control': 'no-store',
  });
});

async function linesAfter(
  db: D1Database,
  check: string,
  range: TimeRange,
  cursor: string | undefined,
): Promise<string[]> {
  const [, afterSeq, receivedMs, runId] = CURSOR.exec(cursor ?? 'i.0') ?? [];
  if (afterSeq !== undefined) {
    const incidents = await storedIncidents(db, check, range, Number(afterSeq), INCIDENTS_PER_ANSWER_MAX);
    const last = incidents.at(-1);
    if (last) {
      const lines = incidents.map(
        ({ json }) => `{"type":"incident","check":${JSON.stringify(check)},"incident":${json}}`,
      );
      return [...lines, end(`i.${last.seq}`)];
    }
  }
  const after: RunCursor | undefined =
    runId === undefined ? undefined : { receivedAtMs: Number(receivedMs), runId };
  const runs = await storedRuns(db, check, range, after, RUNS_PER_ANSWER_MAX);
  const last = runs.at(-1);
  const isAll = runs.length < RUNS_PER_ANSWER_MAX || !last;
  const lines = runs.map((run) => JSON.stringify({ type: 'run', ...run } satisfies StoredLine));
  return [...lines, end(isAll ? null : `r.${last.receivedAtMs}.${last.run.id}`)];
}

function end(next: string | null): string {
  return JSON.stringify({ type: 'end', next } satisfies StoredLine);
}
