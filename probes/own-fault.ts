import type { PROBE_FAULTS } from '#core/failure.ts';

/** Thrown where our own side, never the target, keeps a run from telling anything. Ends in `invalid`. */
export class OwnFault extends Error {
  override readonly name = 'OwnFault';
  readonly fault: (typeof PROBE_FAULTS)[number];

  constructor(fault: (typeof PROBE_FAULTS)[number], message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}
