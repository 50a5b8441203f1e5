import { canonicalName, type Name } from '../codec/name.ts';
import { canonicalRdata } from '../codec/present.ts';
import { typeName } from '../codec/registry.ts';
import type { Limits } from '../measure/limits.ts';
import { OPT_BYTES } from '../measure/size.ts';
import type { ZonePlace, ZoneRecord } from './master-file.ts';
import type { PlanProblem } from './plan-problem.ts';
import type { PlannedSet } from './planned-set.ts';
import type { Zone } from './zone.ts';

/** What changes in a set; data as the files have it. */
export type SetDifference = {
  name: Name;
  type: number;
  added: string[];
  removed: string[];
  ttl?: { beforeS: number; afterS: number } | undefined;
};

/** Sets that are not the same, those of the planned zone first. */
export function differencesOf(before: Zone, after: Zone): SetDifference[] {
  const setsOf = (zone: Zone) =>
    new Map(
      [...zone.nodes].flatMap(([owner, node]) =>
        [...node].map(([type, set]) => [`${owner} ${type}`, set] as const),
      ),
    );
  const old = setsOf(before);
  const fresh = setsOf(after);
  return [...new Set([...fresh.keys(), ...old.keys()])].flatMap((key) => {
    const was = old.get(key) ?? [];
    const becomes = fresh.get(key) ?? [];
    const [first] = [...becomes, ...was];
    if (!first) return [];
    const added = missingFrom(was, becomes);
    const removed = missingFrom(becomes, was);
    const [beforeS, afterS] = [was[0]?.ttlS, becomes[0]?.ttlS];
    const ttl =
      beforeS === undefined || afterS === undefined || beforeS === afterS ? undefined : { beforeS, afterS };
    if (added.length === 0 && removed.length === 0 && !ttl) return [];
    return [{ name: first.name, type: first.type, added, removed, ttl }];
  });
}

/** B15: what crosses a cliff, or grows by more than the accepted share. */
export function growthProblems(
  before: readonly PlannedSet[],
  after: readonly PlannedSet[],
  limits: Limits,
): PlanProblem[] {
  const key = ({ name, type }: PlannedSet): string => `${canonicalName(name)} ${type}`;
  const old = new Map(before.map((set) => [key(set), set]));
  return after.flatMap((set) => {
    const was = old.get(key(set));
    return was ? growthOf(was, set, limits) : [];
  });
}

function growthOf(was: PlannedSet, set: PlannedSet, limits: Limits): PlanProblem[] {
  const { recordsWarn, recordsFail, recordsCritical, floorFailBytes, wireFailBytes, growthWarn } = limits;
  const crossed = (before: number, after: number, cliffs: readonly number[]): number[] =>
    cliffs.filter((cliff) => before <= cliff && after > cliff);
  const cliffs = [
    ...crossed(was.records, set.records, [recordsWarn, recordsFail, recordsCritical]).map(
      (cliff) => `${cliff} records`,
    ),
    ...crossed(was.floorBytes, set.floorBytes, [floorFailBytes]).map((cliff) => `${cliff} octets`),
    ...crossed(was.floorBytes + OPT_BYTES, set.floorBytes + OPT_BYTES, [wireFailBytes]).map(
      (cliff) => `${cliff} octets with EDNS`,
    ),
  ];
  const growth = Math.max(ratio(was.records, set.records), ratio(was.floorBytes, set.floorBytes)) - 1;
  if (cliffs.length === 0 && growth <= growthWarn) return [];
  const place: ZonePlace = { file: set.file, line: set.line };
  return [
    {
      ...place,
      id: 'B15',
      severity: 'warn',
      name: set.name,
      type: set.type,
      message:
        `${typeName(set.type)}: from ${was.records} records in ${was.floorBytes} octets to ${set.records} in ${set.floorBytes}` +
        (cliffs.length > 0
          ? `, past ${cliffs.join(' and ')}.`
          : `: more than ${Math.round(growthWarn * 100)} % at once.`),
      figures: {
        recordsBefore: was.records,
        records: set.records,
        floorBytesBefore: was.floorBytes,
        floorBytes: set.floorBytes,
      },
    },
  ];
}

function ratio(before: number, after: number): number {
  return before === 0 ? (after === 0 ? 1 : Number.POSITIVE_INFINITY) : after / before;
}

function missingFrom(some: readonly ZoneRecord[], others: readonly ZoneRecord[]): string[] {
  const known = new Set(some.map(({ rdata }) => canonicalRdata(rdata)));
  return others.filter((record) => !known.has(canonicalRdata(record.rdata))).map(({ text }) => text);
}
