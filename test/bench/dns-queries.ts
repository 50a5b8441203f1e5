import { execFile } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isQuery, type Ask, type Query } from '#core/dns/asking/exchange.ts';
import { decodeMessage } from '#core/dns/codec/decode.ts';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import { createAsker } from '#probes/runners/dns/ask.ts';
import { Gate } from '#probes/runners/dns/gate.ts';
import { median } from './statistics.ts';

const run = promisify(execFile);

/** Questions under way at any time, of each contender: dnsperf's default. */
const OUTSTANDING = 100;
/** Of one round of one contender: a few tenths of a second. */
const QUERIES_A_ROUND = 10_000;
/** Rounds that count; one before them warms up. */
const ROUNDS = 5;
/** A contender's round that takes longer has met a server that says nothing. */
const ROUND_MS_MAX = 20_000;
const LOST_MS = 2_000;

export type QueriesMeasured = {
  /** Questions a second of one asker over UDP, their replies read, and of dnsperf as the limit, with as many under way. */
  udpQps: number;
  dnsperfQps: number;
  udpQpsToDnsperf: number;
  /** CPU of this process for one question, microseconds; `node:dns` with the same server and as many under way. */
  cpuMicrosPerQuery: number;
  nodeDnsCpuMicrosPerQuery: number;
  cpuPerQueryToNodeDns: number;
  nodeDnsQps: number;
  /** Questions of one contender that counted. */
  queries: number;
};

type Round = { qps: number; cpuMicros: number };

/**
 * Asks an authority on this machine for one A record again and again: the asker of DNS checks, `dnsperf` and `node:dns` in
 * turns. Ratios are of rounds that follow each other, and their median is told. @throws when a question is not answered
 */
export async function measureQueries(
  server: { host: string; port: number },
  name: string,
  signal?: AbortSignal,
): Promise<QueriesMeasured> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-dnsperf-'));
  const asker = createAsker({
    settings: { paceMs: 0, exchangeTimeoutMs: LOST_MS },
    gate: new Gate(OUTSTANDING),
  });
  const resolver = new Resolver({ timeout: LOST_MS, tries: 1 });
  resolver.setServers([`${server.host}:${server.port}`]);
  const ask = askOnce(asker.ask, queryOf(server, name));
  const resolve = async (): Promise<void> => void (await resolver.resolve4(name));
  try {
    const dataFile = join(folder, 'queries');
    await writeFile(dataFile, `${name} A\n`.repeat(QUERIES_A_ROUND));
    const rounds = { ours: [] as Round[], node: [] as Round[], dnsperf: [] as number[] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      signal?.throwIfAborted();
      const dnsperf = await dnsperfQps(server, dataFile, signal);
      const ours = await closedLoop(ask);
      const node = await closedLoop(resolve);
      if (round === 0) continue;
      rounds.dnsperf.push(dnsperf);
      rounds.ours.push(ours);
      rounds.node.push(node);
    }
    const pairs = (ratio: (round: number) => number): number => median(rounds.ours.map((_, at) => ratio(at)));
    return {
      udpQps: median(rounds.ours.map(({ qps }) => qps)),
      dnsperfQps: median(rounds.dnsperf),
      udpQpsToDnsperf: pairs((at) => (rounds.ours[at]?.qps ?? 0) / (rounds.dnsperf[at] ?? 0)),
      cpuMicrosPerQuery: median(rounds.ours.map(({ cpuMicros }) => cpuMicros)),
      nodeDnsCpuMicrosPerQuery: median(rounds.node.map(({ cpuMicros }) => cpuMicros)),
      cpuPerQueryToNodeDns: pairs(
        (at) => (rounds.ours[at]?.cpuMicros ?? 0) / (rounds.node[at]?.cpuMicros ?? 0),
      ),
      nodeDnsQps: median(rounds.node.map(({ qps }) => qps)),
      queries: ROUNDS * QUERIES_A_ROUND,
    };
  } finally {
    asker.close();
    resolver.cancel();
    await rm(folder, { recursive: true, force: true });
  }
}

function queryOf({ host, port }: { host: string; port: number }, name: string): Query {
  const server = { url: `dns://${host}:${port}`, scheme: 'dns', host, port } as const;
  return { kind: 'query', server, transport: 'udp', name, type: RR_TYPES.A, recursionDesired: true };
}

function askOnce(ask: Ask, query: Query): () => Promise<void> {
  return async () => {
    const exchange = await ask(query);
    if (!isQuery(exchange) || !exchange.reply)
      throw new Error(`a question was not answered: ${exchange.trouble?.message}`);
    // As a check does with every reply, and node:dns too.
    decodeMessage(exchange.reply);
  };
}

/** A round of questions, each put as soon as another is answered. */
async function closedLoop(ask: () => Promise<void>): Promise<Round> {
  let left = QUERIES_A_ROUND;
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await ask();
    }
  };
  await Promise.all(Array.from({ length: OUTSTANDING }, client));
  const { user, system } = process.cpuUsage(startedCpu);
  const seconds = (performance.now() - startedMs) / 1_000;
  return { qps: QUERIES_A_ROUND / seconds, cpuMicros: (user + system) / QUERIES_A_ROUND };
}

/** One pass over the file by one client of dnsperf. */
async function dnsperfQps(
  { host, port }: { host: string; port: number },
  dataFile: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  const words = ['-s', host, '-p', String(port), '-d', dataFile, '-n', '1', '-c', '1', '-T', '1'];
  const started = run('dnsperf', [...words, '-q', String(OUTSTANDING)], { timeout: ROUND_MS_MAX, signal });
  // Its own output has a line for each question that was lost.
  const { stdout } = await started.catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new Error(`dnsperf gave nothing within ${ROUND_MS_MAX} ms: does ${host}:${port} answer?`, {
      cause: (error as Error).name,
    });
  });
  const lost = Number(/Queries lost:\s+(\d+)/.exec(stdout)?.[1] ?? Number.NaN);
  const qps = Number(/Queries per second:\s+([\d.]+)/.exec(stdout)?.[1] ?? Number.NaN);
  if (lost !== 0 || !(qps > 0))
    throw new Error(`dnsperf: expected every question answered, got ${lost} lost and ${qps} a second`);
  return qps;
}
