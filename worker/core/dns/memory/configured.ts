import type { DnsSettings } from '../../checks/dns.ts';
import { EVERYWHERE, type DnsMemory } from './memory.ts';

/**
 * The memory without the regions that the check has left: nobody looks from there any more, so nothing that was seen there
 * would ever end. The same object when there is none.
 */
export function withConfigured(
  { differsByRegion }: DnsSettings,
  memory: DnsMemory,
  regions: readonly string[],
): DnsMemory {
  const isScope = (scope: string): boolean =>
    differsByRegion ? regions.includes(scope) : scope === EVERYWHERE;
  const isSame =
    Object.keys(memory.regions).every((id) => regions.includes(id)) &&
    [memory.present, memory.baselines].every((scopes) => Object.keys(scopes).every(isScope));
  if (isSame) return memory;
  const isKnown = (id: string): boolean => regions.includes(id);
  const { pool, file, serials, differing } = memory;
  return {
    ...memory,
    regions: picked(memory.regions, isKnown),
    pool: {
      ...pool,
      addresses: pool.addresses.map((seen) => ({ ...seen, seen: picked(seen.seen, isKnown) })),
    },
    // Copies are known by region and URL.
    ...(file
      ? { file: { ...file, failing: picked(file.failing, (key) => isKnown(key.split(' ', 1).join(''))) } }
      : {}),
    ...(serials ? { serials: { ...serials, servers: picked(serials.servers, isKnown) } } : {}),
    ...(differing ? { differing: picked(differing, isKnown) } : {}),
    present: picked(memory.present, isScope),
    baselines: picked(memory.baselines, isScope),
  };
}

function picked<Value>(
  all: Readonly<Record<string, Value>>,
  isWanted: (key: string) => boolean,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(all).filter(([key]) => isWanted(key)));
}
