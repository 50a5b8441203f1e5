import { env, exports } from 'cloudflare:workers';
import { beforeAll, expect, it } from 'vitest';
import { addresses, someEvidence } from '#test/fixtures/dns-evidence.ts';
import { aRun, migrate, report } from './hub.ts';

beforeAll(migrate);

const HUB = 'https://hub.test';
const CHECK = 'dns-page';

async function session(): Promise<string> {
  const response = await exports.default.fetch(`${HUB}/operator/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: HUB },
    body: new URLSearchParams({ token: env.OPERATOR_TOKEN }).toString(),
  });
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

const page = async (): Promise<string> =>
  (
    await exports.default.fetch(`${HUB}/operator/checks/${CHECK}`, { headers: { cookie: await session() } })
  ).text();

const press = async (headers: Record<string, string>, check = CHECK): Promise<Response> =>
  exports.default.fetch(`${HUB}/operator/checks/${check}/baseline`, {
    method: 'POST',
    redirect: 'manual',
    headers,
  });

it('shows what has grown beside what was accepted, and a button that accepts it', async () => {
  expect(await page()).toContain('Nothing has been measured yet');
  await report('us-east', aRun(CHECK, 'us-east', { dns: someEvidence(addresses(8)) }));
  expect(await page()).not.toContain('Accept the sizes of now');
  await report('us-west', aRun(CHECK, 'us-west', { dns: someEvidence(addresses(9)) }));
  const grown = await page();
  expect(grown).toContain('records 8 → 9, past 8');
  expect(grown).toContain('as the first that was measured');
  expect(grown).toContain('Accept the sizes of now');

  // From another site, and without a session, it changes nothing.
  expect((await press({ origin: 'https://elsewhere.test', cookie: await session() })).status).toBe(403);
  expect((await press({ origin: HUB })).status).not.toBe(303);
  expect(await page()).toContain('Accept the sizes of now');

  const answer = await press({ origin: HUB, cookie: await session() });
  expect(answer.status).toBe(303);
  expect(answer.headers.get('location')).toBe(`/operator/checks/${CHECK}`);
  const accepted = await page();
  expect(accepted).not.toContain('Accept the sizes of now');
  expect(accepted).toContain('by the operator');
});

it('knows no such button of a login', async () => {
  const answer = await press({ origin: HUB, cookie: await session() }, 'login');
  expect(answer.status).toBe(404);
});
