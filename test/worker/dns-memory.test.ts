import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DnsEvidence } from '#core/dns/findings/evidence.ts';
import type { ToldBaseline } from '#core/dns/memory/told-baseline.ts';
import type { StoredRun } from '#core/view.ts';
import { addresses, someEvidence, someRanges } from '#test/fixtures/dns-evidence.ts';
import { latestAudit } from '#worker/store/audit-log.ts';
import {
  aRun,
  checkObject,
  migrate,
  pagedFor,
  REGIONS,
  report,
  reportAged,
  until,
  type Region,
} from './hub.ts';

beforeAll(migrate);

const HUB = 'https://hub.test';

/** A run that passed by itself, as the hub has stored it. */
async function ran(check: string, region: Region, evidence: DnsEvidence): Promise<StoredRun['run']> {
  const run = aRun(check, region, { dns: evidence });
  await report(region, run);
  return stored(check, run.id);
}

async function stored(check: string, id: string): Promise<StoredRun['run']> {
  const found = await checkObject(check).run(id);
  if (!found) throw new Error(`${id} is not stored`);
  return found.run;
}

const told = (run: StoredRun['run']): string[] =>
  (run.dns?.findings ?? []).flatMap(({ id, severity, subject }) =>
    severity === 'info' ? [] : [`${id} ${severity} ${subject}`],
  );

async function session(): Promise<string> {
  const response = await exports.default.fetch(`${HUB}/operator/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: HUB },
    body: new URLSearchParams({ token: env.OPERATOR_TOKEN }).toString(),
  });
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

function look(check: string): Promise<Response> {
  return exports.default.fetch(`${HUB}/operator/api/dns/${check}/baseline`, {
    headers: { authorization: `Bearer ${env.OPERATOR_TOKEN}` },
  });
}

async function accept(check: string, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch(`${HUB}/operator/api/dns/${check}/baseline`, {
    method: 'POST',
    headers: { origin: HUB, cookie: await session(), ...headers },
  });
}

describe('the baseline of a DNS check', () => {
  const check = 'dns-baseline';
  const eight = someEvidence(addresses(8));
  const nine = someEvidence(addresses(9));

  it('is not there before the first run', async () => {
    const response = await look(check);
    expect(await response.json()).toEqual({ check, name: 'baseline.example.test', scopes: [] });
    const refused = await accept(check);
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain('nothing of dns-baseline has been measured yet');
  });

  it('is the first run, outlives the object, and changes by an operator’s word, which is on record', async () => {
    await ran(check, 'us-east', eight);
    await abortAllDurableObjects();
    const warned = await ran(check, 'eu-west', nine);
    expect(warned.outcome).toBe('pass');
    expect(told(warned)).toEqual(['B15 warn A']);

    const before = await (await look(check)).json<ToldBaseline>();
    expect(before.scopes).toMatchObject([
      {
        accepted: { measured: [{ typeName: 'A', records: 8 }] },
        present: { region: 'eu-west', measured: [{ typeName: 'A', records: 9 }] },
        changes: [{ typeName: 'A', changes: ['records 8 → 9, past 8'] }],
      },
    ]);
    const answer = await accept(check);
    expect(answer.status).toBe(200);
    const after = await answer.json<ToldBaseline>();
    expect(after.scopes).toMatchObject([
      { accepted: { by: 'operator', measured: [{ records: 9 }] }, changes: [] },
    ]);

    const [entry] = await until(async () => {
      const entries = (await latestAudit(env.DB, 20)).filter(({ action }) => action === 'dns-accept');
      return entries.length > 0 && entries;
    });
    expect(entry).toMatchObject({ who: 'operator', via: 'operator', check, requestId: expect.any(String) });
    const page = await exports.default.fetch(`${HUB}/operator/audit`, {
      headers: { cookie: await session() },
    });
    expect(await page.text()).toContain('accepted the DNS baseline of');

    await abortAllDurableObjects();
    expect(told(await ran(check, 'us-west', nine))).toEqual([]);
  });

  it('is an operator’s who comes from the hub’s own pages', async () => {
    const bearer = { authorization: `Bearer ${env.OPERATOR_TOKEN}` };
    expect((await accept(check, bearer)).status).toBe(403);
    expect((await accept(check, { origin: 'https://elsewhere.test' })).status).toBe(403);
    expect((await accept(check, { cookie: '' })).status).toBe(401);
  });

  it.each([
    ['nowhere', 404, 'there is no check nowhere'],
    ['login', 400, 'login is a journey check, not a dns check'],
  ])('is none of %s', async (id, status, message) => {
    for (const response of [await look(id), await accept(id)]) {
      expect(response.status).toBe(status);
      expect(await response.text()).toContain(message);
    }
  });
});

describe('the allow-list of a DNS check', () => {
  it('makes a run fail by what the hub remembers, until the notice has passed', async () => {
    const check = 'dns-listed';
    const first = someRanges(['198.51.100.0/24']);
    const grown = someRanges(['198.51.100.0/24', '203.0.113.0/24'], { publishedAtMs: 9 });
    expect((await ran(check, 'us-east', someEvidence(addresses(4), { ranges: [first] }))).outcome).toBe(
      'pass',
    );
    const moved = someEvidence(['203.0.113.9'], { ranges: [grown] });
    const tooNew = await ran(check, 'us-east', moved);
    expect(tooNew).toMatchObject({ outcome: 'fail', failure: { owner: 'target', class: 'dns' } });
    expect(tooNew.failure?.message).toContain(
      '203.0.113.9 is given in us-east; the range 203.0.113.0/24 has been',
    );
    expect(told(tooNew)).toEqual(['C3 fail 203.0.113.9']);
    const covered = await until(async () => {
      const run = await ran(check, 'us-east', moved);
      return run.outcome === 'pass' && run;
    });
    expect(told(covered)).toEqual([]);
  });

  it('confirms and pages a retired range as any failure, and resolves when it is given no more', async () => {
    const check = 'dns-retired';
    const whole = someRanges(['198.51.100.0/24', '203.0.113.0/24'], { publishedAtMs: 1 });
    const shorter = someRanges(['198.51.100.0/24'], { publishedAtMs: 2 });
    const good = someEvidence(addresses(2), { ranges: [whole] });
    for (const region of REGIONS) await ran(check, region, good);
    const bad = someEvidence([...addresses(2), '203.0.113.9'], { ranges: [shorter] });
    for (let round = 0; round < 2; round += 1)
      for (const region of REGIONS) expect((await ran(check, region, bad)).outcome).toBe('fail');
    const [page] = await until(async () => {
      const paged = await pagedFor(check);
      return paged.length > 0 && paged;
    });
    expect(page?.body).toMatchObject({ event_action: 'trigger', dedup_key: `${check}:1` });
    const mended = someEvidence(addresses(2), { ranges: [shorter] });
    await until(async () => {
      for (const region of REGIONS) await ran(check, region, mended);
      return (await pagedFor(check)).some(({ body }) => body.event_action === 'resolve');
    });
  });
});

it('a warning is told of once two regions see it, and pages nobody', async () => {
  const check = 'dns-warned';
  for (const region of REGIONS) await ran(check, region, someEvidence(addresses(8)));
  const told = async () => Object.keys((await checkObject(check).view()).state.toldWarnings ?? {});
  await ran(check, 'us-east', someEvidence(addresses(9)));
  expect(await told()).toEqual([]);
  await ran(check, 'us-west', someEvidence(addresses(9)));
  expect(await told()).toEqual(['B15']);
  expect((await checkObject(check).view()).verdict).toBe('up');
  expect(await pagedFor(check)).toEqual([]);
});

describe('what a DNS check remembers', () => {
  const check = 'dns-kept';
  const memoryRows = () =>
    runInDurableObject(checkObject(check), (_object, { storage }) =>
      storage.sql.exec<{ json: string }>('SELECT json FROM dns').toArray(),
    );

  it('does not change by runs that are late, are repeated, or say nothing of the target', async () => {
    await ran(check, 'us-east', someEvidence(addresses(8)));
    const [before] = await memoryRows();
    const strange = someEvidence(addresses(40));
    const late = aRun(check, 'us-east', { dns: strange });
    await reportAged('us-east', [{ ageMs: 3_600_000, run: late }]);
    expect(told(await stored(check, late.id))).toEqual([]);
    const invalid = aRun(check, 'us-east', {
      dns: strange,
      failure: { owner: 'probe', class: 'egress', message: 'no way out' },
    });
    await report('us-east', invalid);
    expect((await stored(check, invalid.id)).outcome).toBe('invalid');
    const ack = await report('us-east', invalid);
    expect(ack.runs).toEqual([invalid.id]);
    expect(await memoryRows()).toEqual([before]);
  });

  it('is not shown in the list of runs, which is read often', async () => {
    const { runs } = await checkObject(check).view();
    expect(runs['us-east']?.length).toBeGreaterThan(0);
    expect(JSON.stringify(runs)).not.toContain('198.51.100');
  });
});
