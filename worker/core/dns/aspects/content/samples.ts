import type { Task } from '../../asking/exchange.ts';
import type { Inquiry } from '../../asking/inquiry.ts';
import { settled } from '../../asking/settled.ts';
import { RR_TYPES } from '../../codec/registry.ts';
import type { Aspect } from '../aspect.ts';

/** What a sample is told apart by: 2 is a resolver's warm answer. */
const FIRST_TIME = 3;
/**
 * Samples of a rotating answer that each of the zone's servers is asked for beyond the first, a run and a family: with eight
 * of forty shown, four servers and a run a minute, a whole pool is seen within two runs (reference: dns, section 1.4), and no
 * server has more than one question a second of it.
 */
const SAMPLES = 4;

export const ADDRESS_TYPES: ReadonlySet<number> = new Set([RR_TYPES.A, RR_TYPES.AAAA]);

/** The families of addresses that the check asks for. */
export function addressTypes({ settings }: Pick<Inquiry, 'settings'>): number[] {
  return [...settings.types, ...settings.optionalTypes].filter((type) => ADDRESS_TYPES.has(type));
}

/**
 * Asks the zone's servers again where the answer is a changing part of a pool (C2): resolvers cache a part for its TTL, so
 * that asking them again shows nothing. What the samples of many runs come to, the hub tells.
 */
export const samples: Aspect = {
  tasks(inquiry) {
    const { settings, authorities } = inquiry;
    if (!settings.rotation) return [];
    return (authorities ?? []).flatMap((server) =>
      addressTypes(inquiry).flatMap((type) =>
        Array.from({ length: SAMPLES }, (_, at): Task[] => {
          const asked = { server, name: settings.name, type, recursionDesired: false, time: FIRST_TIME + at };
          return settled(inquiry, asked).tasks;
        }).flat(),
      ),
    );
  },
  findings: () => [],
};
