import { expect, onTestFinished, test } from 'vitest';
import { ANSWER_SHARED_MS, ControlTarget } from '#probes/control-target.ts';
import { listenOnLoopback, type Handler } from '#test/fixtures/loopback-server.ts';
import { ManualClock } from '#test/fixtures/manual-clock.ts';

async function aTarget(handler: Handler, timeoutMs = 5_000) {
  const requests: { path: string; connection: string | undefined }[] = [];
  const server = await listenOnLoopback(0, (request, response) => {
    requests.push({ path: request.url ?? '', connection: request.headers.connection });
    return handler(request, response);
  });
  onTestFinished(() => server.close());
  const clock = new ManualClock();
  return {
    target: new ControlTarget({ url: `${server.url}/control`, timeoutMs }, clock),
    clock,
    requests,
  };
}

test.each([200, 204, 404, 429])('an answer of status %i shows that the way out is good', async (status) => {
  const { target } = await aTarget((_request, response) => void response.writeHead(status).end());
  expect(await target.look()).toMatchObject({ outcome: 'pass' });
});

test('a redirect is followed', async () => {
  const { target, requests } = await aTarget((request, response) => {
    if (request.url === '/control') response.writeHead(302, { location: '/moved' }).end();
    else response.writeHead(503).end();
  });
  expect(await target.look()).toMatchObject({ outcome: 'fail', error: 'http 503' });
  expect(requests.map(({ path }) => path)).toEqual(['/control', '/moved']);
});

test('no connection and no answer in time are a failure that says why', async () => {
  const silent = await aTarget(() => undefined, 100);
  expect(await silent.target.look()).toMatchObject({ outcome: 'fail', error: 'no answer within 100 ms' });
  const gone = await listenOnLoopback(0, () => undefined);
  await gone.close();
  const target = new ControlTarget({ url: gone.url, timeoutMs: 5_000 }, new ManualClock());
  const { outcome, error } = await target.look();
  expect(outcome).toBe('fail');
  expect(error).toContain('ECONNREFUSED');
});

test('who asks at the same time, or within five seconds of the answer, gets the same one', async () => {
  const { target, clock, requests } = await aTarget((_request, response) => void response.end());
  const [one, other] = await Promise.all([target.look(), target.look()]);
  expect(one).toBe(other);
  clock.advance(ANSWER_SHARED_MS - 1);
  await target.look();
  expect(requests).toHaveLength(1);
  clock.advance(1);
  await target.look();
  expect(requests).toHaveLength(2);
});

test('each look is made over a connection of its own', async () => {
  const { target, requests } = await aTarget((_request, response) => void response.end());
  await target.look();
  expect(requests[0]?.connection).toBe('close');
});
