import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { deploySubject } from '#core/deploy/telling/subject.ts';
import { acknowledgeLink } from '#worker/acknowledge-link.ts';
import { latestAudit } from '#worker/store/audit-log.ts';
import { announce, BROKEN, commandsIn, latest, rollbacksOf, serviceObject, work } from './deploy-probes.ts';
import { migrate, REGIONS, until } from './hub.ts';
import { pagerdutySignature } from './pagerduty-signature.ts';

const HUB = 'https://hub.test';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const HOSTILE = '4.2.1<script>';

let cookie = '';

beforeAll(async () => {
  await migrate();
  const signedIn = await post('/operator/sign-in', { token: env.OPERATOR_TOKEN }, { origin: HUB });
  cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
});

function get(path: string, headers: Record<string, string> = { cookie }): Promise<Response> {
  return exports.default.fetch(`${HUB}${path}`, { headers, redirect: 'manual' });
}

function post(
  path: string,
  fields: Record<string, string> = {},
  headers: Record<string, string> = { origin: HUB, cookie },
): Promise<Response> {
  return exports.default.fetch(`${HUB}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { ...FORM, ...headers },
    body: new URLSearchParams(fields).toString(),
  });
}

/** A deploy whose canary fails, or both sides of it, until that is decided. */
async function decided(service: string, both = false): Promise<void> {
  for (const region of REGIONS) await commandsIn(region);
  await announce({ service, version: HOSTILE, previousVersion: '4.2.0' });
  await until(async () => {
    await work(service, (side) => (both || side === 'canary' ? BROKEN : undefined));
    return (await latest(service)).outcome !== undefined;
  });
}

/** The entry of a change, once it is in the audit log. */
function auditOf(service: string, action: string) {
  return until(async () =>
    (await latestAudit(env.DB, 50)).find(
      (entry) => entry.check === deploySubject(service) && entry.action === action,
    ),
  );
}

describe('the pages of deploys', () => {
  it.each([
    '/operator/deploys',
    '/operator/deploys/pages-shown/1',
    '/operator/deploys/pages-shown/1/rollback',
  ])('%s is for operators only', async (path) => {
    const response = await get(path, {});
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe(`/operator/sign-in?next=${encodeURIComponent(path)}`);
  });

  it.each([
    '/operator/deploys/pages-shown/77',
    '/operator/deploys/nobody-knows/1',
    '/operator/deploys/NO-SLUG/1',
    '/operator/deploys/constructor/1',
    '/operator/deploys/pages-shown/one',
    '/operator/deploys/pages-shown',
    '/operator/deploys/pages-shown/77/rollback',
  ])('%s is not there', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it('list all services of the configuration, deployed or not', async () => {
    const html = await (await get('/operator/deploys')).text();
    expect(html).toContain('id="service-pages-typed"');
    expect(html).toContain('Nothing was deployed yet.');
  });
});

describe('a bad deploy on its page', () => {
  const page = '/operator/deploys/pages-shown/1';

  it('is told of, escaped, as a page and as what changes of it', async () => {
    await decided('pages-shown');
    const response = await get(page);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await response.text();
    expect(html).toContain('Shown 4.2.1&lt;script&gt; is bad and needs you');
    expect(html).not.toContain('4.2.1<script>');
    expect(html).not.toContain('a-door-for-few');
    expect(html).not.toMatch(/ style=|<style| on[a-z]+=/);
    expect(html).toContain(`href="${page}/rollback"`);
    const fragment = await get(`${page}?fragment=1`);
    expect(await fragment.text()).toMatch(/^<main/);
    expect(fragment.headers.get('etag')).toMatch(/^"[0-9a-f]{32}"$/);
    const wall = await (await get('/operator')).text();
    expect(wall).toContain(`<a href="${page}">Shown 4.2.1&lt;script&gt; is bad and needs you</a>`);
  });

  it('leads from each of its runs to the run, which says what it verified', async () => {
    const { verification } = await latest('pages-shown');
    const run = verification?.pairs.find(({ canary }) => canary)?.canary?.runId ?? '';
    const html = await (await get(`/operator/runs/${run}?check=shown-login`)).text();
    expect(html).toContain(`<a href="${page}">pages-shown deploy #1</a>, canary of pair`);
    expect(html).toContain('no vote on what everybody gets');
  });

  it('is a flag on the page of its check', async () => {
    const html = await until(async () => {
      const text = await (await get('/operator/checks/shown-login')).text();
      return text.includes('class="deploy-marks"') && text;
    });
    expect(html).toContain(`<a href="${page}">Shown 4.2.1&lt;script&gt;</a>`);
  });

  it.each([
    ['another site', { origin: 'https://evil.test' }],
    ['nowhere', {}],
  ])('is not rolled back for a form of %s', async (_where, headers) => {
    const response = await post(`${page}/rollback`, {}, { ...headers, cookie });
    expect(response.status).toBe(403);
    expect((await latest('pages-shown')).rollback?.state).toBe('offered');
  });

  it('asks whoever is not signed in to do so, and rolls nothing back', async () => {
    const response = await post(`${page}/rollback`, {}, { origin: HUB });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe(`/operator/sign-in?next=${encodeURIComponent(page)}`);
    expect((await latest('pages-shown')).rollback?.state).toBe('offered');
  });

  it('is not rolled back by looking at the question', async () => {
    const html = await (await get(`${page}/rollback`)).text();
    expect(html).toContain('Yes, roll back to 4.2.0');
    expect(html).toContain(`<form method="post" action="${page}/rollback"`);
    expect((await latest('pages-shown')).rollback?.state).toBe('offered');
    expect(await rollbacksOf('pages-shown')).toEqual([]);
  });

  it('is rolled back once by whoever says yes, on record, and then needs no button', async () => {
    const pressed = await post(`${page}/rollback`, { name: ' Ada <i>Lovelace</i>\u202e' });
    expect([pressed.status, pressed.headers.get('location')]).toEqual([303, page]);
    const called = await until(async () => {
      const { rollback } = await latest('pages-shown');
      return rollback?.state === 'called' && rollback;
    });
    expect(called).toMatchObject({ askedBy: 'Ada <i>Lovelace</i>', via: 'operator' });
    expect(await rollbacksOf('pages-shown')).toHaveLength(1);
    expect((await post(`${page}/rollback`, { name: 'Grace' })).status).toBe(303);
    expect((await latest('pages-shown')).rollback?.askedBy).toBe('Ada <i>Lovelace</i>');
    expect(await rollbacksOf('pages-shown')).toHaveLength(1);
    const question = await get(`${page}/rollback`);
    expect([question.status, question.headers.get('location')]).toEqual([303, page]);
    const html = await (await get(page)).text();
    expect(html).toContain('Ada &lt;i&gt;Lovelace&lt;/i&gt;');
    expect(html).not.toContain(`href="${page}/rollback"`);
    expect(await auditOf('pages-shown', 'rollback')).toMatchObject({
      who: 'Ada <i>Lovelace</i>',
      via: 'operator',
      seq: 1,
    });
    expect(await (await get('/operator/audit')).text()).toContain(`<a href="${page}">pages-shown #1</a>`);
  });

  it('is not rolled back when it is not there', async () => {
    for (const path of ['pages-shown/77', 'nobody-knows/1', 'NO-SLUG/1'])
      expect((await post(`/operator/deploys/${path}/rollback`)).status).toBe(404);
  });
});

describe('an outage during a deploy', () => {
  const page = '/operator/deploys/pages-outage/1';
  const lift = '/operator/deploys/pages-outage/lift-freeze';

  it('is no reason to roll back, and freezes deploys until an operator lifts that', async () => {
    await decided('pages-outage', true);
    const html = await (await get(page)).text();
    expect(html).toContain('Both versions fail');
    expect(html).toContain(`action="${lift}"`);
    expect((await post(`${page}/rollback`)).status).toBe(409);
    expect((await post(lift, {}, { origin: 'https://evil.test', cookie })).status).toBe(403);
    expect((await post(lift, {}, { origin: HUB })).status).toBe(303);
    expect((await serviceObject('pages-outage').overview()).freeze).toMatchObject({ n: 1 });
    const lifted = await post(lift, { name: 'Ada', next: page });
    expect([lifted.status, lifted.headers.get('location')]).toEqual([303, page]);
    expect((await serviceObject('pages-outage').overview()).freeze).toBeUndefined();
    expect(await auditOf('pages-outage', 'freeze-lift')).toMatchObject({
      who: 'Ada',
      via: 'operator',
      seq: 1,
    });
  });

  it.each(['https://evil.test/', '/operator/deploys/pages-outage/1/rollback', '//evil.test/1', ''])(
    'leads back to the deploys and not to “%s”',
    async (next) => {
      expect((await post(lift, { next })).headers.get('location')).toBe('/operator/deploys');
    },
  );
});

describe('a page about a deploy', () => {
  const page = '/operator/deploys/pages-typed/1';
  const subject = { check: deploySubject('pages-typed'), seq: 1 };

  async function linkPath(of = subject): Promise<string> {
    return new URL(await acknowledgeLink(HUB, env.COOKIE_KEY, of, Date.now())).pathname;
  }

  it('is acknowledged by its link, which tells why it was sent and rolls nothing back', async () => {
    await decided('pages-typed');
    expect((await post(`${page}/rollback`)).status).toBe(409);
    await serviceObject('pages-typed').commandEnded(1, { state: 'failed', error: '<b>exit 3</b>' }, 'ci');
    const path = await linkPath();
    const html = await (await get(path, {})).text();
    expect(html).toContain('&lt;b&gt;exit 3&lt;/b&gt;');
    expect(html).toContain(`<a href="${page}">The deploy</a>`);
    expect((await serviceObject('pages-typed').overview()).incident?.acknowledged).toBeUndefined();
    const pressed = await post(path, { name: 'Ada' }, {});
    expect([pressed.status, pressed.headers.get('location')]).toEqual([303, path]);
    const { incident } = await serviceObject('pages-typed').overview();
    expect(incident?.acknowledged).toMatchObject({ by: 'Ada', via: 'link' });
    expect(await (await get(page)).text()).toContain('<strong>Ada</strong> has it');
    expect(await auditOf('pages-typed', 'acknowledge')).toMatchObject({ who: 'Ada', via: 'link', seq: 1 });
  });

  it('shows the command to run, as no button could', async () => {
    const html = await (await get(page)).text();
    expect(html).toContain('<pre>./roll-back.sh</pre>');
    expect(html).not.toContain(`href="${page}/rollback"`);
  });

  it('is acknowledged by the button and by PagerDuty, too; the first one has it', async () => {
    const button = await post('/operator/acknowledge/deploy.pages-typed/1', { name: 'Grace' });
    expect([button.status, button.headers.get('location')]).toEqual([303, page]);
    const body = JSON.stringify({
      event: {
        id: '01DFE',
        event_type: 'incident.acknowledged',
        resource_type: 'incident',
        occurred_at: '2026-11-21T03:12:05Z',
        agent: { id: 'P1', type: 'user_reference', summary: 'Grace' },
        data: { id: 'Q1', type: 'incident', incident_key: 'deploy.pages-typed:1' },
      },
    });
    const told = await exports.default.fetch(`${HUB}/api/channels/pager/webhook`, {
      method: 'POST',
      headers: { 'x-pagerduty-signature': await pagerdutySignature(body, env.PAGERDUTY_WEBHOOK_SECRET) },
      body,
    });
    expect(await told.json()).toEqual({ outcome: 'already' });
    expect((await serviceObject('pages-typed').overview()).incident?.acknowledged?.by).toBe('Ada');
  });

  it('is not there for another deploy, another service, or what is no service', async () => {
    for (const other of [
      { ...subject, seq: 9 },
      { check: deploySubject('nobody-knows'), seq: 1 },
    ]) {
      expect((await get(await linkPath(other), {})).status).toBe(404);
      const path = `/operator/acknowledge/${other.check}/${other.seq}`;
      expect((await post(path)).status).toBe(404);
    }
    expect((await get(await linkPath({ check: 'deploy.NO-SLUG', seq: 1 }), {})).status).toBe(404);
    expect((await post('/operator/acknowledge/deploy.NO-SLUG/1')).status).toBe(404);
  });
});
