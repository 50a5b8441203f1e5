import { AsyncLocalStorage } from 'node:async_hooks';
import { stripVTControlCharacters } from 'node:util';
import { errorText, type Log } from '../../log.ts';
import type { Redactor } from '../../redact.ts';

type Scope = { check: string; log: Log; clean: Redactor; strays: string[] };

const scopes = new AsyncLocalStorage<Scope>();

/**
 * Runs a journey's code so that an error it leaves behind, in a promise nobody awaits or in a timer, is laid to its
 * check instead of ending the probe. `strays` grows as they are found, also after the run.
 */
export function withStrays<T>(
  check: string,
  log: Log,
  clean: Redactor,
  body: (strays: readonly string[]) => Promise<T>,
): Promise<T> {
  watch();
  const scope: Scope = { check, log, clean, strays: [] };
  return scopes.run(scope, () => body(scope.strays));
}

/** Whether the error that is being handled now comes from a journey. */
export function isStray(): boolean {
  return scopes.getStore() !== undefined;
}

/** Lays the error that is being handled now to the check whose journey it comes from, if it comes from one. */
function claimStray(error: unknown): boolean {
  const scope = scopes.getStore();
  if (!scope) return false;
  const text = scope.clean(stripVTControlCharacters(errorText(error)));
  scope.strays.push(text);
  scope.log('warn', 'journey-stray-error', { check: scope.check, error: text });
  return true;
}

let watching = false;

/**
 * Node ends a process at the first unhandled rejection or uncaught error; those of a journey are the journey's own. Any
 * other one ends the process as ever: through the listeners that it has, or right here when there are none.
 */
function watch(): void {
  if (watching) return;
  watching = true;
  process.on('unhandledRejection', (error) => {
    if (!claimStray(error)) throw error;
  });
  process.on('uncaughtException', (error) => {
    if (!claimStray(error) && process.listenerCount('uncaughtException') === 1) throw error;
  });
}
