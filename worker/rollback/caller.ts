import type { RollbackSettings } from '#core/deploy/service/rollback.ts';
import type { Courier } from '../channels/courier.ts';

/** What is taken back, and why. */
export type DeployToRollBack = {
  service: string;
  /** Number of the deploy. */
  n: number;
  version: string;
  /** What to go back to, when the pipeline has said it. */
  previousVersion?: string | undefined;
  commit?: string | undefined;
  /** Why, in a sentence. */
  reason: string;
  /** The deploy on the operator's page. */
  operatorUrl: string;
};

/** One call of a rollback. */
export type RollbackCall = {
  /** The same for every attempt of one rollback: whoever is called drops what it has seen. */
  key: string;
  /** Counts the calls from 1. */
  attempt: number;
  /** The whole call, reading the answers included, ends within this. */
  timeoutMs: number;
  deploy: DeployToRollBack;
};

/** What a call needs of its surroundings. */
export type RollbackContext = {
  fetch: typeof fetch;
  /** The secret's value; `undefined` when it is not set. */
  secret: (name: string) => string | undefined;
  /** The hub's clock, epoch ms. */
  nowMs: number;
};

/**
 * `ok`: whoever does it has accepted; `reference` is what it calls it, an address. `refused`: another call would be refused,
 * too. No secret is in it.
 */
export type RollbackCalled =
  | { ok: true; reference?: string | undefined }
  | { ok: false; refused: boolean; error: string };

export type RollbackKind = RollbackSettings['kind'];
export type SettingsOf<K extends RollbackKind> = Extract<RollbackSettings, { kind: K }>;

/** A way of rolling back. */
export type RollbackCaller<K extends RollbackKind> = {
  kind: K;
  /** Names of the secrets that a call takes. */
  secrets: (settings: SettingsOf<K>) => string[];
  /** Calls once. What it throws refuses the call. */
  call(settings: SettingsOf<K>, call: RollbackCall, courier: Courier, nowMs: number): Promise<RollbackCalled>;
};
