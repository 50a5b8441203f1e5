import type { BrowserContext, Cookie, Page } from 'playwright';
import type { Lease } from './browser.ts';
import { DeadlineError, withDeadline } from '../deadline.ts';
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

/** What a context has from its beginning. */
export type RoomEntry = {
  /** Go with every request. */
  headers?: Readonly<Record<string, string>>;
  /** Each for the host of its `url`. */
  cookies?: readonly (Pick<Cookie, 'name' | 'value'> & { url: string; sameSite?: Cookie['sameSite'] })[];
  /** What the run waits for in the open room: the other run of its pair. */
  ready?: (() => Promise<void>) | undefined;
};

/** A browser that has died tells so within this time; then there is nothing to close. */
const DEATH_NOTICE_MS = 200;

/**
 * Opens a context with a page within `openMs`. Throws `OwnFault` `browser-crash` when the browser died over it, else
 * `probe-error`; a browser that does not answer is killed.
 */
export async function openRoom(
  lease: Lease,
  timeoutMs: number,
  openMs: number,
  entry: RoomEntry = {},
): Promise<Room> {
  const untilMs = performance.now() + openMs;
  try {
    const room = await withDeadline(
      Promise.race([furnish(lease, timeoutMs, entry), deathOf(lease)]),
      openMs,
      'opening a browser context',
    );
    await waitFor(entry, untilMs - performance.now());
    return room;
  } catch (error) {
    if (error instanceof OwnFault) throw error;
    const alive = lease.browser.isConnected();
    if (alive) lease.kill(errorText(error));
    throw new OwnFault(
      alive ? 'probe-error' : 'browser-crash',
      `no browser context for the run: ${errorText(error)}`,
      { cause: error },
    );
  }
}

/** Whoever is not ready by then is not waited for any longer: this run is as good alone. */
async function waitFor({ ready }: RoomEntry, waitMs: number): Promise<void> {
  if (!ready) return;
  try {
    await withDeadline(ready(), waitMs, 'the other run of the pair');
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
  }
}

async function deathOf(lease: Lease): Promise<never> {
  await lease.died;
  throw new Error('the browser crashed or was killed');
}

async function furnish(lease: Lease, timeoutMs: number, { headers, cookies }: RoomEntry): Promise<Room> {
  const context = await lease.browser.newContext(headers ? { extraHTTPHeaders: headers } : {});
  if (cookies) await setCookies(lease, context, cookies);
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

/** The browser refuses a cookie that its name forbids, such as `__Host-…` over http. */
async function setCookies(
  lease: Lease,
  context: BrowserContext,
  cookies: NonNullable<RoomEntry['cookies']>,
): Promise<void> {
  try {
    await context.addCookies([...cookies]);
  } catch (error) {
    if (!lease.browser.isConnected()) throw error;
    await context.close();
    const names = cookies.map(({ name, url }) => `${name} for ${url}`).join(', ');
    throw new OwnFault('probe-error', `the browser does not take the cookie ${names}: ${errorText(error)}`, {
      cause: error,
    });
  }
}
