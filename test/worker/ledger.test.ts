import { env, exports } from 'cloudflare:workers';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Incident } from '#core/incident.ts';
import { newLedger } from '#core/ledger.ts';
import type { LedgerReport } from '#dashboards/operator/ledger-report.ts';
import { copyToHistory } from '#worker/store/history.ts';
import { migrate } from './hub.ts';

const HUB = 'https://hub.test';
const DAY_MS = 86_400_000;

beforeAll(migrate);
beforeEach(() => env.DB.exec('DELETE FROM incidents'));

function get(path: string, token: string | undefined = env.OPERATOR_TOKEN): Promise<Response> {
  const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` };
  return exports.default.fetch(`${HUB}${path}`, { headers, redirect: 'manual' });
}

async function ledger(query = ''): Promise<LedgerReport> {
  return (await get(`/operator/api/ledger${query}`)).json<LedgerReport>();
}

/** An incident that is over, as its check's object copies it. */
async function stored(
  check: string,
  seq: number,
  daysAgo: number,
  tookMs: number,
  more: Partial<Incident> = {},
) {
  const startMs = Math.round(Date.now() - daysAgo * DAY_MS);
  const incident: Incident = {
    seq,
    status: 'resolved',
    rule: 'unanimous',
    ledger: {
      ...newLedger(startMs, 2_000, startMs + 2_100),
      decidedMs: startMs + 30_000,
      sentMs: startMs + 30_100,
      acceptedMs: startMs + tookMs,
      acceptedBy: 'pager',
    },
    cause: {
      failure: { owner: 'target', class: 'http', httpStatus: 502, message: 'long '.repeat(300) },
      runId: 'a.1.1',
      region: 'us-east',
      screenshot: false,
    },
    successes: {},
    ...more,
  };
  await copyToHistory(env.DB, check, [], [{ seq, version: 1, incident }]);
}

async function withoutHistory(look: () => Promise<void>): Promise<void> {
  await env.DB.exec('ALTER TABLE incidents RENAME TO incidents_gone');
  try {
    await look();
  } finally {
    await env.DB.exec('ALTER TABLE incidents_gone RENAME TO incidents');
  }
}

describe('the ledger', () => {
  it('is for operators only', async () => {
    expect((await get('/operator/ledger', '')).status).toBe(303);
    expect((await get('/operator/api/ledger', '')).status).toBe(401);
  });

  it('says that there is nothing to judge by when there was no incident', async () => {
    expect(await ledger()).toMatchObject({ incidents: [], report: { counted: 0 } });
    const html = await (await get('/operator/ledger')).text();
    expect(html).toContain('Nothing to judge by');
    expect(html).toContain('No incident in 90 days.');
    expect(html).not.toContain('Objective kept');
  });

  it('counts the incidents of ninety days across checks, newest first, with their slowest leg', async () => {
    await stored('seen', 2, 1, 40_000);
    await stored('login', 1, 30, 130_000);
    await stored('seen', 1, 60, 35_000);
    await stored('login', 9, 91, 999_000);
    await stored('seen', 3, 2, 3_600_000, { rule: 'break-glass' });
    const told = await ledger();
    expect(told.incidents.map(({ check, seq, standing }) => [check, seq, standing])).toEqual([
      ['seen', 2, 'kept'],
      ['seen', 3, 'break-glass'],
      ['login', 1, 'missed'],
      ['seen', 1, 'kept'],
    ]);
    expect(told.incidents[0]).toMatchObject({
      errorClass: 'http 502',
      timeToPageMs: 40_000,
      slowestLeg: { name: 'confirmation', durationMs: 27_900 },
    });
    expect(told.report).toMatchObject({ counted: 3, kept: false, p50Ms: 40_000, p95Ms: 130_000 });
    const html = await (await get('/operator/ledger')).text();
    expect(html).toContain('Objective missed');
    expect(html).toContain('Seen &lt;b&gt;login&lt;/b&gt; #2');
    expect(html).toContain('paged by a probe itself');
  });

  it('can be of one check', async () => {
    await stored('seen', 2, 1, 40_000);
    await stored('login', 1, 30, 130_000);
    const told = await ledger('?check=seen');
    expect(told.incidents.map(({ check }) => check)).toEqual(['seen']);
    expect(told.report).toMatchObject({ counted: 1, kept: true });
    expect((await ledger('?check=')).incidents).toHaveLength(2);
    expect((await get('/operator/ledger?check=nobody')).status).toBe(404);
    expect((await get('/operator/api/ledger?check=nobody')).status).toBe(404);
  });

  it('does not take a history that is away for ninety good days', async () => {
    await withoutHistory(async () => {
      const page = await get('/operator/ledger');
      expect(page.status).toBe(503);
      expect(await page.text()).toContain('The history does not answer');
      expect((await get('/operator/api/ledger')).status).toBe(503);
    });
  });
});

describe('the metrics', () => {
  it.each([
    ['nobody', ''],
    ['a stranger', 'not-the-token-of-anybody'],
  ])('are refused to %s', async (_who, token) => {
    const response = await get('/metrics', token);
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain('latchkey_');
  });

  it('are for whoever scrapes, whose token opens nothing else', async () => {
    expect((await get('/metrics', env.METRICS_TOKEN)).status).toBe(200);
    expect((await get('/metrics', env.OPERATOR_TOKEN)).status).toBe(200);
    expect((await get('/operator', env.METRICS_TOKEN)).status).toBe(401);
  });

  it('are in Prometheus’ text format', async () => {
    await stored('seen', 2, 1, 40_000);
    const response = await get('/metrics', env.METRICS_TOKEN);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    const lines = text.split('\n');
    expect(lines.pop()).toBe('');
    const line =
      /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="([^"\\\n]|\\["\\n])*",?)+\})? (NaN|[+-]Inf|-?[0-9.e+-]+))$/;
    expect(lines.filter((one) => !line.test(one))).toEqual([]);
    expect(text).toContain('latchkey_time_to_page_seconds{quantile="0.99"} 40\n');
    expect(text).toContain('latchkey_check_verdict{check="unseen",verdict="blind"} 1\n');
    expect(text).toContain('latchkey_history_up 1\n');
  });

  it('come without the history, and say that it is away', async () => {
    await withoutHistory(async () => {
      const response = await get('/metrics', env.METRICS_TOKEN);
      expect(response.status).toBe(200);
      expect(await response.text()).toContain('latchkey_history_up 0\n');
    });
  });
});
