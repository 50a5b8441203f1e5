import type { Socket } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeMessage } from '#core/dns/codec/decode.ts';
import { encodeResponse } from '#core/dns/codec/encode.ts';
import type { Message } from '#core/dns/codec/message.ts';
import { addressesIn, asking } from './asking.ts';
import { labTls, type LabTls } from './lab-tls.ts';
import { answerTo, aQuery, startSockets, startStream, startUdp, type Connection } from './small-servers.ts';

const answer = (connection: Connection, query: Message): void => connection.send(answerTo(query));
const mute = (): void => undefined;

describe('TCP', () => {
  test('a question and its reply, with the times of connecting and asking', async () => {
    const server = await startStream(answer);
    const exchange = await asking().query(aQuery(server.url));
    expect(addressesIn(exchange.reply)).toEqual(['192.0.2.1']);
    expect(exchange).toMatchObject({ tries: 1 });
    expect(exchange.connectMs).toBeGreaterThan(0);
    expect(exchange.exchangeMs).toBeGreaterThan(0);
    expect(exchange.trouble).toBeUndefined();
    expect(exchange.tlsMs).toBeUndefined();
    expect(server.connections[0]?.chunks).toHaveLength(1);
  });

  test('a server of UDP and TCP is asked over both on one port', async () => {
    const server = await startStream(answer);
    const exchange = await asking().query(aQuery(`dns://127.0.0.1:${server.port}`, { transport: 'tcp' }));
    expect(addressesIn(exchange.reply)).toEqual(['192.0.2.1']);
  });

  test('split: the two octets of the length come in two segments', async () => {
    const server = await startStream(answer);
    const exchange = await asking().query(aQuery(server.url, { manner: 'split' }));
    expect(addressesIn(exchange.reply)).toEqual(['192.0.2.1']);
    expect(server.connections[0]?.chunks[0]).toBe(1);
    expect(server.connections[0]?.chunks).toHaveLength(2);
  });

  test('pipelined: both questions are there before a reply, which may come in any order', async () => {
    const server = await startStream((connection) => {
      const { queries } = connection;
      if (queries.length === 2)
        for (const query of queries.toReversed()) connection.send(answerTo(query, { answers: [] }));
    });
    const exchange = await asking().query(aQuery(server.url, { manner: 'pipelined', secondType: 28 }));
    expect(exchange.reply && decodeMessage(exchange.reply).questions[0]?.type).toBe(1);
    expect(exchange.second && decodeMessage(exchange.second).questions[0]?.type).toBe(28);
    expect(new Set(server.connections[0]?.queries.map(({ id }) => id)).size).toBe(2);
    expect(server.connections).toHaveLength(1);
  });

  test('idle: the second question comes two seconds after the first reply, on the same connection', async () => {
    const at: number[] = [];
    const server = await startStream((connection, query) => {
      at.push(performance.now());
      answer(connection, query);
    });
    const exchange = await asking().query(aQuery(server.url, { manner: 'idle', secondType: 28 }));
    expect(exchange.second).toBeDefined();
    expect(exchange.exchangeMs).toBeLessThan(1_000);
    expect(server.connections).toHaveLength(1);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(1_990);
  });

  test.each(['pipelined', 'idle'] as const)(
    '%s: a second question that is not answered takes nothing from the first',
    async (manner) => {
      const server = await startStream((connection, query) => {
        answer(connection, query);
        connection.socket.end();
      });
      const exchange = await asking().query(aQuery(server.url, { manner, secondType: 28 }));
      expect(addressesIn(exchange.reply)).toEqual(['192.0.2.1']);
      expect(exchange.second).toBeUndefined();
      expect(exchange.trouble).toBeUndefined();
    },
  );

  test('a long reply in pieces, behind one that answers nothing', async () => {
    const server = await startStream((connection, query) => {
      const { name = '' } = query.questions[0] ?? {};
      const rdata = { kind: 'A', address: '192.0.2.9' } as const;
      const answers = Array.from({ length: 3_000 }, () => ({ name, type: 1, ttlS: 1, rdata }));
      connection.send(answerTo(query, { id: query.id ^ 1 }));
      connection.send(answerTo(query, { answers }));
    });
    const { reply } = await asking().query(aQuery(server.url));
    expect(addressesIn(reply)).toHaveLength(3_000);
  });

  test.each<{ name: string; does: (connection: Connection) => void; expected: string }>([
    { name: 'closes', does: ({ socket }) => socket.end(), expected: 'CONN_RESET' },
    { name: 'resets', does: ({ socket }) => socket.resetAndDestroy(), expected: 'CONN_RESET' },
    {
      name: 'closes in the middle of a reply',
      does: ({ socket }) => socket.end(Uint8Array.of(1, 0, 7)),
      expected: 'CONN_RESET',
    },
    { name: 'says nothing', does: mute, expected: 'TIMEOUT' },
    {
      name: 'answers something else',
      does: ({ send, queries }) => queries.forEach((query) => send(answerTo(query, { type: 28 }))),
      expected: 'TIMEOUT',
    },
  ])('a server that $name: $expected', async ({ does, expected }) => {
    const server = await startStream(does);
    const startedMs = performance.now();
    const { trouble } = await asking({ exchangeTimeoutMs: 250 }).query(aQuery(server.url));
    expect(trouble?.class).toBe(expected);
    expect(trouble?.probeFault).toBeUndefined();
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  test('a port where nobody listens is refused', async () => {
    const { port } = await startUdp(mute);
    const { trouble } = await asking().query(aQuery(`tcp://127.0.0.1:${port}`));
    expect(trouble).toMatchObject({ class: 'CONN_REFUSED' });
  });
});

describe('TLS', () => {
  let tls: LabTls;
  beforeAll(async () => {
    tls = await labTls();
  });

  test('a question over DoT, with what the certificate says', async () => {
    const server = await startStream(answer, tls.good);
    const exchange = await asking(tls).query(aQuery(server.url));
    expect(addressesIn(exchange.reply)).toEqual(['192.0.2.1']);
    expect(exchange.trouble).toBeUndefined();
    expect(exchange.tlsMs).toBeGreaterThan(0);
    expect(exchange.tls?.protocol).toBe('TLSv1.3');
    const days = ((exchange.tls?.validToMs ?? 0) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29);
    expect(days).toBeLessThan(31);
  });

  test('the name that the certificate must be for can be another than the address', async () => {
    const server = await startStream(answer, tls.good);
    const exchange = await asking(tls).query(aQuery(`${server.url}?name=dns.example.test`));
    expect(addressesIn(exchange.reply)).toEqual(['192.0.2.1']);
  });

  test.each<{ name: string; query: string; trusted: boolean; says: RegExp }>([
    { name: 'another name', query: '?name=other.example.test', trusted: true, says: /other\.example\.test/ },
    { name: 'an authority nobody trusts', query: '', trusted: false, says: /self-signed|SELF_SIGNED/i },
  ])('a certificate of $name is refused before anything is asked', async ({ query, trusted, says }) => {
    const server = await startStream(answer, tls.good);
    const exchange = await asking(trusted ? tls : {}).query(aQuery(server.url + query));
    expect(exchange.trouble?.class).toBe('TLS_FAIL');
    expect(exchange.trouble?.message).toMatch(says);
    expect(exchange.tls?.protocol).toBe('TLSv1.3');
    expect(server.connections.flatMap(({ queries }) => queries)).toEqual([]);
  });

  test('a certificate that has ended is refused, and its end is told', async () => {
    const server = await startStream(answer, tls.ended);
    const exchange = await asking(tls).query(aQuery(server.url));
    expect(exchange.trouble).toEqual({
      class: 'TLS_FAIL',
      message: 'the certificate is not trusted: CERT_HAS_EXPIRED',
    });
    expect(exchange.tls?.validToMs).toBeLessThan(Date.now());
  });

  test.each<{ name: string; does: (socket: Socket) => void; expected: string }>([
    { name: 'says something else', does: (socket) => socket.write('220 hello\r\n'), expected: 'TLS_FAIL' },
    { name: 'closes', does: (socket) => socket.end(), expected: 'TLS_FAIL' },
    {
      name: 'resets',
      does: (socket) => socket.once('data', () => socket.resetAndDestroy()),
      expected: 'TLS_FAIL',
    },
    { name: 'says nothing', does: mute, expected: 'TIMEOUT' },
  ])('a server that $name instead of TLS: $expected', async ({ does, expected }) => {
    const port = await startSockets(does);
    const exchange = await asking({ ...tls, exchangeTimeoutMs: 300 }).query(
      aQuery(`tls://127.0.0.1:${port}`),
    );
    expect(exchange.trouble?.class).toBe(expected);
  });

  test('whether an address takes connections, with the right certificate', async () => {
    const server = await startStream(answer, tls.good);
    const plain = await startStream(answer);
    const { connect } = asking(tls);
    const address = '127.0.0.1';
    const secure = await connect({ address, port: server.port, serverName: 'dns.example.test' });
    expect(secure.trouble).toBeUndefined();
    expect(secure.tls?.validToMs).toBeGreaterThan(Date.now());
    expect(secure.durationMs).toBeGreaterThan(0);
    const wrong = await connect({ address, port: server.port, serverName: 'other.example.test' });
    expect(wrong.trouble?.class).toBe('TLS_FAIL');
    expect(wrong.tls?.validToMs).toBeGreaterThan(Date.now());
    expect((await connect({ address, port: plain.port })).trouble).toBeUndefined();
    const { port } = await startUdp(mute);
    expect((await connect({ address, port })).trouble?.class).toBe('CONN_REFUSED');
  });
});

test('a reply with an error is a reply', async () => {
  const server = await startStream((connection, { id, questions }) => {
    const { name = '.', type = 1 } = questions[0] ?? {};
    connection.send(encodeResponse({ id, name, type, recursionDesired: true, rcode: 2 }));
  });
  const { reply, trouble } = await asking().query(aQuery(server.url));
  expect(reply && decodeMessage(reply).rcode).toBe(2);
  expect(trouble).toBeUndefined();
});
