import { abortAllDurableObjects, applyD1Migrations } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { afterAll, vi } from 'vitest';
import type { Failure } from '#core/failure.ts';
import { runId, type Run } from '#core/run.ts';
import type { Ack } from '#core/wire.ts';
import { mintProbeToken } from '#worker/probe-token.ts';

/** The regions of the configuration under test. */
export const REGIONS = ['us-east', 'us-west', 'eu-west', 'ap-south'] as const;
export type Region = (typeof REGIONS)[number];

export const TIMED_OUT: Failure = {
  owner: 'target',
  class: 'timeout',
  message: 'no answer',
  step: 'Sign in',
};

// The network's object watches for as long as it lives: with it alive the file's run does not always come to its end.
afterAll(abortAllDurableObjects);

const BOOT = 1_000;
let lastSeq = 0;

/** A run that passed unless told otherwise, with the next sequence number. */
export function aRun(check: string, region: Region, overrides: Partial<Run> = {}): Run {
  const probe = overrides.probe ?? `probe-${region}`;
  const boot = overrides.boot ?? BOOT;
  const seq = overrides.seq ?? ++lastSeq;
  return {
    id: runId(probe, boot, seq),
    check,
    region,
    probe,
    boot,
    seq,
    trigger: 'schedule',
    startedAtMs: 1_000,
    durationMs: 20,
    waitedMs: 0,
    outcome: overrides.failure ? (overrides.failure.owner === 'target' ? 'fail' : 'invalid') : 'pass',
    steps: [{ title: 'Sign in', startMs: 0, durationMs: 20, steps: [] }],
    screenshot: false,
    configHash: 'abc',
    ...overrides,
  };
}

/** A probe token of a region, signed by the key that mints. */
export function tokenOf(region: string, probe?: string): Promise<string> {
  return mintProbeToken(env.PROBE_TOKEN_KEYS.split(','), { region, probe }, Date.now());
}

/** A request to the hub as a probe of the region makes it. */
export async function ask(
  region: string,
  method: string,
  path: string,
  body?: BodyInit | object,
): Promise<Response> {
  const isJson = typeof body === 'object' && Object.getPrototypeOf(body) === Object.prototype;
  return exports.default.fetch(`https://hub.test${path}`, {
    method,
    headers: { authorization: `Bearer ${await tokenOf(region)}` },
    ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as BodyInit) }),
  });
}

/** Reports runs over HTTP and gives the acknowledgement. */
export async function report(region: Region, ...runs: Run[]): Promise<Ack> {
  const response = await reportAged(
    region,
    runs.map((run) => ({ ageMs: run.durationMs, run })),
  );
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return response.json<Ack>();
}

export function reportAged(region: Region, entries: { ageMs: number; run: unknown }[]): Promise<Response> {
  return ask(region, 'POST', '/api/probe/report', { type: 'report', entries });
}

/** The object of a check. */
export function checkObject(check: string) {
  return env.CHECKS.getByName(check);
}

export async function migrate(): Promise<void> {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
}

/** An event at the pager, as PagerDuty got it. */
export type Paged = {
  door: string;
  path: string;
  body: { event_action: string; dedup_key: string; payload?: { summary: string } };
};

/** What the pager has accepted for a check by its door for PagerDuty, oldest first. */
export async function pagedFor(check: string): Promise<Paged[]> {
  const response = await fetch('https://pager.test/api/received');
  const received = await response.json<Paged[]>();
  return received.filter(({ door, body }) => door === 'pagerduty' && body.dedup_key.startsWith(`${check}:`));
}

/** Breaks the pager as its admin route does. */
export async function breakPager(fault: object): Promise<void> {
  const response = await fetch('https://pager.test/admin/faults', {
    method: 'POST',
    body: JSON.stringify(fault),
    headers: { 'content-type': 'application/json' },
  });
  if (!response.ok) throw new Error(await response.text());
}

export async function mendPager(): Promise<void> {
  await fetch('https://pager.test/admin/faults', { method: 'DELETE' });
}

/** Waits until `look` gives something, and gives it. */
export function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  return vi.waitFor(
    async () => {
      const found = await look();
      if (found === undefined || found === false) throw new Error('it has not come about');
      return found;
    },
    { timeout: 15_000, interval: 20 },
  );
}
