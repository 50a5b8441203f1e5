import type { Config } from '#core/config.ts';
import { SILENT_AFTER_MS } from '#core/wire.ts';
import { titleOf } from './check-row.ts';
import type { ProbeView } from './source.ts';

/** One probe, with how long ago it was heard. */
export type ProbeRow = ProbeView & { ageMs: number; silent: boolean };

/** One region's probes. `unreadable`: its object did not answer. */
export type RegionRow = {
  region: string;
  title: string;
  status: 'live' | 'silent' | 'never' | 'unreadable';
  probes: ProbeRow[];
};

/** One region's probes. Pure. */
export function regionRow(
  config: Pick<Config, 'regions'>,
  region: string,
  probes: readonly ProbeView[] | undefined,
  nowMs: number,
): RegionRow {
  const rows = (probes ?? []).map((probe): ProbeRow => {
    const ageMs = Math.max(0, nowMs - probe.lastHeardMs);
    return { ...probe, ageMs, silent: ageMs > SILENT_AFTER_MS };
  });
  const status =
    probes === undefined
      ? 'unreadable'
      : rows.length === 0
        ? 'never'
        : rows.some((probe) => !probe.silent)
          ? 'live'
          : 'silent';
  return { region, title: titleOf(config, region), status, probes: rows };
}
