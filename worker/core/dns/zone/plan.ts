import { canonicalName, sameName, type Name } from '../codec/name.ts';
import { RR_TYPES, typeName } from '../codec/registry.ts';
import type { Limits } from '../measure/limits.ts';
import { wireBytes } from '../measure/size.ts';
import type { MasterFile } from './master-file.ts';
import { differencesOf, growthProblems, type SetDifference } from './plan-difference.ts';
import { worstProblemsFirst, type PlanProblem } from './plan-problem.ts';
import {
  addressProblems,
  plannedAddresses,
  type PlannedAddress,
  type PlannedPromise,
} from './planned-addresses.ts';
import { plannedReferral } from './planned-answer.ts';
import { plannedSets, setsOf, type PlannedSet } from './planned-set.ts';
import { zoneBreaches } from './zone-rules.ts';
import { cutAbove, zoneOf, type Zone } from './zone.ts';

export type PlanOptions = {
  limits: Limits;
  /** Only these names are measured; the zone's rules hold for all of it. */
  names?: readonly Name[] | undefined;
  /** The zone as it is published now. */
  base?: MasterFile | undefined;
  promise?: PlannedPromise | undefined;
};

/** What publishing a zone would do. */
export type Plan = {
  zone: Name;
  records: number;
  sets: PlannedSet[];
  /** Worst first. */
  problems: PlanProblem[];
  /** Lines of the files that could not be read: what they say is not judged. */
  unreadLines: number;
  differences?: SetDifference[] | undefined;
  addresses?: PlannedAddress[] | undefined;
};

/** Why a plan cannot be made at all. */
export type PlanTrouble = { trouble: string };

/** Judges a zone before it is published. */
export function planZone(file: MasterFile, options: PlanOptions): Plan | PlanTrouble {
  const zone = zoneOf(file);
  if (!zone) return { trouble: 'the zone file has no records that can be read' };
  const { limits, names, base, promise } = options;
  const baseZone = base && zoneOf(base);
  if (base && !baseZone) return { trouble: 'the base zone file has no records that can be read' };
  if (baseZone && !sameName(baseZone.apex, zone.apex))
    return { trouble: `the base is the zone ${baseZone.apex}, not ${zone.apex}` };
  const meant = names && new Set(names.map(canonicalName));
  const isMeant = (name: Name): boolean => !meant || meant.has(canonicalName(name));
  const measured = (one: Zone): PlannedSet[] =>
    names ? names.flatMap((name) => setsOf(one, name, limits)) : plannedSets(one, limits);
  const sets = measured(zone);
  const absent = names?.find((name) => !sets.some((set) => sameName(set.name, name)));
  if (absent !== undefined) return { trouble: `the zone ${zone.apex} has no records for ${absent}` };
  const addresses = promise && plannedAddresses(zone, promise, isMeant);
  const troubles = [...file.troubles, ...(base?.troubles ?? [])];
  return {
    zone: zone.apex,
    records: file.records.length,
    sets,
    problems: worstProblemsFirst(
      mergedAliases(sets, [
        ...troubles.map((trouble) => ({ ...trouble, id: 'zone-text' as const, name: zone.apex })),
        ...zoneBreaches(zone).map(({ rule, ...breach }) => ({ ...breach, id: rule })),
        ...sets.flatMap(({ problems }) => problems),
        ...referralProblems(zone, isMeant),
        ...(addresses && promise ? addressProblems(addresses, promise.noticeMs) : []),
        ...(baseZone ? growthProblems(measured(baseZone), sets, limits) : []),
      ]),
    ),
    unreadLines: troubles.filter(({ severity }) => severity === 'fail').length,
    differences: baseZone && differencesOf(baseZone, zone),
    addresses,
  };
}

/** A problem that an alias has as its target has it is told once, at the target: that is where it is put right. */
function mergedAliases(sets: readonly PlannedSet[], problems: readonly PlanProblem[]): PlanProblem[] {
  const key = (name: Name, type: number | undefined, id: string): string =>
    `${canonicalName(name)} ${type} ${id}`;
  const targets = new Map(
    sets.filter(({ chain }) => chain > 0).map(({ name, type, target }) => [key(name, type, ''), target]),
  );
  const known = new Map(problems.map((problem) => [key(problem.name, problem.type, problem.id), problem]));
  const aliases = new Map<PlanProblem, Name[]>();
  const rest = problems.filter((problem) => {
    const target = targets.get(key(problem.name, problem.type, ''));
    const same = target === undefined ? undefined : known.get(key(target, problem.type, problem.id));
    if (!same || same === problem || same.severity !== problem.severity) return true;
    aliases.set(same, [...(aliases.get(same) ?? []), problem.name]);
    return false;
  });
  return rest.map((problem) => {
    const alsoFor = aliases.get(problem);
    return alsoFor ? { ...problem, alsoFor } : problem;
  });
}

/** B12: what this zone says of those it gives names away to. */
function referralProblems(zone: Zone, isMeant: (name: Name) => boolean): PlanProblem[] {
  return [...zone.nodes].flatMap(([owner, node]) => {
    const [first] = node.get(RR_TYPES.NS) ?? [];
    if (!first || sameName(owner, zone.apex) || !isMeant(owner)) return [];
    const cut = cutAbove(zone, owner);
    const message = cut !== undefined && sameName(cut, owner) ? plannedReferral(zone, owner) : undefined;
    if (!message || wireBytes(message) <= 512) return [];
    return [
      {
        file: first.file,
        line: first.line,
        id: 'B12' as const,
        severity: 'warn' as const,
        name: first.name,
        type: RR_TYPES.NS,
        message: `${typeName(RR_TYPES.NS)}: the referral to its servers takes ${wireBytes(message)} octets for the longest name, over 512: addresses of them are left out.`,
        figures: { referralBytes: wireBytes(message), limitBytes: 512 },
      },
    ];
  });
}
