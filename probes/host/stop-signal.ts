/** Exit status of a program that was told twice to stop (128 + SIGINT). */
const IMPATIENT_EXIT = 130;

/** A signal that aborts at SIGINT, SIGTERM or SIGHUP. A second one ends the process at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(IMPATIENT_EXIT);
    controller.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  return controller.signal;
}

/** Tells this process to stop when the one that has forked it (`latchkey start`, a test) is gone, even by SIGKILL. */
export function stopWithParent(): void {
  if (!process.connected) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // The channel is there to notice the parent's end, not to keep this process alive.
  process.channel?.unref();
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
