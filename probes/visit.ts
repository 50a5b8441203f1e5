import type { Selector } from '#core/deploy/service/selector.ts';
import type { DeployRef } from '#core/run.ts';

/** What a run is for that verifies a deploy: which side of which pair it is, and what brings it there. */
export type Visit = {
  deploy: DeployRef;
  selector?: Selector | undefined;
  /** Called when all is ready for the run's own time to begin; resolves when the other side is, too. */
  ready?: (() => Promise<void>) | undefined;
};
