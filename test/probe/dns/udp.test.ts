import { createSocket } from 'node:dgram';
import { describe, expect, test } from 'vitest';
import { encodeResponse } from '#core/dns/codec/encode.ts';
import { addressesIn, asking } from './asking.ts';
import { answerTo, aQuery, startUdp, type Packet } from './small-servers.ts';

const answered = ({ query, reply }: Packet): void => reply(answerTo(query));

test('a question is put as it is asked, and its reply comes back whole with where it came from', async () => {
  const server = await startUdp(answered);
  const edns = { udpBytes: 1_232, dnssecOk: true };
  const { query } = asking();
  const exchange = await query(aQuery(server.url, { recursionDesired: false, checkingDisabled: true, edns }));
  expect(addressesIn(exchange.reply)).toEqual(['192.0.2.1']);
  expect(exchange).toMatchObject({ from: `127.0.0.1:${server.port}`, tries: 1 });
  expect(exchange.trouble).toBeUndefined();
  expect(exchange.exchangeMs).toBeGreaterThan(0);
  const [packet] = server.packets;
  expect(packet?.query).toMatchObject({
    response: false,
    recursionDesired: false,
    checkingDisabled: true,
    questions: [{ name: 'portal.example.test', type: 1, class: 1 }],
    opt: { udpBytes: 1_232, dnssecOk: true },
  });
});

test('ids are unlike each other, and every run has a port of its own', async () => {
  const server = await startUdp(answered);
  for (let run = 0; run < 4; run += 1) {
    const { query } = asking();
    await Promise.all(Array.from({ length: 8 }, () => query(aQuery(server.url))));
  }
  expect(new Set(server.packets.map(({ query }) => query.id)).size).toBeGreaterThan(24);
  expect(new Set(server.packets.map(({ from }) => from.port)).size).toBe(4);
});

test('a lost packet is sent again, and the reply to it is told with how often', async () => {
  const server = await startUdp((packet, count) => {
    if (count === 3) answered(packet);
  });
  const exchange = await asking({ exchangeTimeoutMs: 300 }).query(aQuery(server.url));
  expect(addressesIn(exchange.reply)).toEqual(['192.0.2.1']);
  expect(exchange.tries).toBe(3);
  expect(exchange.exchangeMs).toBeLessThan(100);
  expect(new Set(server.packets.map(({ query }) => query.id)).size).toBe(1);
});

describe('what is no reply is waited past', () => {
  test.each<{ name: string; wrong: (packet: Packet) => Uint8Array }>([
    { name: 'another id', wrong: ({ query }) => answerTo(query, { id: query.id ^ 1 }) },
    { name: 'another name', wrong: ({ query }) => answerTo(query, { name: 'other.example.test' }) },
    { name: 'another type', wrong: ({ query }) => answerTo(query, { type: 28 }) },
    { name: 'a question, no response', wrong: ({ query }) => query.bytes },
    { name: 'three octets', wrong: () => Uint8Array.of(1, 2, 3) },
    { name: 'nothing at all', wrong: () => new Uint8Array(0) },
  ])('$name', async ({ wrong }) => {
    const server = await startUdp((packet) => {
      packet.reply(wrong(packet));
      answered(packet);
    });
    const exchange = await asking().query(aQuery(server.url));
    expect(addressesIn(exchange.reply)).toEqual(['192.0.2.1']);
    expect(exchange.tries).toBe(1);
  });

  test('and told of when nothing else comes', async () => {
    const server = await startUdp(({ query, reply }) => reply(answerTo(query, { id: query.id ^ 1 })));
    const { trouble } = await asking({ exchangeTimeoutMs: 150 }).query(aQuery(server.url));
    expect(trouble).toEqual({
      class: 'TIMEOUT',
      message: 'no answer within 150 ms; 3 with another id or question ignored',
    });
  });
});

test('a reply from another address is not seen, but by who asks to see it', async () => {
  const server = await startUdp(({ query, replyFromElsewhere }) => replyFromElsewhere(answerTo(query)));
  const { query } = asking({ exchangeTimeoutMs: 150 });
  expect((await query(aQuery(server.url))).trouble?.class).toBe('TIMEOUT');
  const seen = await query(aQuery(server.url, { manner: 'unconnected' }));
  expect(addressesIn(seen.reply)).toEqual(['192.0.2.1']);
  expect(seen.from).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(seen.from).not.toBe(`127.0.0.1:${server.port}`);
});

test('a refusal without a question is a reply', async () => {
  const server = await startUdp(({ query, reply }) => {
    const whole = encodeResponse({ id: query.id, name: '.', type: 1, recursionDesired: false, rcode: 1 });
    const header = whole.slice(0, 12);
    header[5] = 0;
    reply(header);
  });
  const exchange = await asking().query(aQuery(server.url));
  expect(exchange.reply).toHaveLength(12);
  expect(exchange.trouble).toBeUndefined();
});

test('many questions at once get each their own reply, in whatever order they come', async () => {
  const held: Packet[] = [];
  const server = await startUdp((packet) => {
    held.push(packet);
    if (held.length < 20) return;
    for (const { query, reply } of held.toReversed()) {
      const name = query.questions[0]?.name ?? '';
      const address = `192.0.2.${/\d+/.exec(name)?.[0]}`;
      reply(answerTo(query, { answers: [{ name, type: 1, ttlS: 1, rdata: { kind: 'A', address } }] }));
    }
  });
  const { query } = asking();
  const names = Array.from({ length: 20 }, (_, n) => `n${n}.example.test`);
  const exchanges = await Promise.all(names.map((name) => query(aQuery(server.url, { name }))));
  expect(exchanges.map(({ reply }) => addressesIn(reply)[0])).toEqual(
    Array.from({ length: 20 }, (_, n) => `192.0.2.${n}`),
  );
});

test('silence ends in time, whatever is asked', async () => {
  const server = await startUdp(() => undefined);
  const startedMs = performance.now();
  const { query } = asking({ exchangeTimeoutMs: 200 });
  const [exchange] = await Promise.all([
    query(aQuery(server.url)),
    query(aQuery(server.url, { manner: 'unconnected' })),
  ]);
  const tookMs = performance.now() - startedMs;
  expect(exchange).toMatchObject({
    tries: 3,
    trouble: { class: 'TIMEOUT', message: 'no answer within 200 ms' },
  });
  expect(exchange.trouble?.probeFault).toBeUndefined();
  expect(tookMs).toBeGreaterThan(190);
  expect(tookMs).toBeLessThan(1_500);
});

test('a port where nobody listens is refused at once', async () => {
  const { url } = await startUdp(answered);
  const free = await unusedPort();
  const { query } = asking();
  const exchange = await query(aQuery(`dns://127.0.0.1:${free}`));
  expect(exchange.trouble?.class).toBe('CONN_REFUSED');
  expect(exchange.exchangeMs).toBeLessThan(1_000);
  expect((await query(aQuery(url))).reply).toBeDefined();
});

test.each(['udp', 'tcp'] as const)(
  'an address that cannot be asked from here over %s is our own fault',
  async (transport) => {
    const { trouble } = await asking().query(aQuery('dns://255.255.255.255', { transport }));
    expect(trouble).toMatchObject({ class: 'NOT_MEASURABLE', probeFault: true });
    expect(trouble?.message).toMatch(/EACCES|ENETUNREACH|EPERM/);
  },
);

test('a server by name is looked up; one whose name does not resolve is not measurable', async () => {
  const server = await startUdp(answered);
  const { query } = asking();
  expect((await query(aQuery(`dns://localhost:${server.port}`))).reply).toBeDefined();
  const { trouble } = await query(aQuery('dns://no-such-server.invalid'));
  expect(trouble).toMatchObject({ class: 'NOT_MEASURABLE', probeFault: true });
  expect(trouble?.message).toContain('no-such-server.invalid');
});

test('a name that is none is no question', async () => {
  const server = await startUdp(answered);
  const name = `${'a'.repeat(64)}.example.test`;
  const { trouble } = await asking().query(aQuery(server.url, { name }));
  expect(trouble).toMatchObject({ class: 'NOT_MEASURABLE', probeFault: true });
  expect(server.packets).toEqual([]);
});

/** A port that was free a moment ago. */
async function unusedPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
