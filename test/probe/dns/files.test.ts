import { createHash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { listenOnLoopback, type Handler } from '#test/fixtures/loopback-server.ts';
import { asking } from './asking.ts';

const FILE = '{"prefixes":[]}';

async function startSite(handler: Handler): Promise<string> {
  const server = await listenOnLoopback(0, handler);
  onTestFinished(() => server.close());
  return server.url;
}

test('a file comes with its status and digest, redirects followed', async () => {
  const url = await startSite((request, response) => {
    if (request.url === '/old') response.writeHead(301, { location: '/new' }).end();
    else response.writeHead(200).end(FILE);
  });
  const exchange = await asking().fetch(`${url}/old`);
  expect(new TextDecoder().decode(exchange.body)).toBe(FILE);
  expect(exchange.status).toBe(200);
  expect(exchange.sha256).toBe(createHash('sha256').update(FILE).digest('hex'));
  expect(exchange.trouble).toBeUndefined();
});

test('a file that is not there has a status and no body', async () => {
  const url = await startSite((_request, response) => void response.writeHead(404).end('nothing'));
  const exchange = await asking().fetch(url);
  expect(exchange.status).toBe(404);
  expect(exchange.body).toBeUndefined();
  expect(exchange.trouble).toBeUndefined();
});

test('a file that never ends is read to four mebibytes', async () => {
  let sentBytes = 0;
  const url = await startSite((_request, response) => {
    const more = (): void => {
      for (;;) {
        if (response.destroyed) return;
        sentBytes += 65_536;
        if (!response.write(new Uint8Array(65_536))) break;
      }
      response.once('drain', more);
    };
    more();
  });
  const exchange = await asking().fetch(url);
  expect(exchange.body).toBeUndefined();
  expect(exchange.trouble?.message).toBe(
    'HTTP 200 with more than the 4194304 octets that are read of a file',
  );
  expect(sentBytes).toBeLessThan(64 * 1024 * 1024);
});

test.each<{ name: string; handler: Handler; expected: string }>([
  { name: 'is reset', handler: ({ socket }) => void socket.resetAndDestroy(), expected: 'CONN_RESET' },
  {
    name: 'is everywhere else',
    handler: (_request, response) => void response.writeHead(302, { location: '/' }).end(),
    expected: 'HTTP_STATUS',
  },
  {
    name: 'ends too early',
    handler: ({ socket }, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => socket.destroy());
    },
    expected: 'CONN_RESET',
  },
])('a file that $name: $expected', async ({ handler, expected }) => {
  const exchange = await asking().fetch(await startSite(handler));
  expect(exchange.trouble?.class).toBe(expected);
  expect(exchange.body).toBeUndefined();
});

test('a site that nobody can find is the fault of who published it', async () => {
  const { trouble } = await asking().fetch('http://no-such-site.invalid/ranges.json');
  expect(trouble?.message).toContain('no-such-site.invalid');
  // Without any resolver, as in a closed network, nobody can tell.
  expect(trouble?.class).toBe(trouble?.message.includes('ENOTFOUND') ? 'CONN_REFUSED' : 'NOT_MEASURABLE');
});
