import type { BrowserContext, Page } from 'playwright';
import type { Lease } from './browser.ts';
import { withDeadline } from '../deadline.ts';
import { NavigationFailures } from '../runners/journey/diagnosis.ts';
import { errorText } from '../log.ts';
import { OwnFault } from '../own-fault.ts';

/** The fresh browser context of one run, and what may end it. */
export type Room = {
  context: BrowserContext;
  page: Page;
  failures: NavigationFailures;
  /** Resolves with a sentence when the browser or a page of it has crashed. */
  died: Promise<string>;
  /** That sentence, if it has already happened. */
  death: () => string | undefined;
  /** Closes the context; kills the browser when it does not obey within `closeMs`. `reason` ends what still waits in it. */
  close(reason: string, closeMs: number): Promise<void>;
};

/** A browser that has died tells so within this time; then there is nothing to close. */
const DEATH_NOTICE_MS = 200;

/**
 * Opens a context with a page within `openMs`. Throws `OwnFault` `browser-crash` when the browser died over it, else
 * `probe-error`; a browser that does not answer is killed.
 */
export async function openRoom(lease: Lease, timeoutMs: number, openMs: number): Promise<Room> {
  try {
    return await withDeadline(
      Promise.race([furnish(lease, timeoutMs), deathOf(lease)]),
      openMs,
      'opening a browser context',
    );
  } catch (error) {
    const alive = lease.browser.isConnected();
    if (alive) lease.kill(errorText(error));
    throw new OwnFault(
      alive ? 'probe-error' : 'browser-crash',
      `no browser context for the run: ${errorText(error)}`,
      { cause: error },
    );
  }
}

async function deathOf(lease: Lease): Promise<never> {
  await lease.died;
  throw new Error('the browser crashed or was killed');
}

async function furnish(lease: Lease, timeoutMs: number): Promise<Room> {
  const context = await lease.browser.newContext();
  // What hangs is ended by the run's deadline, and not by a second clock.
  context.setDefaultTimeout(timeoutMs);
  let death: string | undefined;
  const died = new Promise<string>((resolve) => {
    const die = (what: string): void => {
      death ??= what;
      resolve(what);
    };
    void lease.died.then(() => die('the browser crashed or was killed during the run'));
    context.on('page', (opened) => opened.once('crash', () => die('a page of the browser crashed')));
  });
  const page = await context.newPage();
  return {
    context,
    page,
    failures: new NavigationFailures(context),
    died,
    death: () => death,
    close: async (reason, closeMs) => {
      try {
        await withDeadline(
          Promise.race([context.close({ reason }), lease.died]),
          closeMs,
          'closing the context',
        );
      } catch (error) {
        if (!lease.browser.isConnected()) return;
        lease.kill(errorText(error));
        await withDeadline(lease.died, DEATH_NOTICE_MS, 'the end of the killed browser').catch(
          () => undefined,
        );
      }
    },
  };
}
