import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { judgeCache } from '#core/cache-rule.ts';
import { Looked, type LookNow } from '#core/wire.ts';
import { Looks } from '#probes/looks.ts';
import { eventLog } from '#test/fixtures/event-log.ts';
import { listenOnLoopback } from '#test/fixtures/loopback-server.ts';

type Asked = { path: string; method: string | undefined; headers: IncomingHttpHeaders };

/** A site in front of a cache: what it answers goes by the path. */
async function aSite(answers: Record<string, (response: ServerResponse) => void>) {
  const asked: Asked[] = [];
  let open = 0;
  let openMost = 0;
  const site = await listenOnLoopback(0, (request, response) => {
    const path = new URL(request.url ?? '/', 'http://site').pathname;
    asked.push({ path, method: request.method, headers: request.headers });
    open += 1;
    openMost = Math.max(openMost, open);
    response.on('close', () => (open -= 1));
    const answer = answers[path];
    if (answer) answer(response);
    else response.writeHead(404).end();
  });
  onTestFinished(() => site.close());
  return { site, asked, openMost: () => openMost };
}

function aLook(over: Partial<LookNow> = {}): LookNow {
  return { type: 'look-now', service: 'portal', n: 4, item: 'edge', urls: [], ...over };
}

function someLooks() {
  const { log, named } = eventLog();
  const told: Looked[] = [];
  const looks = new Looks({
    probe: 'probe-1',
    log,
    onLooked: (looked) => void told.push(Looked.parse(looked)),
  });
  onTestFinished(() => looks.stop());
  const first = async (): Promise<Looked> => {
    await vi.waitFor(() => expect(told).toHaveLength(1), { timeout: 8_000, interval: 5 });
    const [looked] = told;
    if (!looked) throw new Error('nothing was told');
    return looked;
  };
  return { looks, told, first, named };
}

test('each address is asked once, and of the answer only what a cache says is told', async () => {
  const { site, asked } = await aSite({
    '/app.js': (response) =>
      void response
        .writeHead(200, { 'X-Cache': 'HIT, HIT', age: '12', 'set-cookie': 'a=b', 'x-own-cache': 'warm' })
        .end('body'),
    '/cold.js': (response) => void response.writeHead(200, { 'cf-cache-status': 'MISS' }).end('body'),
  });
  const { looks, first } = someLooks();
  const urls = [`${site.url}/app.js?v=3`, `${site.url}/cold.js`];
  looks.onLookNow(aLook({ urls, header: 'X-Own-Cache' }));
  const { answers, ...rest } = await first();
  expect(rest).toEqual({ type: 'looked', probe: 'probe-1', service: 'portal', n: 4, item: 'edge' });
  expect(answers).toEqual([
    { url: urls[0], status: 200, headers: { 'x-cache': 'HIT, HIT', age: '12', 'x-own-cache': 'warm' } },
    { url: urls[1], status: 200, headers: { 'cf-cache-status': 'MISS' } },
  ]);
  expect(answers.map(({ headers }) => judgeCache(headers).hit)).toEqual([true, false]);
  expect(asked.map(({ path }) => path).toSorted()).toEqual(['/app.js', '/cold.js']);
});

test('it is asked as a browser asks that has nothing stored: no cookie, no word about caches, all encodings', async () => {
  const { site, asked } = await aSite({ '/': (response) => void response.end() });
  const { looks, first } = someLooks();
  looks.onLookNow(aLook({ urls: [`${site.url}/`] }));
  await first();
  expect(asked[0]?.method).toBe('GET');
  expect(asked[0]?.headers).toMatchObject({ 'accept-encoding': 'gzip, deflate, br, zstd' });
  for (const name of ['cookie', 'cache-control', 'pragma', 'if-none-match', 'authorization'])
    expect(asked[0]?.headers).not.toHaveProperty(name);
});

test('a few redirects are followed, and the last answer counts; more are an error', async () => {
  const to = (location: string) => (response: ServerResponse) =>
    void response.writeHead(302, { location, 'x-cache': 'MISS' }).end();
  const { site } = await aSite({
    '/a': to('/b'),
    '/b': to('/c'),
    '/c': (response) => void response.writeHead(200, { 'x-cache': 'HIT' }).end(),
    '/loop': to('/loop?token=secret'),
    '/mail': to('mailto:ops@portal.example'),
  });
  const { looks, first } = someLooks();
  looks.onLookNow(aLook({ urls: ['/a', '/loop', '/mail'].map((path) => `${site.url}${path}`) }));
  const { answers } = await first();
  expect(answers[0]).toMatchObject({ status: 200, headers: { 'x-cache': 'HIT' } });
  expect(answers[1]).toMatchObject({
    headers: {},
    error: expect.stringContaining('over 3 redirects') as string,
  });
  expect(answers[1]?.status).toBeUndefined();
  expect(answers[2]?.error).toBe('a redirect to mailto:');
  expect(JSON.stringify(answers)).not.toContain('secret');
});

test('headers are enough: a body without an end is left alone', async () => {
  const { site } = await aSite({
    '/': (response) => void response.writeHead(200, { 'x-cache': 'HIT' }).write('a piece'),
  });
  const { looks, first } = someLooks();
  looks.onLookNow(aLook({ urls: [`${site.url}/`] }));
  expect((await first()).answers).toEqual([
    { url: `${site.url}/`, status: 200, headers: { 'x-cache': 'HIT' } },
  ]);
});

test('who does not answer is told of, beside those who do', async () => {
  const { site } = await aSite({ '/': (response) => void response.end(), '/hang': () => undefined });
  const gone = await listenOnLoopback(0, () => undefined);
  await gone.close();
  const { looks, first } = someLooks();
  looks.onLookNow(aLook({ urls: [`${site.url}/`, `${site.url}/hang`, `${gone.url}/`] }));
  const { answers } = await first();
  expect(answers.map(({ status }) => status)).toEqual([200, undefined, undefined]);
  expect(answers[1]?.error).toBe('no answer within 4000 ms');
  expect(answers[2]?.error).toContain('ECONNREFUSED');
});

test('four are asked at once, over all looks', async () => {
  const waiting: ServerResponse[] = [];
  const { site, asked, openMost } = await aSite({ '/': (response) => void waiting.push(response) });
  const { looks, told } = someLooks();
  const urls = Array.from({ length: 6 }, (_none, index) => `${site.url}/?${index}`);
  looks.onLookNow(aLook({ urls }));
  looks.onLookNow(aLook({ item: 'other', urls }));
  await vi.waitFor(() => expect(waiting).toHaveLength(4), { interval: 2 });
  while (told.length < 2) {
    await vi.waitFor(() => expect(waiting.length > 0 || told.length === 2).toBe(true), { interval: 2 });
    waiting.shift()?.end();
  }
  expect(openMost()).toBe(4);
  expect(asked).toHaveLength(12);
});

test('the same look is left out while it is under way, and a stop ends it without a word', async () => {
  const { site, asked } = await aSite({ '/hang': () => undefined });
  const { looks, told, named } = someLooks();
  const look = aLook({ urls: [`${site.url}/hang`] });
  looks.onLookNow(look);
  looks.onLookNow(look);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await looks.stop();
  looks.onLookNow(look);
  expect(named('look-now-dropped')).toEqual([
    { deploy: 'portal:4', item: 'edge', why: 'the same look is still under way' },
    { deploy: 'portal:4', item: 'edge', why: 'the probe stops' },
  ]);
  expect([asked.length, told.length]).toEqual([1, 0]);
});
