import type { Check, Config } from '#core/config.ts';
import type { ServiceView } from '#core/deploy/telling/service-view.ts';
import type { CheckView, NetworkView, RegionView } from '#core/view.ts';

/** A service and what its object tells of its deploys. */
export type ServiceSource = { service: string; title: string; view: ServiceView | undefined };

/**
 * All the operator's first page is made of. A view is `undefined` when its object did not answer in time: shown as
 * such, never as health.
 */
export type OverviewSource = {
  config: Pick<Config, 'regions' | 'paging' | 'maintenance'>;
  checks: readonly { check: Check; view: CheckView | undefined }[];
  regions: readonly { region: string; view: RegionView | undefined }[];
  network: NetworkView | undefined;
  /** Services with deploys: the configured ones, and those whose deploys a check knows of. */
  services: readonly ServiceSource[];
  /** The hub's clock, epoch ms. */
  nowMs: number;
};
