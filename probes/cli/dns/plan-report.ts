import { typeName } from '#core/dns/codec/registry.ts';
import { RULES } from '#core/dns/zone/plan-problem.ts';
import type { Plan } from '#core/dns/zone/plan.ts';
import type { PlanVerdict } from './plan-text.ts';

/** A plan for programs, with the keys that the command's help documents. */
export function planReport(plan: Plan, verdict: PlanVerdict, { file, atMs }: { file: string; atMs: number }) {
  const { zone, records, unreadLines, problems, sets, differences, addresses } = plan;
  return {
    zone,
    file,
    verdict,
    atMs,
    records,
    unreadLines,
    problems: problems.map(
      ({ id, severity, name, type, message, alsoFor, details, figures, file, line }) => ({
        id,
        title: RULES[id],
        severity,
        name,
        ...(type === undefined ? {} : { type: typeName(type) }),
        message,
        ...(alsoFor ? { alsoFor } : {}),
        ...(details ? { details } : {}),
        ...(figures ? { figures } : {}),
        file,
        line,
      }),
    ),
    answers: sets.map((set) => ({
      name: set.name,
      type: typeName(set.type),
      kind: set.kind,
      records: set.records,
      chain: set.chain,
      target: set.target,
      ttlS: set.ttlS,
      floorBytes: set.floorBytes,
      ...(set.signedFloorBytes === undefined ? {} : { signedFloorBytes: set.signedFloorBytes }),
      plainRoomBytes: set.plainRoom.bytes,
      plainRoomRecords: set.plainRoom.records,
      ednsRoomBytes: set.ednsRoom.bytes,
      ednsRoomRecords: set.ednsRoom.records,
      clientsLost: set.clientsLost,
      file: set.file,
      line: set.line,
    })),
    ...(differences
      ? {
          differences: differences.map(({ name, type, added, removed, ttl }) => ({
            name,
            type: typeName(type),
            added,
            removed,
            ...(ttl ? { ttlBeforeS: ttl.beforeS, ttlAfterS: ttl.afterS } : {}),
          })),
        }
      : {}),
    ...(addresses
      ? {
          addresses: addresses.map(({ name, type, address, hint, coverage, file, line }) => ({
            name,
            type: typeName(type),
            address,
            hint,
            state: coverage.state,
            ...('prefix' in coverage ? { prefix: coverage.prefix } : {}),
            ...('coveredAtMs' in coverage ? { coveredAtMs: coverage.coveredAtMs } : {}),
            file,
            line,
          })),
        }
      : {}),
  };
}
