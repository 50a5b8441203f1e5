import { truncate } from '../../units.ts';
import type { Query } from '../asking/exchange.ts';
import type { Answered, Inquiry } from '../asking/inquiry.ts';
import { sameName } from '../codec/name.ts';
import { base64Text } from '../codec/octets.ts';
import { EXCHANGES_MAX, REPLY_BYTES_KEPT, type StoredExchange } from '../findings/evidence.ts';
import { isBad, type Finding } from '../findings/finding.ts';

/**
 * Questions and answers as they are kept, in the order they were put. When there are too many, those behind findings and of
 * the required types stay; so do their raw replies, within `REPLY_BYTES_KEPT`.
 */
export function storedExchanges(inquiry: Inquiry, findings: readonly Finding[]): StoredExchange[] {
  const ranked = inquiry.answered
    .map((answered) => ({ answered, rank: rankOf(inquiry, findings, answered) }))
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, EXCHANGES_MAX);
  const withReply = new Set<Answered>();
  let bytes = 0;
  for (const { answered } of ranked) {
    const size = answered.exchange.reply?.length ?? 0;
    if (size === 0 || bytes + size > REPLY_BYTES_KEPT) continue;
    bytes += size;
    withReply.add(answered);
  }
  const kept = new Set(ranked.map(({ answered }) => answered));
  return inquiry.answered
    .filter((answered) => kept.has(answered))
    .map((answered) => storedOf(answered, withReply.has(answered)));
}

/** 0 is dearest: what a server is blamed for, then what was not well, then the name's own records, then the rest. */
function rankOf({ settings }: Inquiry, findings: readonly Finding[], { query, outcome }: Answered): number {
  const isRequired = settings.types.includes(query.type) && sameName(query.name, settings.name);
  const told = findings.filter(({ severity }) => severity !== 'info');
  const isBehind = (finding: Finding) =>
    finding.subject.includes(query.server.url) &&
    (finding.outcome === undefined || finding.outcome === outcome);
  if (told.some((finding) => isBad(finding) && isBehind(finding))) return isRequired ? 0 : 1;
  if (isRequired) return query.manner === undefined ? 2 : 3;
  return told.some(isBehind) ? 4 : 5;
}

function storedOf({ query, exchange, outcome }: Answered, isWhole: boolean): StoredExchange {
  const { reply, connectMs, tlsMs, trouble } = exchange;
  return {
    server: truncate(query.server.url, 300),
    transport: query.transport,
    name: truncate(query.name, 1_100),
    type: query.type,
    how: howWords(query),
    outcome,
    atMs: spanMs(exchange.atMs),
    ...(connectMs === undefined ? {} : { connectMs: spanMs(connectMs) }),
    ...(tlsMs === undefined ? {} : { tlsMs: spanMs(tlsMs) }),
    exchangeMs: spanMs(exchange.exchangeMs),
    tries: Math.max(1, exchange.tries),
    ...(reply ? { wireBytes: reply.length } : {}),
    ...(reply && isWhole ? { reply: base64Text(reply) } : {}),
    ...(trouble ? { trouble: truncate(trouble.message, 300) } : {}),
  };
}

/** Tenths of a millisecond are more than loopback's clock tells. */
function spanMs(ms: number): number {
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms * 10) / 10) : 0;
}

/** How a question was put, in dig's words where it has some. */
export function howWords(query: Query): string {
  const { edns } = query;
  const words = [
    query.recursionDesired ? 'rd' : '',
    query.checkingDisabled ? 'cd' : '',
    edns ? `edns=${edns.udpBytes}` : 'noedns',
    edns?.dnssecOk ? 'do' : '',
    edns?.version ? `version=${edns.version}` : '',
    edns?.z ? `z=${edns.z}` : '',
    ...(edns?.options ?? []).map(({ code }) => `option=${code}`),
    query.opcode ? `opcode=${query.opcode}` : '',
    query.class !== undefined && query.class !== 1 ? `class=${query.class}` : '',
    query.manner ?? '',
    query.secondType === undefined ? '' : `then=${query.secondType}`,
    query.time === undefined || query.time === 1 ? '' : `time=${query.time}`,
  ];
  return truncate(words.filter((word) => word !== '').join(' '), 100);
}
