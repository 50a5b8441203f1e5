import { request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFrontDoor, type FrontDoor } from '#probes/host/front-door.ts';
import { isOrdinaryPath } from '#probes/host/ordinary-path.ts';
import { eventLog } from '#test/fixtures/event-log.ts';

/** Stands where workerd stands; real HTTP. */
let behind: Server;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let door: FrontDoor;

beforeEach(async () => {
  answer = (_request, response) => response.end('ok');
  behind = createServer((request, response) => answer(request, response));
  behind.on('upgrade', (request, socket) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    socket.on('error', () => socket.destroy());
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}\r\n\r\n`,
    );
    socket.pipe(socket);
  });
  behind.listen(0, '127.0.0.1');
  await once(behind, 'listening');
  door = await openFrontDoor('127.0.0.1', 0, eventLog().log);
  door.lead(urlOf((behind.address() as AddressInfo).port));
});

afterEach(async () => {
  await door.close();
  behind.closeAllConnections();
  behind.close();
});

function urlOf(port: number): URL {
  return new URL(`http://127.0.0.1:${port}/`);
}

/** A request whose path is sent as it stands. */
function ask(path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port: door.port, path, headers, method: body === undefined ? 'GET' : 'POST' },
      (response) => {
        let text = '';
        response.on('data', (chunk) => (text += String(chunk)));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
type Answer = { status: number; headers: IncomingHttpHeaders; text: string };

describe('the front door', () => {
  it('passes requests on with their host, path and body, and keeps the connection of the client', async () => {
    answer = (request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => response.end(JSON.stringify([request.headers.host, request.url, body])));
    };
    const { status, headers, text } = await ask('/a%20b?c=1', { host: 'hub.example' }, 'hello');
    expect([status, JSON.parse(text)]).toEqual([200, ['hub.example', '/a%20b?c=1', 'hello']]);
    expect(headers.connection).toBe('keep-alive');
  });

  it('keeps the doors of the platform shut, however they are written', async () => {
    const seen: (string | undefined)[] = [];
    answer = (request, response) => {
      seen.push(request.url);
      response.end();
    };
    for (const path of [
      '/cdn-cgi/handler/scheduled',
      '/CDN-cgi',
      '//cdn-cgi/x',
      '/./cdn-cgi/x',
      '/a/../cdn-cgi/x',
      '/%63dn-cgi/x',
      '/%2563dn-cgi/x',
      '/\\cdn-cgi/x',
      '/%5ccdn-cgi/x',
      '/cdn%2dcgi/x',
      '/cdn%09-cgi/x',
      'http://elsewhere/cdn-cgi/x',
      'http://elsewhere/',
    ])
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
    expect(seen).toEqual([]);
  });

  it.each([
    '/',
    '/operator',
    '/status?next=/cdn-cgi/',
    '/100%',
    '/operator/runs/us-east-1.2.3',
    '/%E2%82%AC',
  ])('lets %s through', (path) => {
    expect(isOrdinaryPath(path)).toBe(true);
  });

  it('takes headers away that Miniflare would believe', async () => {
    answer = (request, response) => response.end(JSON.stringify(request.headers));
    const { text } = await ask('/', {
      'MF-Original-URL': 'http://x',
      'mf-route-override': 'y',
      'x-own': 'z',
    });
    expect(Object.keys(JSON.parse(text) as object).filter((name) => name.startsWith('mf-'))).toEqual([]);
    expect(JSON.parse(text)).toMatchObject({ 'x-own': 'z' });
  });

  it('refuses a body that is too long, announced or not, and leaves no request behind', async () => {
    const complete: boolean[] = [];
    answer = (request, response) => {
      request.resume();
      request.on('end', () => response.end('all read'));
      request.on('close', () => complete.push(request.complete));
      // It ends before its body does: that is what is awaited.
      request.on('error', () => undefined);
    };
    const long = 'x'.repeat(5_000_000);
    expect((await ask('/', {}, 'short')).text).toBe('all read');
    // The connection is closed while we write: either the answer comes through or the write breaks.
    for (const headers of [{ 'content-length': String(long.length) }, { 'transfer-encoding': 'chunked' }]) {
      const status = await ask('/', headers, long).then(
        (refusal) => refusal.status,
        (error: NodeJS.ErrnoException) => error.code,
      );
      expect([413, 'ECONNRESET', 'EPIPE']).toContain(status);
    }
    await expect.poll(() => complete).toEqual([true, false]);
  });

  it('answers 503 with Retry-After while nobody is behind it, and goes on when somebody is again', async () => {
    const port = (behind.address() as AddressInfo).port;
    behind.closeAllConnections();
    behind.close();
    await once(behind, 'close');
    expect(await ask('/')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    behind.listen(port, '127.0.0.1');
    await once(behind, 'listening');
    expect(await ask('/')).toMatchObject({ status: 200, text: 'ok' });
  });

  it('ends the work behind it when its client has gone', async () => {
    const gone = new Promise<void>((resolve) => {
      answer = (request) => request.socket.once('close', () => resolve());
    });
    const socket = connect(door.port, '127.0.0.1');
    socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(behind, 'request');
    socket.destroy();
    await gone;
  });

  it('passes WebSockets on, both ways', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${door.port}/api/probe/socket`);
    await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
    // Whoever is behind sends back the very bytes, which only a server may: the client notices, and closes.
    const closed = new Promise((resolve) => socket.addEventListener('close', resolve, { once: true }));
    socket.send('x');
    await closed;
  });

  it('refuses a WebSocket to the platform, and one while nobody is behind it', async () => {
    expect(await upgradeStatus('/cdn-cgi/x')).toContain('404');
    behind.closeAllConnections();
    behind.close();
    await once(behind, 'close');
    expect(await upgradeStatus('/api/probe/socket')).toContain('503');
  });
});

/** The first line of the answer to an upgrade. */
async function upgradeStatus(path: string): Promise<string> {
  const socket = connect(door.port, '127.0.0.1');
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  );
  const [line] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return line.toString().split('\r\n')[0] ?? '';
}
