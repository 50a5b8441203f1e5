import { ERROR_PAGE, diagnose, documentStatusOf, type PageState } from './diagnosis.ts';
import { ownTrouble, type Trouble } from './journey-trouble.ts';
import { errorText } from '../../log.ts';
import type { Room } from '../../browser/room.ts';
import type { RunDeadline } from '../../run-deadline.ts';

/** No login ends on these, whatever the journey says of the page. */
const SERVER_ERROR_MIN = 500;
const CLIENT_ERROR_MIN = 400;

/**
 * Looks at the documents that a journey ended on: one that checks nothing must not pass on an error page. A server error,
 * a page that could not be loaded or that does not answer by the deadline is trouble; a 4xx is when the journey expected
 * nothing at all (`expectations` = 0), for a refusal may be what it wants to see.
 */
export async function checkLastDocuments(
  room: Room,
  expectations: number,
  deadline: RunDeadline,
): Promise<{ trouble?: Trouble; state?: PageState | undefined }> {
  const badStatusMin = expectations === 0 ? CLIENT_ERROR_MIN : SERVER_ERROR_MIN;
  const answered = await statuses(room, deadline);
  if (answered instanceof Error)
    return {
      trouble: ownTrouble(
        'probe-error',
        `the page at the end could not be looked at: ${errorText(answered)}`,
      ),
    };
  const bad = answered === undefined || answered.some((status) => (status ?? 0) >= badStatusMin);
  const unloaded = room.context.pages().some((page) => page.url().startsWith(ERROR_PAGE));
  if (!bad && !unloaded) return {};
  const state = await diagnose(room.context, room.failures);
  return {
    state,
    trouble: {
      source: 'page',
      errorName: 'LastDocument',
      message: `the journey ended without an error, but ${wrongWith(state)}`,
      waitingForBrowser: true,
      picture: true,
    },
  };
}

/** A status for each document, `undefined` when not all have answered by the deadline. */
async function statuses(
  room: Room,
  deadline: RunDeadline,
): Promise<(number | undefined)[] | Error | undefined> {
  for (;;) {
    try {
      const open = room.context.pages();
      return await deadline.within(Promise.all(open.map(documentStatusOf)));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // A navigation came in between, or a popup closed: the documents now in place are asked.
      const replaced = /Execution context was destroyed|page, context or browser has been closed/.test(
        error.message,
      );
      if (!replaced || deadline.leftMs() <= 0 || !room.context.browser()?.isConnected()) return error;
    }
  }
}

function wrongWith(state: PageState | undefined): string {
  if (state?.documentError !== undefined) return `the last page could not be loaded: ${state.documentError}`;
  if (state?.documentStatus !== undefined) return `the last page has HTTP status ${state.documentStatus}`;
  return 'the last page did not answer';
}
