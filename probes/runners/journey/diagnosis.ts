import type { BrowserContext, Page, Request } from 'playwright';
import { withDeadline } from '../../deadline.ts';

/** A document that runs answers in a few milliseconds; one that waits for a server or loops does not answer at all. */
const STATUS_DEADLINE_MS = 300;
/** Stopping a load and hearing which request it was. */
const STOP_DEADLINE_MS = 150;
/** Pages looked at, newest first; logins open one or two. */
const PAGES_MAX = 4;
/** Failed navigations kept; only the newest counts. */
const FAILURES_MAX = 20;
/** What Chromium shows instead of a document that could not be loaded. */
export const ERROR_PAGE = 'chrome-error://';

/** What is to be seen in one page. */
export type PageState = {
  page: Page;
  url: string;
  /** HTTP status of the document; `undefined` when it has none (about:blank) or did not answer. */
  documentStatus?: number | undefined;
  /** Network error in whose place the browser shows its own error page. */
  documentError?: string | undefined;
  /** The document did not answer: a navigation is under way, or the page is stuck in its own script. */
  pending: boolean;
  /** The unanswered navigation, e.g. `POST https://portal.example/login`. */
  pendingRequest?: string | undefined;
};

/** Remembers the navigations of a context that failed; costs nothing while all goes well. */
export class NavigationFailures {
  readonly #failed: Request[] = [];

  constructor(context: BrowserContext) {
    context.on('requestfailed', (request) => {
      if (!request.isNavigationRequest()) return;
      this.#failed.push(request);
      if (this.#failed.length > FAILURES_MAX) this.#failed.shift();
    });
  }

  /** The newest failed navigation of the page's main frame. */
  latest(page: Page): { url: string; method: string; error: string } | undefined {
    const request = this.#failed.findLast((candidate) => isMainFrame(candidate, page));
    return (
      request && {
        url: request.url(),
        method: request.method(),
        error: request.failure()?.errorText ?? 'net::ERR_FAILED',
      }
    );
  }
}

function isMainFrame(request: Request, page: Page): boolean {
  try {
    return request.frame() === page.mainFrame();
  } catch (error) {
    // Playwright throws for a request whose frame it does not know (yet): not this page's.
    if (error instanceof Error) return false;
    throw error;
  }
}

/** Looks at the newest pages of a context and gives the state that explains most; `undefined` without an open page. */
export async function diagnose(
  context: BrowserContext,
  failures: NavigationFailures,
): Promise<PageState | undefined> {
  const pages = context.pages().slice(-PAGES_MAX).toReversed();
  const states = await Promise.all(pages.map((page) => stateOf(context, page, failures)));
  const brokenFirst = (state: PageState): number => {
    const status = state.documentStatus ?? 0;
    if (state.documentError !== undefined) return 0;
    if (status >= 500) return 1;
    if (status >= 400) return 2;
    return state.pending ? 3 : 4;
  };
  return states.toSorted((a, b) => brokenFirst(a) - brokenFirst(b))[0];
}

async function stateOf(
  context: BrowserContext,
  page: Page,
  failures: NavigationFailures,
): Promise<PageState> {
  const url = page.url();
  if (url.startsWith(ERROR_PAGE)) {
    const failed = failures.latest(page);
    return {
      page,
      url: failed?.url ?? '',
      documentError: failed?.error ?? 'net::ERR_FAILED',
      pending: false,
    };
  }
  try {
    const documentStatus = await withDeadline(documentStatusOf(page), STATUS_DEADLINE_MS, 'the document');
    return { page, url, documentStatus, pending: false };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { page, ...(await stopLoading(context, page, failures, url)), pending: true };
  }
}

/**
 * HTTP status of the document in a page; `undefined` when it has none. Playwright answers only when no navigation is
 * under way: bound the wait.
 */
export async function documentStatusOf(page: Page): Promise<number | undefined> {
  const status = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation');
    return (navigation as PerformanceNavigationTiming | undefined)?.responseStatus;
  });
  return status === undefined || status === 0 ? undefined : status;
}

/** Ends the navigation under way: that names its request, and a screenshot of what the user last saw becomes possible. */
async function stopLoading(
  context: BrowserContext,
  page: Page,
  failures: NavigationFailures,
  url: string,
): Promise<{ url: string; pendingRequest?: string }> {
  const before = failures.latest(page);
  const stop = async (): Promise<void> => {
    const session = await context.newCDPSession(page);
    await Promise.all([
      page.waitForEvent('requestfailed', { timeout: STOP_DEADLINE_MS }),
      session.send('Page.stopLoading'),
    ]);
  };
  try {
    await withDeadline(stop(), STOP_DEADLINE_MS, 'stopping the load');
  } catch (error) {
    // Nothing was loading, or the browser does not answer: then there is nothing more to be known.
    if (!(error instanceof Error)) throw error;
    return { url };
  }
  const stopped = failures.latest(page);
  if (!stopped || (before && stopped.url === before.url)) return { url };
  return { url: stopped.url, pendingRequest: `${stopped.method} ${stopped.url}` };
}
