import type { Inquiry } from '../aspect.ts';
import type { Task } from '../exchange.ts';
import type { Server } from '../server.ts';

/** Which zone the name is in and who serves it, as far as it is known, and what to ask to know more. */
export type Discovered = {
  tasks: Task[];
  zone?: string | undefined;
  authorities?: readonly Server[] | undefined;
};

/** Declared, or found: the zone by the SOA of a resolver's answer, its servers by NS and their addresses. */
export function discovered({ settings }: Inquiry): Discovered {
  return { tasks: [], zone: settings.zone, authorities: settings.authorities };
}
