import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { listenOnLoopback, type Handler } from '#test/fixtures/loopback-server.ts';
import { addressesIn, asking } from './asking.ts';
import { labTls, type LabTls } from './lab-tls.ts';
import {
  answerOverH2,
  answerTo,
  aQuery,
  dohHandler,
  startH2,
  startPlainDoh,
  startSockets,
  startTlsHttp1,
} from './small-servers.ts';

let tls: LabTls;
beforeAll(async () => {
  tls = await labTls();
});

describe('HTTP/2', () => {
  test('POST, with the id that caches like', async () => {
    const server = await startH2(tls.good);
    const exchange = await asking(tls).query(aQuery(server.url));
    expect(addressesIn(exchange.reply)).toEqual(['192.0.2.1']);
    expect(exchange).toMatchObject({
      tries: 1,
      tls: { protocol: 'TLSv1.3' },
      http: { status: 200, version: 'HTTP/2', contentType: 'application/dns-message', maxAgeS: 60 },
    });
    expect(exchange.trouble).toBeUndefined();
    const [request] = server.requests;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/dns-query',
      contentType: 'application/dns-message',
    });
    expect(request?.query).toMatchObject({ id: 0, questions: [{ name: 'portal.example.test', type: 1 }] });
  });

  test('GET carries the question in the URL, behind what is there already', async () => {
    const server = await startH2(tls.good);
    const { query } = asking(tls);
    await query(aQuery(server.url, { manner: 'get' }));
    const exchange = await query(aQuery(`${server.url}?tenant=7`, { manner: 'get' }));
    expect(addressesIn(exchange.reply)).toEqual(['192.0.2.1']);
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'GET']);
    expect(server.requests[0]?.path).toMatch(/^\/dns-query\?dns=[\w-]+$/);
    expect(server.requests[1]?.path).toMatch(/^\/dns-query\?tenant=7&dns=[\w-]+$/);
    expect(server.requests[1]?.query.questions[0]?.name).toBe('portal.example.test');
  });

  test('one session serves a run, and only its first question tells of connecting', async () => {
    const server = await startH2(tls.good);
    const { query } = asking(tls);
    const exchanges = await Promise.all([1, 2, 3].map((time) => query(aQuery(server.url, { time }))));
    exchanges.push(await query(aQuery(server.url, { time: 4 })));
    expect(exchanges.flatMap(({ reply }) => addressesIn(reply))).toHaveLength(4);
    expect(server.sessions).toHaveLength(1);
    expect(exchanges.filter(({ connectMs }) => connectMs !== undefined)).toHaveLength(1);
    expect(exchanges.every((exchange) => exchange.tls?.protocol === 'TLSv1.3')).toBe(true);
  });

  test('a session that the server ends between two questions is made anew', async () => {
    const server = await startH2(tls.good);
    const { query } = asking(tls);
    await query(aQuery(server.url));
    server.sessions[0]?.destroy();
    const exchange = await query(aQuery(server.url, { time: 2 }));
    expect(addressesIn(exchange.reply)).toEqual(['192.0.2.1']);
    expect(server.sessions).toHaveLength(2);
  });

  test('a question that gets no answer leaves the session to the others', async () => {
    const server = await startH2(tls.good, ({ stream, query }) => {
      if (query.questions[0]?.type === 1) answerOverH2(stream, answerTo(query));
    });
    const { query } = asking({ ...tls, exchangeTimeoutMs: 250 });
    const silent = await query(aQuery(server.url, { type: 28 }));
    expect(silent.trouble?.class).toBe('TIMEOUT');
    expect(addressesIn((await query(aQuery(server.url))).reply)).toEqual(['192.0.2.1']);
    expect(server.sessions).toHaveLength(1);
  });

  test.each([404, 503, 302])('status %i is told, and no answer', async (status) => {
    const server = await startH2(tls.good, ({ stream, query }) =>
      answerOverH2(stream, answerTo(query), { ':status': status, location: '/elsewhere' }),
    );
    const exchange = await asking(tls).query(aQuery(server.url));
    expect(exchange).toMatchObject({
      http: { status, version: 'HTTP/2' },
      trouble: { class: 'HTTP_STATUS', message: `HTTP ${status}` },
    });
    expect(exchange.reply).toBeUndefined();
    expect(server.requests).toHaveLength(1);
  });

  test('a stream that is reset', async () => {
    const server = await startH2(tls.good, ({ stream }) => stream.close(2));
    const { trouble } = await asking(tls).query(aQuery(server.url));
    expect(trouble?.class).toBe('CONN_RESET');
  });

  test('a connection that ends instead of an answer', async () => {
    const server = await startH2(tls.good, ({ session }) => session.destroy());
    const { trouble } = await asking(tls).query(aQuery(server.url));
    expect(trouble?.class).toBe('CONN_RESET');
  });

  test('more octets than a message can have are not read', async () => {
    const server = await startH2(tls.good, ({ stream }) => answerOverH2(stream, new Uint8Array(70_000)));
    const { trouble } = await asking(tls).query(aQuery(server.url));
    expect(trouble?.message).toBe('HTTP 200 with more than the 65535 octets a DNS message can have');
  });

  test('the certificate is checked before anything is asked', async () => {
    const server = await startH2(tls.ended);
    const exchange = await asking(tls).query(aQuery(server.url));
    expect(exchange.trouble?.class).toBe('TLS_FAIL');
    expect(exchange.tls?.validToMs).toBeLessThan(Date.now());
    expect(server.requests).toEqual([]);
  });

  test('closing ends the session', async () => {
    const server = await startH2(tls.good);
    const { query, close } = asking(tls);
    await query(aQuery(server.url));
    expect(server.openSockets()).toBe(1);
    close();
    await expect.poll(() => server.openSockets()).toBe(0);
  });
});

describe('HTTP/1.1', () => {
  async function startPlain(handler: Handler): Promise<string> {
    const server = await listenOnLoopback(0, handler);
    onTestFinished(() => server.close());
    return `${server.url}/dns-query`;
  }

  test.each([undefined, 'get'] as const)('without TLS, manner %s', async (manner) => {
    const url = await startPlainDoh();
    const exchange = await asking().query(aQuery(url, { manner }));
    expect(addressesIn(exchange.reply)).toEqual(['192.0.2.1']);
    expect(exchange.http).toEqual({
      status: 200,
      version: 'HTTP/1.1',
      contentType: 'application/dns-message',
    });
    expect(exchange.connectMs).toBeGreaterThan(0);
  });

  test('with TLS, where the server chooses it', async () => {
    const url = await startTlsHttp1(tls.good, dohHandler(answerTo));
    const { query } = asking(tls);
    const exchanges = await Promise.all([1, 2].map((time) => query(aQuery(url, { time }))));
    for (const exchange of exchanges) {
      expect(addressesIn(exchange.reply)).toEqual(['192.0.2.1']);
      expect(exchange).toMatchObject({ http: { version: 'HTTP/1.1' }, tls: { protocol: 'TLSv1.3' } });
      expect(exchange.tlsMs).toBeGreaterThan(0);
    }
  });

  test('a status is told, and no answer', async () => {
    const url = await startPlain((_request, response) => void response.writeHead(503).end('busy'));
    const { http, trouble } = await asking().query(aQuery(url));
    expect(http?.status).toBe(503);
    expect(trouble).toEqual({ class: 'HTTP_STATUS', message: 'HTTP 503' });
  });

  test.each<{ name: string; handler: Handler; expected: string }>([
    { name: 'says nothing', handler: () => undefined, expected: 'TIMEOUT' },
    { name: 'resets', handler: ({ socket }) => void socket.resetAndDestroy(), expected: 'CONN_RESET' },
    {
      name: 'stops in the middle of its answer',
      handler: ({ socket }, response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write(new Uint8Array(50), () => socket.destroy());
      },
      expected: 'CONN_RESET',
    },
  ])('a server that $name: $expected', async ({ handler, expected }) => {
    const url = await startPlain(handler);
    const { trouble } = await asking({ exchangeTimeoutMs: 250 }).query(aQuery(url));
    expect(trouble?.class).toBe(expected);
    expect(trouble?.probeFault).toBeUndefined();
  });

  test('a server that speaks no HTTP', async () => {
    const port = await startSockets((socket) => socket.end('220 hello\r\n'));
    const { trouble } = await asking().query(aQuery(`http://127.0.0.1:${port}/dns-query`));
    expect(trouble?.class).toBe('CONN_RESET');
  });
});
