import type { RollbackSettings } from '#core/deploy/service/rollback.ts';
import { withCourier } from '../channels/courier.ts';
import type {
  RollbackCall,
  RollbackCalled,
  RollbackCaller,
  RollbackContext,
  RollbackKind,
  SettingsOf,
} from './caller.ts';
import { commandRollback } from './command.ts';
import { githubRollback } from './github.ts';
import { webhookRollback } from './webhook.ts';

/** The ways of rolling back. One that is in `RollbackInput` and not here does not compile. */
export const ROLLBACK_CALLERS: { [K in RollbackKind]: RollbackCaller<K> } = {
  webhook: webhookRollback,
  github: githubRollback,
  command: commandRollback,
};

/**
 * Calls a rollback once, within `call.timeoutMs`. To repeat it with the same `key` is harmless: no second rollback comes of it.
 * Never rejects; no secret is in the result.
 */
export async function callRollback(
  settings: RollbackSettings,
  call: RollbackCall,
  context: RollbackContext,
): Promise<RollbackCalled> {
  switch (settings.kind) {
    case 'webhook':
      return callWith(ROLLBACK_CALLERS.webhook, settings, call, context);
    case 'github':
      return callWith(ROLLBACK_CALLERS.github, settings, call, context);
    case 'command':
      return callWith(ROLLBACK_CALLERS.command, settings, call, context);
  }
}

async function callWith<K extends RollbackKind>(
  caller: RollbackCaller<K>,
  settings: SettingsOf<K>,
  call: RollbackCall,
  { fetch, secret, nowMs }: RollbackContext,
): Promise<RollbackCalled> {
  const missing = caller.secrets(settings).filter((name) => (secret(name) ?? '') === '');
  // It may be set before the rollback's deadline is over.
  if (missing.length > 0)
    return { ok: false, refused: false, error: `the hub has no secret ${missing.join(', ')}` };
  const courierContext = {
    fetch,
    nowMs,
    attemptTimeoutMs: call.timeoutMs,
    secret: (ref: { secret: string }) => secret(ref.secret) ?? '',
  };
  const called = await withCourier<RollbackCalled>(courierContext, (courier) =>
    caller.call(settings, call, courier, nowMs),
  );
  return called.ok || 'refused' in called
    ? called
    : { ok: false, refused: called.verdict === 'refused', error: called.error };
}
