import type { Failure } from '../channels/courier.ts';
import type { RollbackCalled } from './caller.ts';

/** A request that failed, as a call that failed. */
export function calledOf({ verdict, error }: Failure): Extract<RollbackCalled, { ok: false }> {
  return { ok: false, refused: verdict === 'refused', error };
}
