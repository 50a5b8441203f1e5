import { journeySettings } from './journey.ts';

/** Every kind of check, with the settings only that kind has. `RUNNERS` in the probe is typed over these keys. */
export const CHECK_KINDS = {
  journey: journeySettings,
} as const;
export type CheckKind = keyof typeof CHECK_KINDS;
