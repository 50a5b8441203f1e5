import { dnsSettings } from './dns.ts';
import { journeySettings } from './journey.ts';

/** Every kind of check, with the settings only that kind has. `RUNNERS` in the probe is typed over these keys. */
export const CHECK_KINDS = {
  journey: journeySettings,
  dns: dnsSettings,
} as const;
export type CheckKind = keyof typeof CHECK_KINDS;

/** Kinds that a region without a probe of its own, a Worker, can run: those that need no browser. */
export const WORKER_KINDS: readonly CheckKind[] = ['dns'];
