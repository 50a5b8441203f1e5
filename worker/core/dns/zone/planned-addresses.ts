import { formatMs } from '../../units.ts';
import { canonicalName, type Name } from '../codec/name.ts';
import { typeName } from '../codec/registry.ts';
import { coverageBy, type Coverage } from '../contract/allow-list.ts';
import { addressText, parseAddress, type Address } from '../contract/ip.ts';
import type { RangeFile } from '../contract/range-file.ts';
import type { ZonePlace, ZoneRecord } from './master-file.ts';
import type { PlanProblem } from './plan-problem.ts';
import type { Zone } from './zone.ts';

/** What customers were promised, and when the zone is to be published, epoch ms. */
export type PlannedPromise = { file: RangeFile; noticeMs: number; nowMs: number };

/** An address that somebody asking for the name would connect to. `hint`: of an HTTPS or SVCB record. */
export type PlannedAddress = ZonePlace & {
  name: Name;
  type: number;
  address: string;
  hint: boolean;
  coverage: Coverage;
};

/** Runs of addresses told in one sentence. */
const SHOWN_MAX = 6;

/**
 * How each address of the zone stands with the file. Name servers' own are left out: customers' firewalls do not let their
 * programs ask those. `isMeant` says which names count.
 */
export function plannedAddresses(
  zone: Zone,
  promise: PlannedPromise,
  isMeant: (name: Name) => boolean,
): PlannedAddress[] {
  const coverageOf = coverageBy({ entries: entriesOf(promise) }, promise, promise.nowMs);
  const records = [...zone.nodes.values()].flatMap((node) => [...node.values()].flat());
  const servers = new Set(
    records.flatMap(({ rdata }) => (rdata.kind === 'NS' ? [canonicalName(rdata.target)] : [])),
  );
  return records
    .filter(({ name }) => isMeant(name) && !servers.has(canonicalName(name)))
    .flatMap(({ name, type, rdata, file, line }) =>
      addressesIn(rdata).flatMap((text) => {
        const address = parseAddress(text);
        const hint = rdata.kind === 'HTTPS' || rdata.kind === 'SVCB';
        return address
          ? [{ name, type, file, line, address: text, hint, coverage: coverageOf(address) }]
          : [];
      }),
    );
}

/** C3, and C7 for hints: one problem for each set and state, at its first record. */
export function addressProblems(addresses: readonly PlannedAddress[], noticeMs: number): PlanProblem[] {
  const groups = new Map<string, PlannedAddress[]>();
  const totals = new Map<string, number>();
  for (const one of addresses) {
    const set = setKey(one);
    totals.set(set, (totals.get(set) ?? 0) + 1);
    if (one.coverage.state === 'COVERED') continue;
    const key = `${set} ${one.coverage.state}`;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { name, type, file, line, hint } = first;
    const all = totals.get(setKey(first)) ?? group.length;
    const runs = runsOf(group.map((one) => one.address));
    const shown = `${runs.slice(0, SHOWN_MAX).join(', ')}${runs.length > SHOWN_MAX ? ', …' : ''}`;
    const count = group.length === all ? `all ${all}` : `${group.length} of ${all}`;
    const kind = hint ? 'hinted address' : 'address';
    const which = all === 1 ? `the ${kind} ${shown}` : `${count} ${kind}es (${shown})`;
    return [
      {
        id: hint ? ('C7' as const) : ('C3' as const),
        severity: first.coverage.state === 'TOO_NEW' ? ('fail' as const) : ('critical' as const),
        name,
        type,
        file,
        line,
        message: `${typeName(type)}: ${which} ${group.length === 1 ? 'is' : 'are'} ${stateText(group, noticeMs)}`,
        ...(runs.length > SHOWN_MAX ? { details: runs } : {}),
        figures: { addresses: group.length },
      },
    ];
  });
}

/** `198.51.100.21 to 198.51.100.40` for addresses that follow each other. */
function runsOf(texts: readonly string[]): string[] {
  const sorted = texts
    .flatMap((text) => parseAddress(text) ?? [])
    .toSorted((a, b) => a.family - b.family || (a.bits < b.bits ? -1 : 1));
  const runs: { first: Address; last: Address }[] = [];
  for (const address of sorted) {
    const run = runs.at(-1);
    if (run && run.last.family === address.family && address.bits - run.last.bits <= 1n) run.last = address;
    else runs.push({ first: address, last: address });
  }
  return runs.map(({ first, last }) =>
    first === last ? addressText(first) : `${addressText(first)} to ${addressText(last)}`,
  );
}

function stateText(group: readonly PlannedAddress[], noticeMs: number): string {
  const coveredAtMs = group.reduce(
    (latest, { coverage }) => Math.max(latest, 'coveredAtMs' in coverage ? coverage.coveredAtMs : 0),
    0,
  );
  return coveredAtMs > 0
    ? `in a range whose notice of ${formatMs(noticeMs)} is not over: customers may not have let it through; publish on ${dayText(coveredAtMs)} or later.`
    : 'in no range of the published file: customers who let only those through are cut off.';
}

function setKey({ name, type }: PlannedAddress): string {
  return `${canonicalName(name)} ${type}`;
}

/**
 * The file alone tells no history. A range with a time of its own was announced with the file, or at that time if it is
 * earlier; one without counts as old.
 */
function entriesOf({ file: { ranges, publishedAtMs } }: PlannedPromise) {
  return ranges.map(({ prefix, effectiveAtMs }) =>
    effectiveAtMs === undefined
      ? { prefix, firstSeenMs: 0, trusted: true as const }
      : { prefix, firstSeenMs: Math.min(publishedAtMs ?? 0, effectiveAtMs), effectiveAtMs },
  );
}

function addressesIn(rdata: ZoneRecord['rdata']): string[] {
  switch (rdata.kind) {
    case 'A':
    case 'AAAA':
      return [rdata.address];
    case 'HTTPS':
    case 'SVCB':
      return rdata.params.flatMap((param) => ('addresses' in param ? param.addresses : []));
    default:
      return [];
  }
}

function dayText(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16)}Z`;
}
