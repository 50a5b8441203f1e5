import type { Delivery } from '../../delivery.ts';
import type { DeployIncident, OutageFreeze } from '../deploy.ts';
import type { ToldDeploy } from './told-deploy.ts';

/** A service as the operator's pages show it. Times are the hub's, epoch ms. */
export type ServiceView = {
  service: string;
  title: string;
  freeze?: OutageFreeze | undefined;
  /** The latest page about one of its deploys, over or not. */
  incident?: DeployIncident | undefined;
  /** The latest that has not ended beside another one first, then the newest; bounded, without their pairs. */
  deploys: ToldDeploy[];
  /** Pages, notices and changes of those deploys; `seq` is the deploy's `n`. */
  deliveries: Delivery[];
  nowMs: number;
};
