import { inspect, stripVTControlCharacters } from 'node:util';
import type { JourneyTrouble } from '#core/checks/journey.ts';
import type { PROBE_FAULTS } from '#core/failure.ts';
import type { PageState } from './diagnosis.ts';
import { ToolFinding } from './tool-finding.ts';
import { errorText } from '../../log.ts';
import { OwnFault } from '../../own-fault.ts';
import { plainUrl } from '../../redact.ts';

/** Why a run is not a pass, before anybody has judged it. */
export type Trouble = Pick<
  JourneyTrouble,
  'source' | 'probeFault' | 'errorName' | 'message' | 'waitingForBrowser'
> & {
  /** At the deadline: an `expect` had not settled. */
  expecting?: boolean;
  /** What the journey threw, when that was the trouble. */
  thrown?: { error: unknown };
  /** Whether a picture of the page helps to understand it. */
  picture: boolean;
};

/** The trouble that a thrown value tells of: of an error its name and message only. */
export function describeThrown(error: unknown): Trouble {
  const base = { thrown: { error }, waitingForBrowser: true, picture: true } as const;
  if (error instanceof OwnFault)
    return {
      ...base,
      source: 'probe',
      probeFault: error.fault,
      errorName: error.name,
      message: error.message,
    };
  if (error instanceof Error)
    return {
      ...base,
      source: error instanceof ToolFinding ? 'finding' : 'journey',
      errorName: error.name,
      message: stripVTControlCharacters(errorText(error)).trim(),
    };
  const what = inspect(error, { depth: 1, breakLength: Infinity });
  return {
    ...base,
    source: 'journey',
    errorName: typeof error,
    message: `the journey threw ${what}, which is no Error`,
  };
}

/** A mistake in the journey file. */
export function mistake(message: string): Trouble {
  return { source: 'journey', errorName: 'JourneyMistake', message, waitingForBrowser: true, picture: false };
}

/** A fault of our own machinery. */
export function ownTrouble(probeFault: (typeof PROBE_FAULTS)[number], message: string): Trouble {
  return {
    source: 'probe',
    probeFault,
    errorName: 'OwnFault',
    message,
    waitingForBrowser: true,
    picture: false,
  };
}

/** The trouble together with what the page shows, as `evaluateJourney` takes it. */
export function troubleFacts(trouble: Trouble, state: PageState | undefined): JourneyTrouble {
  const { source, probeFault, errorName, waitingForBrowser } = trouble;
  const shown = source === 'finding' ? undefined : shownBy(state);
  const known = shown === undefined || trouble.message.includes(shown);
  const message = known ? trouble.message : `${shown}; ${trouble.message}`;
  const url = urlOf(trouble.message, state);
  return {
    source,
    probeFault,
    errorName,
    message,
    waitingForBrowser,
    expecting: trouble.expecting ?? false,
    documentStatus: state?.documentStatus,
    documentError: state?.documentError,
    documentPending: state?.pending ?? false,
    ...(url === undefined ? {} : { url }),
  };
}

/** What the page tells beyond what the journey missed in it. */
function shownBy(state: PageState | undefined): string | undefined {
  if (state?.documentError !== undefined) return `the page could not be loaded: ${state.documentError}`;
  return state?.pendingRequest && `${state.pendingRequest} was not answered`;
}

/** The address that could not be reached, else the one of the page. */
function urlOf(message: string, state: PageState | undefined): string | undefined {
  const url = plainUrl(/net::ERR_\w+ at (\S+)/.exec(message)?.[1] ?? state?.url ?? '');
  return url === '' || url.startsWith('about:') ? undefined : url;
}
