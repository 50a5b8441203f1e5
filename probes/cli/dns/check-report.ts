import { typeName } from '#core/dns/codec/registry.ts';
import type { DnsEvidence } from '#core/dns/findings/evidence.ts';
import { worstFirst } from '#core/dns/findings/finding.ts';
import type { CheckFacts } from './check-facts.ts';
import type { CheckJudgement } from './check-text.ts';

/** A check for programs, with the keys that the command's help documents. */
export function checkReport(
  facts: CheckFacts,
  { outcome, why }: CheckJudgement,
  { findings, exchanges }: Pick<DnsEvidence, 'findings' | 'exchanges'>,
  atMs: number,
) {
  const { name, zone, authorities, resolvers, types, signedUntilMs, questions, durationMs } = facts;
  return {
    name,
    outcome,
    why: why ?? null,
    atMs,
    durationMs: Math.round(durationMs),
    questions,
    zone: zone ?? null,
    authorities: authorities ?? [],
    resolvers,
    signedUntilMs: signedUntilMs ?? null,
    answers: types.map(({ type, answer, ways }) => ({
      type: typeName(type),
      ...(answer
        ? {
            outcome: answer.outcome,
            by: answer.by,
            ofAuthority: answer.ofAuthority,
            records: answer.records,
            lines: answer.lines,
            floorBytes: answer.floorBytes,
            wireBytes: answer.wireBytes,
            plainRoomBytes: answer.plainRoom.bytes,
            plainRoomRecords: answer.plainRoom.records,
            ednsRoomBytes: answer.ednsRoom.bytes,
            ednsRoomRecords: answer.ednsRoom.records,
            chain: answer.chain,
            target: answer.target,
            ttlS: answer.ttlS ?? null,
            clients: answer.clients,
            clientsLost: answer.lost.map(({ id, title, prediction }) => ({ id, title, ...prediction })),
          }
        : {}),
      ways,
    })),
    findings: worstFirst(findings),
    exchanges,
  };
}
