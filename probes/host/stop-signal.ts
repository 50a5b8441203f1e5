/** Exit status of a program that was told twice to stop (128 + SIGINT). */
const IMPATIENT_EXIT = 130;

/** A signal so soon after the first is the same wish: npm passes on the Ctrl-C that the terminal gave us already. */
const SAME_WISH_MS = 1_000;

/** A signal that aborts at SIGINT, SIGTERM or SIGHUP. A second one, a second later, ends the process at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const stop = (): void => {
    firstMs ??= performance.now();
    if (performance.now() - firstMs > SAME_WISH_MS) process.exit(IMPATIENT_EXIT);
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
