import type { Check, Config } from '#core/config.ts';
import type { CheckView, NetworkView, RegionView } from '#core/view.ts';

/**
 * All the operator's first page is made of. A view is `undefined` when its object did not answer in time: shown as
 * such, never as health.
 */
export type OverviewSource = {
  config: Pick<Config, 'regions' | 'paging' | 'maintenance'>;
  checks: readonly { check: Check; view: CheckView | undefined }[];
  regions: readonly { region: string; view: RegionView | undefined }[];
  network: NetworkView | undefined;
  /** The hub's clock, epoch ms. */
  nowMs: number;
};
