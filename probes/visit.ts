import type { Selector } from '#core/deploy/selector.ts';
import type { DeployRef } from '#core/run.ts';

/** What a run is for that verifies a deploy: which side of which pair it is, and what brings it there. */
export type Visit = { deploy: DeployRef; selector?: Selector | undefined };
