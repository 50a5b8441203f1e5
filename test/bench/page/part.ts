import { setTimeout as pause } from 'node:timers/promises';
import type { IncidentView } from '#dashboards/operator/incident-view.ts';
import type { FaultInput } from '../../fixtures/portal/faults.ts';
import type { Rig } from '../../e2e/rig.ts';

export const PART_NAMES = ['plain', 'probeKilled', 'pagerHang', 'hubKilled30s', 'breakGlass'] as const;
export type PartName = (typeof PART_NAMES)[number];

/** What breaks at the portal. Its name begins those figures that are of plain outages of this kind only. */
export type Mode = { readonly name: 'fastFail' | 'hang'; readonly fault: FaultInput };
const FAST_FAIL: Mode = { name: 'fastFail', fault: { fault: 'http-502' } };
const HANG: Mode = { name: 'hang', fault: { fault: 'hang' } };

/** Parts that are measured one after the other on one rig. */
export interface Lane {
  readonly parts: readonly PartName[];
  readonly breakGlass: boolean;
}

/** One outage of several: `run` counts from 0. */
export type Occasion = {
  readonly rig: Rig;
  readonly run: number;
  readonly runs: number;
  readonly signal: AbortSignal;
};

/** What goes wrong beside the portal, if anything. */
export interface Part {
  readonly modes: readonly Mode[];
  /** About how long one outage takes, its end included, seconds. */
  readonly typicalS: number;
  /** Just before the portal breaks. */
  readonly prepare?: (occasion: Occasion) => void;
  /**
   * From the moment the portal breaks; resolves when all is done that must be, whether or not the page is there, with
   * when it struck, epoch ms.
   */
  readonly strike?: (occasion: Occasion) => Promise<number>;
  /** The page is there: the fault is mended, before the portal is. */
  readonly mend?: (occasion: Occasion) => Promise<void>;
  /** Throws when the page did not come the way that was to be measured. */
  readonly prove?: (occasion: Occasion, incident: IncidentView) => void;
}

const HUB_GONE_MS = 30_000;
/** After the break: from before the first run can be overdue to just before the earliest page of a portal that hangs. */
const HUB_KILLED_MS = { from: 2_000, to: 13_000 };
/** After the break, before a hanging portal can have been confirmed. */
const HUB_KILLED_FOR_GOOD_MS = { from: 500, to: 4_000 };

export const PARTS: Readonly<Record<PartName, Part>> = {
  plain: { modes: [FAST_FAIL, HANG], typicalS: 95 },
  probeKilled: {
    modes: [HANG],
    typicalS: 120,
    async strike(occasion) {
      const struckAtMs = Date.now();
      await occasion.rig.killProbe(regionOf(occasion));
      return struckAtMs;
    },
    mend: (occasion) => occasion.rig.startProbe(regionOf(occasion)),
  },
  pagerHang: {
    modes: [HANG],
    typicalS: 105,
    prepare: ({ rig }) => rig.pager.break({ fault: 'hang', count: 1, path: 'pagerduty' }),
    prove: ({ rig }) => {
      const [first, second] = rig.pager.attempts().map(({ outcome }) => outcome);
      if (first !== 'hang' || second !== 'accepted')
        throw new Error(`expected an attempt that hangs and one that is accepted, got ${first}, ${second}`);
    },
  },
  hubKilled30s: {
    modes: [HANG],
    typicalS: 160,
    async strike({ rig, run, runs, signal }) {
      await pause(spread(HUB_KILLED_MS, run, runs), undefined, { signal });
      const struckAtMs = Date.now();
      await rig.killHub();
      await pause(HUB_GONE_MS, undefined, { signal });
      await rig.startHub();
      return struckAtMs;
    },
  },
  breakGlass: {
    modes: [HANG],
    typicalS: 160,
    async strike({ rig, run, runs, signal }) {
      await pause(spread(HUB_KILLED_FOR_GOOD_MS, run, runs), undefined, { signal });
      const struckAtMs = Date.now();
      await rig.killHub();
      return struckAtMs;
    },
    mend: ({ rig }) => rig.startHub(),
    prove: (_occasion, { rule }) => {
      if (rule !== 'break-glass') throw new Error(`expected an incident by rule break-glass, got ${rule}`);
    },
  },
};

function regionOf({ rig, run }: Occasion): string {
  const regions = [...rig.probes.keys()];
  const region = regions[run % regions.length];
  if (region === undefined) throw new Error('the rig has no probes');
  return region;
}

/** Even steps over the span, ends included; not in order, so that they do not go along with the moments of the schedule. */
function spread({ from, to }: { from: number; to: number }, run: number, runs: number): number {
  if (runs === 1) return (from + to) / 2;
  const step = runs % 2 === 0 ? run : (run * 2) % runs;
  return from + ((to - from) * step) / (runs - 1);
}
