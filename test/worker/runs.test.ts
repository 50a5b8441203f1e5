import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Incident } from '#core/incident.ts';
import { RUNS_PER_ANSWER_MAX, StoredLine, STORED_LINES_PATH } from '#core/replay/stored-line.ts';
import type { StoredRun } from '#core/view.ts';
import { copyToHistory } from '#worker/store/history.ts';
import { aRun, migrate, TIMED_OUT } from './hub.ts';

const FROM_MS = Date.parse('2026-11-20T00:00:00Z');
const CHECK = 'kept';

/** A run received so many milliseconds after the range begins. */
function stored(afterMs: number, over: Partial<StoredRun['run']> = {}): StoredRun {
  const receivedAtMs = FROM_MS + afterMs;
  return { run: aRun(CHECK, 'us-east', over), startedAtMs: receivedAtMs - 500, receivedAtMs, late: false };
}

const failed = stored(1_000, {
  failure: TIMED_OUT,
  control: { outcome: 'fail', durationMs: 3_000, error: 'no answer' },
  deadlineMs: 9_000,
});
const passed = stored(2_000);
/** One before the range, one at its end, and enough in it for two answers. */
const RUNS = [
  stored(-1),
  failed,
  passed,
  ...Array.from({ length: RUNS_PER_ANSWER_MAX }, (_, index) => stored(3_000 + Math.floor(index / 3))),
  stored(3_600_000),
];

function incident(seq: number, sinceMs: number, resolvedAtMs?: number): Incident {
  return {
    seq,
    status: resolvedAtMs === undefined ? 'open' : 'resolved',
    rule: 'unanimous',
    ledger: { firstFailedStartMs: sinceMs, runEndMs: sinceMs, receivedMs: sinceMs, decidedMs: sinceMs + 9 },
    successes: {},
    ...(resolvedAtMs === undefined ? {} : { resolvedAtMs }),
  };
}

/** Over before the range, reaching into it, within it, and after it. */
const INCIDENTS = [
  incident(1, FROM_MS - 9_000, FROM_MS - 1),
  incident(2, FROM_MS - 8_000, FROM_MS + 1),
  incident(3, FROM_MS + 5_000),
  incident(4, FROM_MS + 3_600_000),
];

beforeAll(async () => {
  await migrate();
  for (let at = 0; at < RUNS.length; at += 50) {
    const rows = RUNS.slice(at, at + 50).map((run, index) => ({ ...run, ordinal: at + index }));
    await copyToHistory(env.DB, CHECK, rows, []);
  }
  const rows = INCIDENTS.map((one) => ({ seq: one.seq, version: 1, incident: one }));
  await copyToHistory(env.DB, CHECK, [], rows);
});

function ask(query: Record<string, string>, token = env.OPERATOR_TOKEN): Promise<Response> {
  const path = `${STORED_LINES_PATH}?${new URLSearchParams(query).toString()}`;
  return exports.default.fetch(`https://hub.test${path}`, {
    headers: { authorization: `Bearer ${token}` },
    redirect: 'manual',
  });
}

const RANGE = { check: CHECK, from: '2026-11-20T00:00:00Z', to: '2026-11-20T02:00:00+01:00' };

/** All answers, one after the other. */
async function answers(query: Record<string, string>): Promise<StoredLine[][]> {
  const found: StoredLine[][] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const response = await ask(cursor === '' ? query : { ...query, cursor });
    expect(response.status).toBe(200);
    const text = new TextDecoder().decode(await response.arrayBuffer());
    const lines = text.trimEnd().split('\n');
    const parsed = lines.map((line) => StoredLine.parse(JSON.parse(line)));
    found.push(parsed);
    const last = parsed.at(-1);
    cursor = last?.type === 'end' ? last.next : null;
  }
  return found;
}

describe('the stored runs of a check', () => {
  it('come in answers of a bounded size, incidents first, each once, and no others', async () => {
    const found = await answers(RANGE);
    expect(found.map((lines) => lines.length - 1)).toEqual([2, RUNS_PER_ANSWER_MAX, 2]);
    for (const lines of found) expect(lines.at(-1)?.type).toBe('end');
    const lines = found.flat();
    expect(lines.flatMap((line) => (line.type === 'incident' ? [line.incident.seq] : []))).toEqual([2, 3]);
    const runs = lines.flatMap((line) => (line.type === 'run' ? [line] : []));
    const inRange = RUNS.slice(1, -1);
    expect(runs.map(({ receivedAtMs }) => receivedAtMs)).toEqual(inRange.map((run) => run.receivedAtMs));
    expect(new Set(runs.map(({ run }) => run.id))).toEqual(new Set(inRange.map(({ run }) => run.id)));
  });

  it('have all that a replay needs, and not their steps', async () => {
    const [, runs] = await answers({ ...RANGE, to: '2026-11-20T00:00:03Z' });
    const expected = [failed, passed].map((one) => ({
      type: 'run',
      ...one,
      run: { ...one.run, startedAtMs: one.startedAtMs, steps: [] },
    }));
    expect(runs).toEqual([...expected, { type: 'end', next: null }]);
  });

  it('are none of a check that nobody knows', async () => {
    expect(await answers({ ...RANGE, check: 'gone' })).toEqual([[{ type: 'end', next: null }]]);
  });

  it('are for operators only', async () => {
    expect((await ask(RANGE, 'not the token')).status).toBe(401);
    const nobody = await exports.default.fetch(`https://hub.test${STORED_LINES_PATH}`, {
      redirect: 'manual',
    });
    expect(nobody.status).toBe(401);
  });

  it.each([
    { query: { check: CHECK, to: RANGE.to }, names: 'from' },
    { query: { ...RANGE, check: 'No Check' }, names: 'check' },
    { query: { ...RANGE, from: 'yesterday' }, names: 'from' },
    { query: { ...RANGE, to: RANGE.from }, names: 'to' },
    { query: { ...RANGE, cursor: "r.1.x'; --" }, names: 'cursor' },
    { query: { ...RANGE, limit: '9' }, names: 'limit' },
  ])('refuse a query whose $names is wrong, by name', async ({ query, names }) => {
    const response = await ask(query);
    expect(response.status).toBe(400);
    const { problems } = await response.json<{ problems: { path: string }[] }>();
    expect(problems.map(({ path }) => path)).toEqual([names]);
  });
});
