import type { Config } from '#core/config.ts';
import type { ProbeView, RegionView } from '#core/view.ts';
import { titleOf } from './check-row.ts';

/** One probe, with how long ago it was heard. */
export type ProbeRow = ProbeView & { ageMs: number };

/** One region's probes. `never`: none has ever come; `unreadable`: its object did not answer. */
export type RegionRow = {
  region: string;
  title: string;
  status: 'live' | 'silent' | 'never' | 'unreadable';
  /** Without probes: the hub itself asks from there. */
  own: boolean;
  probes: ProbeRow[];
};

/** One region's probes. Pure. */
export function regionRow(
  config: Pick<Config, 'regions'>,
  region: string,
  view: RegionView | undefined,
  nowMs: number,
): RegionRow {
  return {
    region,
    title: titleOf(config, region),
    status: statusOf(view),
    own: config.regions.some(({ id, worker }) => id === region && worker !== undefined),
    probes: (view?.probes ?? []).map((probe) => ({
      ...probe,
      ageMs: Math.max(0, nowMs - probe.lastHeardMs),
    })),
  };
}

function statusOf(view: RegionView | undefined): RegionRow['status'] {
  if (!view) return 'unreadable';
  if (view.probes.length === 0) return 'never';
  return view.live ? 'live' : 'silent';
}
