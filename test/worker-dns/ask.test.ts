import { describe, expect, inject, it } from 'vitest';
import type { Exchange, Query, QueryExchange, Transport } from '#core/dns/asking/exchange.ts';
import { parseServer } from '#core/dns/asking/server.ts';
import { decodeMessage } from '#core/dns/codec/decode.ts';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import { createWorkerAsker, type WorkerAskerOptions } from '#worker/dns/ask.ts';
import { RunTime } from '#worker/dns/run-time.ts';
import { CONNECTIONS_MAX, WayOut } from '#worker/dns/way-out.ts';
import { SILENT_TIMEOUT_MS, type WorkerLab } from './lab-addresses.ts';

const lab: WorkerLab | null = inject('workerLab');

/** Of 40 records behind the name of 18 octets: 12 + 18 + 4 + 40 × 16 (reference: dns, section 4.1). */
const FLOOR_40_BYTES = 674;

describe.skipIf(lab === null)('the Worker’s asker, in workerd', () => {
  const at = (name: keyof NonNullable<typeof lab>): string => lab?.[name] ?? '';
  const asker = (over: Partial<WorkerAskerOptions> = {}) =>
    createWorkerAsker({
      exchangeTimeoutMs: 3_000,
      tasksMax: 100,
      time: new RunTime(20_000),
      paceMs: 0,
      wayOut: new WayOut(),
      ...over,
    });
  const query = (url: string, transport: Transport, over: Partial<Query> = {}): Query => {
    const server = parseServer(url);
    if (!server) throw new Error(`${url} is no server`);
    const name = 'a40.example.test';
    return { kind: 'query', server, transport, name, type: RR_TYPES.A, recursionDesired: false, ...over };
  };
  const ask = async (task: Query, ...given: Parameters<typeof asker>): Promise<QueryExchange> =>
    queryExchange(await asker(...given)(task));

  it.each([
    ['TCP', 'authority', 'tcp', {}],
    ['TCP, its length in two parts', 'authority', 'tcp', { manner: 'split' }],
    ['DoH by POST', 'doh', 'https', {}],
    ['DoH by GET', 'doh', 'https', { manner: 'get' }],
  ] as const)('reads forty records over %s', async (_title, server, transport, over) => {
    const { reply, trouble } = await ask(query(at(server), transport, over));
    expect(trouble).toBeUndefined();
    const message = decodeMessage(reply ?? new Uint8Array());
    expect(message.answers.length).toBe(40);
    expect(message.answerEnd).toBe(FLOOR_40_BYTES);
  });

  it.each(['pipelined', 'idle'] as const)('puts two questions on one connection, %s', async (manner) => {
    const both = { manner, secondType: RR_TYPES.SOA, name: 'example.test', type: RR_TYPES.NS };
    const { reply, second } = await ask(query(at('authority'), 'tcp', both));
    expect(decodeMessage(reply ?? new Uint8Array()).answers[0]?.rdata.kind).toBe('NS');
    expect(decodeMessage(second ?? new Uint8Array()).answers[0]?.rdata.kind).toBe('SOA');
  });

  it('takes no answer over TLS that nobody it trusts has signed, and blames nobody: it is not told why', async () => {
    const { reply, trouble } = await ask(query(`${at('dot')}?name=dns.example.test`, 'tls'));
    expect(reply).toBeUndefined();
    expect(trouble).toMatchObject({ class: 'TLS_FAIL', probeFault: true });
  });

  it('never calls a connection refused: it may be one that a Worker must not make', async () => {
    const { trouble } = await ask(query(at('refused'), 'tcp'));
    expect(trouble).toMatchObject({ class: 'CONNECT_FAILED_OR_BLOCKED', probeFault: true });
  });

  it('cannot measure a server that speaks HTTP/2 only', async () => {
    const { trouble } = await ask(query(at('h2Doh'), 'https'));
    expect(trouble).toMatchObject({ class: 'NOT_MEASURABLE', probeFault: true });
  });

  it('cannot measure a server that refuses what a Worker speaks', async () => {
    const { trouble, http } = await ask(query(at('pickyDoh'), 'https'));
    expect(trouble).toMatchObject({ class: 'NOT_MEASURABLE', probeFault: true });
    expect(http).toBeUndefined();
  });

  it('tells an HTTP status, and a connection that ends before the answer', async () => {
    expect((await ask(query(at('badDoh'), 'https'))).trouble).toMatchObject({
      class: 'HTTP_STATUS',
      message: 'HTTP 503',
    });
    expect((await ask(query(at('closing'), 'tcp'))).trouble?.class).toBe('CONN_RESET');
  });

  it.each([
    ['udp', 'dns://127.0.0.1', 'a Worker has no UDP'],
    ['tcp', 'dns://1.1.1.1', '1.1.1.1 is Cloudflare’s own'],
    ['tls', 'tls://[2606:4700::1111]?name=one.one.one.one', '2606:4700::1111 is Cloudflare’s own'],
  ] as const)('does not even try %s to %s', async (transport, url, why) => {
    const { trouble } = await ask(query(url, transport));
    expect(trouble?.class).toBe('NOT_MEASURABLE');
    expect(trouble?.message).toContain(why.replace('’', "'"));
  });

  it('holds at most five connections, ends each in its time, and puts no more questions than it may', async () => {
    const ask8 = asker({ exchangeTimeoutMs: SILENT_TIMEOUT_MS, tasksMax: 6 });
    const tasks = Array.from({ length: 8 }, (_, n) =>
      query(at('silent'), 'tcp', { name: `n${n}.example.test` }),
    );
    const classes = (await Promise.all(tasks.map(ask8))).map(
      (exchange) => queryExchange(exchange).trouble?.class,
    );
    expect(classes.filter((name) => name === 'TIMEOUT')).toHaveLength(6);
    expect(classes.filter((name) => name === 'NOT_MEASURABLE')).toHaveLength(2);
    expect(Number(await (await fetch(at('silentCount'))).text())).toBe(CONNECTIONS_MAX);
  });

  it('does not hold it against a server that the run is over', async () => {
    const time = new RunTime(20_000);
    const cut = asker({ time });
    const asking = cut(query(at('silent'), 'tcp', { name: 'late.example.test' }));
    time.shorten(100);
    expect(queryExchange(await asking).trouble).toMatchObject({ class: 'NOT_MEASURABLE', probeFault: true });
    const after = await cut(query(at('silent'), 'tcp', { name: 'later.example.test' }));
    expect(queryExchange(after).trouble?.message).toBe('the run was over before it was asked');
  });

  it('holds it against a server that it was silent for a second and more when the run was over', async () => {
    const time = new RunTime(20_000);
    const asking = asker({ time })(query(at('silent'), 'tcp', { name: 'cut.example.test' }));
    time.shorten(1_200);
    const { trouble } = queryExchange(await asking);
    expect(trouble).toMatchObject({
      class: 'TIMEOUT',
      message: expect.stringMatching(/^no answer within 12\d\d ms$/),
    });
    expect(trouble?.probeFault).toBeUndefined();
  });

  it('shares its connections with the other runs of its object', async () => {
    const wayOut = new WayOut(1);
    const first = asker({ wayOut, exchangeTimeoutMs: SILENT_TIMEOUT_MS });
    const second = asker({ wayOut });
    const started = performance.now();
    const silent = first(query(at('silent'), 'tcp', { name: 'held.example.test' }));
    const answered = await second(query(at('authority'), 'tcp'));
    expect(queryExchange(answered).trouble).toBeUndefined();
    expect(performance.now() - started).toBeGreaterThanOrEqual(SILENT_TIMEOUT_MS);
    expect(queryExchange(await silent).trouble?.class).toBe('TIMEOUT');
  });

  it('asks one server at its pace, also for two runs at once, and others meanwhile', async () => {
    const wayOut = new WayOut();
    const [one, other] = [asker({ wayOut, paceMs: 300 }), asker({ wayOut, paceMs: 300 })];
    const asked = [one, other, one].map((ask) => ask(query(at('authority'), 'tcp')));
    const elsewhere = await one(query(at('doh'), 'https'));
    expect(elsewhere.atMs).toBeLessThan(300);
    const atMs = (await Promise.all(asked)).map((exchange) => Math.round(exchange.atMs));
    expect(atMs[1]).toBeGreaterThanOrEqual(298);
    expect(atMs[2]).toBeGreaterThanOrEqual(598);
  });

  it('connects to an address, and fetches a file with its digest', async () => {
    const port = parseServer(at('authority'))?.port ?? 0;
    expect(await asker()({ kind: 'connect', address: '127.0.0.1', port })).not.toHaveProperty(
      'trouble.class',
    );
    const file = await asker()({ kind: 'fetch', url: at('silentCount') });
    expect(file).toMatchObject({ status: 200, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});

function queryExchange(exchange: Exchange): QueryExchange {
  if (exchange.task.kind !== 'query') throw new Error(`expected a query, got ${exchange.task.kind}`);
  return exchange as QueryExchange;
}
