import { z } from 'zod';
import type { DnsSettings } from '../../checks/dns.ts';
import { typeName } from '../codec/registry.ts';
import { Measured } from '../findings/evidence.ts';
import { differences } from './baseline.ts';
import { EVERYWHERE, type DnsMemory } from './memory.ts';

const Figures = Measured.extend({ typeName: z.string() });

/** The accepted figures of a DNS check beside the present ones, as the hub tells them. Times are its, epoch ms. */
export const ToldBaseline = z.object({
  check: z.string(),
  name: z.string(),
  scopes: z.array(
    z.object({
      /** Absent where answers are not meant to differ by region. */
      region: z.string().optional(),
      /** `by` is absent of the first complete run, which nobody has accepted. */
      accepted: z.object({ atMs: z.int(), by: z.string().optional(), measured: z.array(Figures) }).optional(),
      /** `region`: where they were measured. */
      present: z.object({ atMs: z.int(), region: z.string(), measured: z.array(Figures) }),
      /** What B15 warns of, by type. */
      changes: z.array(z.object({ typeName: z.string(), changes: z.array(z.string()).min(1) })),
    }),
  ),
});
export type ToldBaseline = z.infer<typeof ToldBaseline>;

/** What there is to accept; no scopes when nothing has been measured yet. */
export function toldBaseline(
  check: string,
  settings: DnsSettings,
  memory: DnsMemory | undefined,
): ToldBaseline {
  const { name } = settings;
  if (memory?.name !== name) return { check, name, scopes: [] };
  const scopes = Object.entries(memory.present).map(([scope, present]): ToldBaseline['scopes'][number] => {
    const accepted = memory.baselines[scope];
    const changes = present.measured.flatMap((now) => {
      const was = accepted?.measured.find(({ type }) => type === now.type);
      const found = was ? differences(settings, was, now) : [];
      return found.length === 0 ? [] : [{ typeName: typeName(now.type), changes: found }];
    });
    return {
      ...(scope === EVERYWHERE ? {} : { region: scope }),
      ...(accepted ? { accepted: { ...accepted, measured: accepted.measured.map(named) } } : {}),
      present: { ...present, measured: present.measured.map(named) },
      changes,
    };
  });
  return { check, name, scopes };
}

function named(measured: Measured): z.infer<typeof Figures> {
  return { ...measured, typeName: typeName(measured.type) };
}
