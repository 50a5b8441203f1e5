import type { Deploy } from '#core/deploy/deploy.ts';
import type { DeployEffect, DeployEvent } from '#core/deploy/event.ts';
import type { RollbackSettings } from '#core/deploy/service/rollback.ts';
import { deployPagePath } from '#core/operator-path.ts';
import { MS_PER_SECOND } from '#core/units.ts';
import { withDeadline } from '../deadline.ts';
import { log, messageOf } from '../log.ts';
import { callRollback } from '../rollback/index.ts';
import { secretOf } from '../secrets.ts';
import { config } from '../settings.ts';

/** A call that outlives its own deadline is no longer waited for. */
const GRACE_MS = MS_PER_SECOND;

/** Calls a rollback once, and tells what came of it. Never throws. */
export async function calledRollback(
  env: object,
  settings: RollbackSettings | undefined,
  deploy: Deploy,
  { n, key, attempt, timeoutMs }: Extract<DeployEffect, { type: 'roll-back' }>,
): Promise<DeployEvent> {
  const fields = { service: deploy.service, deploy: n, attempt };
  const failed = (refused: boolean, error: string): DeployEvent => {
    log('rollback-not-called', { ...fields, refused, error });
    return { type: 'rollback-called', nowMs: Date.now(), n, ok: false, refused, error };
  };
  if (!settings) return failed(true, 'the configuration no longer names a way to roll back');
  const { service, version, previousVersion, commit, reason } = deploy;
  const operatorUrl = config.publicUrl + deployPagePath(service, n);
  try {
    const call = callRollback(
      settings,
      {
        key,
        attempt,
        timeoutMs,
        deploy: { service, n, version, previousVersion, commit, reason, operatorUrl },
      },
      { fetch, secret: (name) => secretOf(env, name), nowMs: Date.now() },
    );
    const called = await withDeadline(call, timeoutMs + GRACE_MS, 'the rollback');
    if (!called.ok) return failed(called.refused, called.error);
    const { reference } = called;
    log('rollback-called', { ...fields, reference });
    return { type: 'rollback-called', nowMs: Date.now(), n, ok: true, refused: false, reference };
  } catch (error) {
    return failed(false, messageOf(error));
  }
}
