import { RETRY_AFTER_MS } from '../delivery.ts';
import { MS_PER_SECOND, truncate } from '../units.ts';
import type { Rollback, RollbackSettings } from './service/rollback.ts';

/** A call's own deadline: whoever rolls back only has to take the order. */
const CALL_TIMEOUT_MS = 10 * MS_PER_SECOND;
/** A lease outlives the call's deadline, so that only a lost call is repeated. */
const LEASE_MS = 15 * MS_PER_SECOND;
const ERROR_CHARS_MAX = 500;

/** Where the configuration names no way, a pipeline may still do it by a command of its own. */
const BY_PIPELINE = { kind: 'command', unattended: false, deadlineMs: 300 * MS_PER_SECOND } as const;

/** The rollback of a deploy that was found bad: to be asked for, unless the setting asks by itself. */
export function newRollback(settings: RollbackSettings | undefined, nowMs: number): Rollback {
  const { kind, unattended } = settings ?? BY_PIPELINE;
  const offered: Rollback = { kind, unattended, state: 'offered', attempts: 0 };
  return unattended
    ? withWanted(offered, settings, { by: 'the configuration', via: 'setting', nowMs })
    : offered;
}

/**
 * The rollback once somebody wants it. One that is on its way, or called, stays as it is; one that was given up is tried
 * anew, and its calls are counted on: one of them may have been taken though its answer was lost. A command runs where a
 * pipeline is, so no page of ours can ask for it.
 */
export function withWanted(
  rollback: Rollback,
  settings: Pick<RollbackSettings, 'deadlineMs'> | undefined,
  wish: { by: string; via: 'setting' | 'pipeline' | 'operator'; nowMs: number },
): Rollback {
  if (rollback.state === 'asked' || rollback.state === 'called') return rollback;
  if (rollback.kind === 'command' && wish.via === 'operator') return rollback;
  const { by, via, nowMs } = wish;
  const { lastError: _lastError, ...rest } = rollback;
  return {
    ...rest,
    state: 'asked',
    askedBy: by,
    via,
    askedAtMs: nowMs,
    dueAtMs: nowMs,
    deadlineAtMs: nowMs + (settings?.deadlineMs ?? BY_PIPELINE.deadlineMs),
  };
}

/** The rollback after a call of it. Once it was accepted nothing of an earlier or a later call changes that. */
export function withCalled(
  rollback: Rollback,
  called: { ok: boolean; refused: boolean; error?: string | undefined; reference?: string | undefined },
  settings: Pick<RollbackSettings, 'deadlineMs'> | undefined,
  nowMs: number,
): Rollback {
  const { state } = rollback;
  const isByPipeline = rollback.kind === 'command' && state !== 'called';
  if (state !== 'asked' && !isByPipeline) return rollback;
  const { leaseUntilMs: _lease, dueAtMs: _due, ...rest } = rollback;
  if (called.ok)
    return {
      ...rest,
      state: 'called',
      calledAtMs: nowMs,
      // A pipeline that has done it without a word before.
      deadlineAtMs: rollback.deadlineAtMs ?? nowMs + (settings?.deadlineMs ?? BY_PIPELINE.deadlineMs),
      ...(called.reference === undefined ? {} : { reference: called.reference }),
    };
  const lastError = truncate(called.error ?? 'no reason given', ERROR_CHARS_MAX);
  // Told once more.
  if (state === 'failed' && lastError === rollback.lastError) return rollback;
  const waitMs = RETRY_AFTER_MS[Math.min(rollback.attempts, RETRY_AFTER_MS.length) - 1] ?? RETRY_AFTER_MS[0];
  const isOver = called.refused || isByPipeline || nowMs + waitMs >= (rollback.deadlineAtMs ?? 0);
  if (isOver) return { ...rest, state: 'failed', lastError };
  return { ...rest, lastError, dueAtMs: nowMs + waitMs };
}

/** What time does: a call that is due, or one that was lost; and an order that nobody has taken in time is given up. */
export function settledRollback(
  rollback: Rollback,
  nowMs: number,
): { rollback: Rollback; call?: { attempt: number; timeoutMs: number } } {
  if (rollback.state !== 'asked') return { rollback };
  if (nowMs >= (rollback.deadlineAtMs ?? 0) && (rollback.leaseUntilMs ?? 0) <= nowMs) {
    const { dueAtMs: _due, leaseUntilMs: _lease, ...rest } = rollback;
    const lastError = rollback.lastError ?? 'nobody has taken the order in time';
    return { rollback: { ...rest, state: 'failed', lastError } };
  }
  const dueMs = dueAtMs(rollback);
  if (rollback.kind === 'command' || dueMs === undefined || dueMs > nowMs) return { rollback };
  const attempt = rollback.attempts + 1;
  const { dueAtMs: _due, ...rest } = rollback;
  return {
    rollback: { ...rest, attempts: attempt, leaseUntilMs: nowMs + LEASE_MS },
    call: { attempt, timeoutMs: CALL_TIMEOUT_MS },
  };
}

/** A call under way is due again only when it was lost. */
function dueAtMs({ dueAtMs: dueMs, leaseUntilMs }: Rollback): number | undefined {
  return dueMs ?? leaseUntilMs;
}

/** When time alone changes it, epoch ms. */
export function rollbackWakeMs(rollback: Rollback): number | undefined {
  if (rollback.state !== 'asked') return undefined;
  const { deadlineAtMs, kind } = rollback;
  return kind === 'command' ? deadlineAtMs : (dueAtMs(rollback) ?? deadlineAtMs);
}
