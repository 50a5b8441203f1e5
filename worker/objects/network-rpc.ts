import type { Drill } from '#core/network/drill.ts';
import type { NetworkSubject } from '#core/network/network.ts';
import type { NetworkView } from '#core/view.ts';
import type { Acknowledged } from './rpc.ts';

/** There is one object for all regions together; this is its name. */
export const NETWORK_NAME = 'network';

/** A wish for a drill, its channels known to be of the configuration. `waitMs`: to be acknowledged within, or 0. */
export type DrillWish = { by: string; channels: string[]; waitMs: number };

/** The drill that was begun, or the one that is not over yet. */
export type DrillStarted = { isNew: boolean; drill: Drill };

/** What the rest of the hub may ask of the network's object. */
export interface NetworkRpc extends Rpc.DurableObjectBranded {
  /** Does what time asks for, should the object's own timer and alarm both have been lost; its first call starts it. */
  tick(): Promise<void>;
  /** All regions together, drills and watchdogs, as the operator's page shows them. */
  overview(): NetworkView;
  /** Begins a drill unless one is going on. Returns when it is stored: its pages are under way, not awaited. */
  startDrill(wish: DrillWish): DrillStarted;
  /** Drill `n` as it stands, or `undefined` when there is none (any more). */
  drill(n: number): Drill | undefined;
  /** Somebody has incident or drill `seq`. `via`: `operator`, `link`, or the channel that told. */
  acknowledge(subject: NetworkSubject, seq: number, by: string, via: string): Acknowledged;
}
