import type { Message, Rr } from '../codec/message.ts';
import type { Name } from '../codec/name.ts';

/** Records of one owner, class and type in one section (RFC 2181 section 5). RRSIG is a type of its own. */
export type RrSet = { name: Name; class: number; type: number; records: Rr[] };

/** The way from the asked name to its records. */
export type Chain = {
  /** Aliases followed, in order. */
  aliases: Rr[];
  /** The last name of the chain. */
  target: Name;
  /** An owner came twice. */
  looped: boolean;
  /** Records of the asked type at the target; empty when there are none. */
  records: Rr[];
};

/** The sets of a section, in the order of their first records. Owners are compared without regard to case. */
export function rrSetsOf(records: readonly Rr[]): RrSet[] {
  const sets = new Map<string, RrSet>();
  for (const record of records) {
    const key = `${record.name.toLowerCase()} ${record.class} ${record.type}`;
    const set = sets.get(key) ?? { name: record.name, class: record.class, type: record.type, records: [] };
    set.records.push(record);
    sets.set(key, set);
  }
  return [...sets.values()];
}

/** Follows the aliases of an answer from `name` to the records of `type`. */
export function chainOf(message: Message, name: Name, type: number): Chain {
  const aliases: Rr[] = [];
  const seen = new Set<string>();
  let target = name;
  let looped = false;
  for (;;) {
    const owner = target.toLowerCase();
    if (seen.has(owner)) {
      looped = true;
      break;
    }
    seen.add(owner);
    const alias = message.answers.find(
      (record) =>
        record.rdata.kind === 'CNAME' && record.name.toLowerCase() === owner && record.type !== type,
    );
    if (alias?.rdata.kind !== 'CNAME') break;
    aliases.push(alias);
    target = alias.rdata.target;
  }
  const owner = target.toLowerCase();
  const records = message.answers.filter(
    (record) => record.type === type && record.name.toLowerCase() === owner,
  );
  return { aliases, target, looped, records };
}
