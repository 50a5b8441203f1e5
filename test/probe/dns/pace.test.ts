import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Gate } from '#probes/runners/dns/gate.ts';
import { asking } from './asking.ts';
import { answerTo, aQuery, startSockets, startStream, startUdp, type Packet } from './small-servers.ts';

const answered = ({ query, reply }: Packet): void => reply(answerTo(query));
const mute = (): void => undefined;

/** Of a server that others can be asked beside. */
const LATENCY_MS = 30;

/** Milliseconds between the two that went out closest to each other. */
function smallestGap(exchanges: readonly { atMs: number }[]): number {
  const at = exchanges.map(({ atMs }) => atMs).toSorted((a, b) => a - b);
  return Math.min(...at.slice(1).map((atMs, n) => atMs - (at[n] ?? 0)));
}

test('one server is asked at its pace, whatever the transport; another one meanwhile at its own', async () => {
  const slow = await startUdp(answered);
  const other = await startUdp(answered);
  const { query } = asking({ paceMs: 60 });
  const [slowly, meanwhile] = await Promise.all([
    Promise.all([
      ...[1, 2, 3, 4].map((time) => query(aQuery(slow.url, { time }))),
      query(aQuery(`tcp://127.0.0.1:${slow.port}`)),
    ]),
    Promise.all([1, 2, 3].map((time) => query(aQuery(other.url, { time })))),
  ]);
  expect(smallestGap(slowly)).toBeGreaterThan(58);
  expect(smallestGap(meanwhile)).toBeGreaterThan(58);
  expect(meanwhile.at(-1)?.atMs).toBeLessThan(slowly.at(-1)?.atMs ?? 0);
});

test('questions go out in the order they were asked', async () => {
  const server = await startUdp(answered);
  const { query } = asking({ paceMs: 5 });
  const names = ['a', 'b', 'c', 'd'].map((label) => `${label}.example.test`);
  await Promise.all(names.map((name) => query(aQuery(server.url, { name }))));
  expect(server.packets.map(({ query }) => query.questions[0]?.name)).toEqual(names);
});

test('two runs that ask one server share its pace', async () => {
  const server = await startUdp(answered);
  const gate = new Gate(8);
  const runs = [asking({ gate, paceMs: 60 }), asking({ gate, paceMs: 60 })];
  const exchanges = await Promise.all(
    runs.flatMap(({ query }) => [1, 2].map((time) => query(aQuery(server.url, { time })))),
  );
  // Each counts from its own start; the two are less than a few milliseconds apart.
  expect(smallestGap(exchanges)).toBeGreaterThan(50);
});

test('no more than the gate lets out are under way at once', async () => {
  let under = 0;
  let most = 0;
  const server = await startStream((connection, query) => {
    under += 1;
    most = Math.max(most, under);
    setTimeout(() => {
      under -= 1;
      connection.send(answerTo(query));
    }, LATENCY_MS);
  });
  const { query } = asking({ gate: new Gate(3) });
  const exchanges = await Promise.all(
    Array.from({ length: 20 }, (_, time) => query(aQuery(server.url, { time }))),
  );
  expect(exchanges.every(({ reply }) => reply !== undefined)).toBe(true);
  expect(most).toBe(3);
});

test('a silent server does not keep another one from being asked', async () => {
  const silent = await startUdp(mute);
  const server = await startUdp(answered);
  const { query } = asking({ gate: new Gate(4), exchangeTimeoutMs: 400 });
  const waiting = Array.from({ length: 12 }, (_, time) => query(aQuery(silent.url, { time })));
  const other = await query(aQuery(server.url));
  expect(other.reply).toBeDefined();
  // The second in turn, after four that were there before: not the thirteenth.
  expect(other.atMs).toBeLessThan(800);
  await Promise.all(waiting);
});

describe('closing', () => {
  test('what has waited for long was not answered; what has not, and what is not asked yet, is not measurable', async () => {
    const server = await startUdp(mute);
    const tcp = await startStream(mute);
    const { query, close } = asking({ gate: new Gate(4) });
    const old = [
      query(aQuery(server.url)),
      query(aQuery(server.url, { manner: 'unconnected' })),
      query(aQuery(tcp.url)),
    ];
    // The first is sent again after a second, and once more.
    await expect.poll(() => server.packets.length, { timeout: 5_000 }).toBeGreaterThan(4);
    const young = query(aQuery(tcp.url, { time: 2 }));
    await expect.poll(() => tcp.connections.length).toBe(2);
    const unasked = query(aQuery(server.url, { time: 3 }));
    close();
    for (const { trouble } of await Promise.all(old)) {
      expect(trouble?.class).toBe('TIMEOUT');
      expect(trouble?.probeFault).toBeUndefined();
      expect(trouble?.message).toMatch(/^no answer within \d+ ms$/);
    }
    for (const { trouble } of [await young, await unasked])
      expect(trouble).toMatchObject({ class: 'NOT_MEASURABLE', probeFault: true });
  });

  test('frees every socket, twice without harm, and asks nothing afterwards', async () => {
    const server = await startUdp(mute);
    let open = 0;
    const port = await startSockets((socket) => {
      open += 1;
      socket.once('close', () => (open -= 1));
    });
    const { query, connect, fetch, close } = asking();
    const waiting = [
      query(aQuery(server.url)),
      query(aQuery(`tcp://127.0.0.1:${port}`)),
      query(aQuery(`tls://127.0.0.1:${port}`)),
      query(aQuery(`http://127.0.0.1:${port}/dns-query`)),
      connect({ address: '127.0.0.1', port, serverName: 'dns.example.test' }),
      fetch(`http://127.0.0.1:${port}/`),
    ];
    await expect.poll(() => open).toBe(5);
    close();
    close();
    await Promise.all(waiting);
    await expect.poll(() => open).toBe(0);
    await portIsFree(server.packets[0]?.from.port ?? 0);
    expect((await query(aQuery(server.url, { time: 2 }))).trouble?.class).toBe('NOT_MEASURABLE');
    expect((await connect({ address: '127.0.0.1', port })).trouble?.class).toBe('NOT_MEASURABLE');
    expect((await fetch(`http://127.0.0.1:${port}/`)).trouble?.class).toBe('NOT_MEASURABLE');
    expect(server.packets).toHaveLength(1);
  });

  test('before a socket is ready, or a name is looked up', async () => {
    const server = await startUdp(mute);
    const { query, close } = asking();
    const waiting = [
      query(aQuery(server.url)),
      query(aQuery(server.url, { manner: 'unconnected' })),
      query(aQuery(`dns://localhost:${server.port}`)),
      query(aQuery(`tcp://127.0.0.1:${server.port}`)),
    ];
    close();
    for (const { trouble } of await Promise.all(waiting)) expect(trouble?.class).toBe('NOT_MEASURABLE');
  });

  test('gives up what waits in a shared gate, and leaves it to the others', async () => {
    const server = await startUdp(answered);
    const gate = new Gate(1);
    const [first, second] = [asking({ gate, paceMs: 200 }), asking({ gate, paceMs: 200 })];
    await first.query(aQuery(server.url));
    const given = first.query(aQuery(server.url, { time: 2 }));
    const other = second.query(aQuery(server.url));
    first.close();
    expect((await given).trouble?.class).toBe('NOT_MEASURABLE');
    expect((await other).reply).toBeDefined();
    expect(server.packets).toHaveLength(2);
  });
});

/** Only a port that nobody has can be bound. */
async function portIsFree(port: number): Promise<void> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
}
