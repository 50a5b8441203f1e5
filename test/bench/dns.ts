import installServers from '../fixtures/dns/installing.ts';
import { Lab } from '../fixtures/dns/lab.ts';
import { missingPackages } from '../fixtures/dns/packages.ts';
import { startNsd } from '../fixtures/dns/servers/nsd.ts';
import type { Benchmark, Measurement, MeasureOptions } from './benchmark.ts';
import { measureDecode, type DecodeFigures } from './dns-decode.ts';
import { measureQueries, type QueriesMeasured } from './dns-queries.ts';
import { median, rounded } from './statistics.ts';

/** Asked again and again: an answer as most are, of one address. */
const NAME = 'a1.example.test';

export const dns: Benchmark = {
  summary:
    'messages read per second beside dns-packet and dns2; questions per second and CPU beside dnsperf and node:dns',
  runsMean: 'times each part is measured: 15 rounds of reading, 5 of 10,000 questions',
  runsDefault: 3,
  parts: ['decode', 'queries'],
  measure,
};

async function measure({ runs, only = dns.parts ?? [], say, signal }: MeasureOptions): Promise<Measurement> {
  const read: DecodeFigures[] = [];
  const asked: QueriesMeasured[] = [];
  for (let run = 1; run <= runs && only.includes('decode'); run += 1) {
    say(`reading messages: ${run} of ${runs}`);
    signal.throwIfAborted();
    read.push(await measureDecode());
  }
  if (only.includes('queries')) {
    await installServers();
    const missing = missingPackages(['nsd', 'dnsperf']);
    if (missing.length > 0) throw new Error(`needs Debian's ${missing.join(', ')}`);
    const lab = await Lab.open();
    try {
      const server = await startNsd(lab);
      for (let run = 1; run <= runs; run += 1) {
        say(`asking NSD: ${run} of ${runs}`);
        asked.push(await measureQueries(server, NAME, signal));
      }
    } finally {
      await lab.close();
    }
  }
  return reportOf(runs, read, asked);
}

function reportOf(
  runs: number,
  read: readonly DecodeFigures[],
  asked: readonly QueriesMeasured[],
): Measurement {
  const figures = {
    ...mediansOf(read, ['decode40AToFastest', 'decodesPerSecond', 'slowestFuzzMs']),
    ...mediansOf(asked, [
      'udpQpsToDnsperf',
      'cpuPerQueryToNodeDns',
      'udpQps',
      'dnsperfQps',
      'nodeDnsQps',
      'cpuMicrosPerQuery',
      'nodeDnsCpuMicrosPerQuery',
    ]),
  };
  return {
    runs,
    figures,
    targets: { decode40AToFastest: { min: 1.2 }, slowestFuzzMs: { max: 10 } },
    notes: [
      'Reading: an answer of 40 addresses, 685 octets, in one process, rounds in turns. slowestFuzzMs: the slowest of 100,000',
      'broken messages, some of 64 kB. Asking: one authority (NSD) on this machine, 100 questions under way, each contender in',
      'turns; dnsperf is the limit, and node:dns checks neither sizes nor flags. Contenders and server share the cores.',
    ],
  };
}

function mediansOf<Name extends string>(
  all: readonly Readonly<Record<Name, number>>[],
  names: readonly Name[],
): Record<string, number> {
  if (all.length === 0) return {};
  return Object.fromEntries(names.map((name) => [name, rounded(median(all.map((one) => one[name])))]));
}
