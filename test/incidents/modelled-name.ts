import type { DnsInput } from '#core/checks/dns.ts';
import { dnsSettingsOf } from '#core/checks/dns.ts';
import { encodeResponse } from '#core/dns/codec/encode.ts';
import { RCODE, RR_TYPES } from '#core/dns/codec/registry.ts';
import type { Exchange, Task } from '#core/dns/asking/exchange.ts';
import { inquire } from '#core/dns/run/inquirer.ts';
import { judge } from '#core/dns/run/verdict.ts';
import type { Visit } from './modelled-probes.ts';

/** What the zone and its publisher say at a moment. */
export type Published = {
  addresses: readonly string[];
  /** Ranges in the published file. */
  ranges?: readonly string[];
};

const TTL_S = 60;
const ANSWER_MS = 12;
const encoder = new TextEncoder();

/**
 * What a probe would find of a name: the check's own questions and judgement, answered by a modelled zone instead of a
 * network. Every server answers the whole of it over every transport, truncated to nothing over UDP without EDNS.
 */
export async function visitOf(
  input: Omit<DnsInput, 'kind'>,
  published: Published,
  nowMs: number,
): Promise<Visit> {
  const settings = dnsSettingsOf(input);
  const vantage = { kind: 'node', transports: ['udp', 'tcp', 'tls', 'https'] } as const;
  const inquirer = await inquire(
    { settings, vantage, nowMs, salt: 'modelled' },
    (task) => Promise.resolve(exchangeOf(task, settings.name, published)),
    () => false,
  );
  const { failure, evidence } = judge(inquirer);
  return { durationMs: 400, failure, dns: evidence };
}

function exchangeOf(task: Task, name: string, { addresses, ranges = [] }: Published): Exchange {
  switch (task.kind) {
    case 'connect':
      return { task, atMs: 0, durationMs: ANSWER_MS };
    case 'fetch': {
      const file = { prefixes: ranges.map((ip_prefix) => ({ ip_prefix, service: 'API' })) };
      return {
        task,
        atMs: 0,
        durationMs: ANSWER_MS,
        status: 200,
        body: encoder.encode(JSON.stringify(file)),
        sha256: ranges
          .join(' ')
          .replaceAll(/[^0-9a-f]/g, '')
          .slice(0, 64)
          .padEnd(64, '0'),
      };
    }
    case 'query': {
      const isAddress = task.type === RR_TYPES.A && task.name.toLowerCase() === name;
      const isKnown = task.name.toLowerCase() === name || name.endsWith(`.${task.name.toLowerCase()}`);
      const answer = {
        id: 0,
        name: task.name,
        type: task.type,
        recursionDesired: task.recursionDesired,
        recursionAvailable: task.recursionDesired,
        authoritative: !task.recursionDesired,
        ...(task.edns ? { edns: { udpBytes: 1_232, dnssecOk: task.edns.dnssecOk } } : {}),
        rcode: isKnown ? RCODE.NOERROR : RCODE.NXDOMAIN,
        answers: isAddress
          ? addresses.map((address) => ({
              name: task.name,
              type: RR_TYPES.A,
              ttlS: TTL_S,
              rdata: { kind: 'A' as const, address },
            }))
          : [],
      };
      const whole = encodeResponse(answer);
      const limitBytes = task.transport === 'udp' ? (task.edns?.udpBytes ?? 512) : 65_535;
      const reply =
        whole.length <= limitBytes ? whole : encodeResponse({ ...answer, answers: [], truncated: true });
      return { task, atMs: 0, exchangeMs: ANSWER_MS, tries: 1, reply };
    }
  }
}
