import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'playwright/test';
import { evaluateJourney } from '#core/checks/journey.ts';
import { failureLabel, type Failure } from '#core/failure.ts';
import { formatMs } from '#core/units.ts';
import type { Lease } from '../../browser/browser.ts';
import { diagnose, type PageState } from './diagnosis.ts';
import { checkLastDocuments } from './last-document.ts';
import { Expectations } from './expectations.ts';
import { HeaderRefusals } from './header-refusals.ts';
import type { Journey, JourneyTools } from '../../journey.ts';
import { openToolBox } from './journey-tools.ts';
import { describeThrown, mistake, ownTrouble, troubleFacts, type Trouble } from './journey-trouble.ts';
import { errorText, type Log } from '../../log.ts';
import { plainUrl, type Redactor } from '../../redact.ts';
import { openRoom, type Room } from '../../browser/room.ts';
import type { RunDeadline } from '../../run-deadline.ts';
import { KILL_GRACE_MS, type RunResult } from '../runner.ts';
import type { Selection } from './selection.ts';
import { takeScreenshot } from '../../browser/screenshot.ts';
import { StepRecorder } from './steps.ts';

/** Kept of the grace for closing the context, and for a kill in its place. */
const CLOSE_MS = 600;
const KILL_MS = 300;
/** After this long without a picture there is none: the report goes first. */
const SCREENSHOT_DEADLINE_MS = 2_000;
/** How long a crash may take to be noticed after the call that it has ended. */
const CRASH_NOTICE_MS = 300;
const CLOSED = /has been closed|Target crashed|Target closed|Browser closed|Connection closed/;

export type JourneyRunOptions = {
  /** How the run gets to its version; the check is in it. */
  selection: Selection;
  /** When the journey must have ended; it begins when the context is open. */
  deadline: RunDeadline;
  journey: Journey;
  lease: Lease;
  secrets: ReadonlyMap<string, string>;
  clean: Redactor;
  /** On the scale of `performance.now()`: when the context must be open. */
  readyByMs: number;
  /** Errors that the journey has left behind so far. */
  strays: readonly string[];
  log: Log;
};

type Settled = { kind: 'done' } | { kind: 'threw'; error: unknown };
type Ending = Settled | { kind: 'deadline' } | { kind: 'died'; what: string };

/** What was found before the context is closed. */
type Finding = { trouble?: Trouble | undefined; state?: PageState | undefined };

/**
 * Runs a journey in a fresh context and closes it, within the deadline plus `KILL_GRACE_MS` once it is open. Rejects with
 * an `OwnFault` when no context could be had; anything else is in the result.
 */
export async function runJourney(options: JourneyRunOptions): Promise<RunResult> {
  const { deadline, lease, readyByMs } = options;
  const { check, entry } = options.selection;
  const room = await openRoom(lease, check.timeoutMs, readyByMs - performance.now(), entry);
  const refusals = new HeaderRefusals(room.context, entry.headers);
  const startedMs = performance.now();
  deadline.begin();
  const newestUrl = (): string => plainUrl((room.context.pages().at(-1) ?? room.page).url());
  const steps = new StepRecorder(() => performance.now() - startedMs, newestUrl);
  const expectations = new Expectations(expect, deadline);
  const mistakes: Error[] = [];
  const box = openToolBox({ ...options, check, room, steps, expectations, mistakes });
  const code = settled(options.journey, box.tools);

  const ending = await firstOf(code, room, deadline);
  const unfinished = box.unfinished();
  const durationMs = performance.now() - startedMs;

  const found = await examine({ ending, unfinished, mistakes, room, expectations, deadline });
  const { state } = found;
  let trouble = refusals.reconsidered(found.trouble);
  const screenshot = trouble?.picture ? await picture(options, state) : undefined;
  const reason = `still waiting when the run ended after ${formatMs(durationMs)}`;
  await room.close(reason, Math.max(CLOSE_MS, deadline.leftMs()));
  box.end();
  if (ending.kind === 'deadline' && trouble?.source === 'deadline')
    trouble = await explainDeadline(deadline, trouble, state, code);
  if (!trouble) {
    // A forgotten await shows when the context closes under it.
    await nextTurn();
    const [stray] = options.strays;
    if (stray !== undefined) trouble = mistake(`a call that was not awaited failed: ${stray}`);
  }
  return resultOf({ options, steps, durationMs, trouble, state, screenshot });
}

/** Runs the journey's own code; never rejects. */
async function settled(journey: Journey, tools: JourneyTools): Promise<Settled> {
  try {
    await journey.run(tools);
    return { kind: 'done' };
  } catch (error) {
    return { kind: 'threw', error };
  }
}

async function firstOf(code: Promise<Settled>, room: Room, deadline: RunDeadline): Promise<Ending> {
  const died = room.died.then((what): Ending => ({ kind: 'died', what }));
  return (await deadline.within(Promise.race([code, died]))) ?? { kind: 'deadline' };
}

/** Whether something is wrong, and what the page shows of it. */
async function examine(seen: {
  ending: Ending;
  unfinished: string[];
  mistakes: readonly Error[];
  room: Room;
  expectations: Expectations;
  deadline: RunDeadline;
}): Promise<Finding> {
  const { ending, unfinished, room, deadline } = seen;
  const [first] = seen.mistakes;
  if (first) return { trouble: { ...describeThrown(first), picture: false } };
  switch (ending.kind) {
    case 'died':
      return { trouble: ownTrouble('browser-crash', ending.what) };
    case 'threw': {
      const trouble = describeThrown(ending.error);
      if (CLOSED.test(trouble.message)) {
        const crash = await within(CRASH_NOTICE_MS, room.died);
        if (crash !== undefined) return { trouble: ownTrouble('browser-crash', crash) };
        if (room.page.isClosed())
          return { trouble: mistake(`the journey used its page after closing it: ${trouble.message}`) };
      }
      return lookAt(room, trouble);
    }
    case 'deadline': {
      const trouble: Trouble = {
        source: 'deadline',
        errorName: 'DeadlineError',
        message: '',
        waitingForBrowser: false,
        expecting: seen.expectations.waiting().length > 0,
        picture: true,
      };
      return lookAt(room, trouble);
    }
    case 'done': {
      if (unfinished.length > 0) return { trouble: mistake(`not awaited: ${unfinished.join(', ')}`) };
      const finding = await checkLastDocuments(room, seen.expectations.count, deadline);
      const crash = finding.trouble ? await within(CRASH_NOTICE_MS, room.died) : undefined;
      return crash === undefined ? finding : { trouble: ownTrouble('browser-crash', crash) };
    }
    default:
      return ending satisfies never;
  }
}

/** What the page shows; a crash may come to light only now, for it reaches us after the call that it has ended. */
async function lookAt(room: Room, trouble: Trouble): Promise<Finding> {
  const state = await diagnose(room.context, room.failures);
  const crash = room.death();
  return crash === undefined ? { trouble, state } : { trouble: ownTrouble('browser-crash', crash) };
}

/** What the promise gives, if it does so within `boundMs`. */
async function within<T>(boundMs: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, boundMs));
  });
  const first = await Promise.race([promise, late]);
  clearTimeout(timer);
  return first;
}

async function picture(
  options: JourneyRunOptions,
  state: PageState | undefined,
): Promise<Uint8Array | undefined> {
  if (!state) return undefined;
  const leftMs = options.deadline.leftMs() + KILL_GRACE_MS - CLOSE_MS - KILL_MS;
  const boundMs = Math.min(SCREENSHOT_DEADLINE_MS, leftMs);
  if (boundMs <= 0) return undefined;
  const { secrets, selection } = options;
  try {
    return await takeScreenshot(state.page, [...secrets.values(), ...selection.hidden.values()], boundMs);
  } catch (error) {
    options.log('info', 'no-screenshot', { check: selection.check.id, why: options.clean(errorText(error)) });
    return undefined;
  }
}

/**
 * The closed context has ended whatever the journey asked of the browser: a journey that still does not end waits for
 * something of its own.
 */
async function explainDeadline(
  deadline: RunDeadline,
  trouble: Trouble,
  state: PageState | undefined,
  code: Promise<Settled>,
): Promise<Trouble> {
  const late = `no end within ${formatMs(deadline.limitMs)}`;
  const graceMs = deadline.leftMs() + KILL_GRACE_MS - KILL_MS;
  const ended = await within(graceMs, code);
  if (state?.pendingRequest !== undefined)
    return {
      ...trouble,
      waitingForBrowser: true,
      message: `${late}: ${state.pendingRequest} was not answered`,
    };
  if (ended === undefined)
    return {
      ...trouble,
      waitingForBrowser: false,
      message: `${late}: the journey was waiting for something of its own, not for the browser`,
    };
  const cause = ended.kind === 'threw' ? `: ${describeThrown(ended.error).message}` : '';
  return { ...trouble, waitingForBrowser: true, message: `${late}${cause}` };
}

function resultOf(found: {
  options: JourneyRunOptions;
  steps: StepRecorder;
  durationMs: number;
  trouble: Trouble | undefined;
  state: PageState | undefined;
  screenshot: Uint8Array | undefined;
}): RunResult {
  const { options, steps, durationMs, trouble, state, screenshot } = found;
  const { clean } = options;
  const failure = trouble && failureOf(trouble, state, steps, clean);
  const labelOf = (thrown?: { error: unknown }): string => {
    const isTheFailure = !thrown || (trouble?.thrown && Object.is(trouble.thrown.error, thrown.error));
    if (failure && isTheFailure) return failureLabel(failure);
    return failureLabel(evaluateJourney(troubleFacts(describeThrown(thrown?.error), undefined)));
  };
  return {
    outcome: failure === undefined ? 'pass' : failure.owner === 'target' ? 'fail' : 'invalid',
    ...(failure ? { failure } : {}),
    steps: steps.finish(labelOf, clean),
    durationMs,
    ...(screenshot ? { screenshot } : {}),
  };
}

function failureOf(
  trouble: Trouble,
  state: PageState | undefined,
  steps: StepRecorder,
  clean: Redactor,
): Failure {
  const facts = troubleFacts(trouble, state);
  const path = steps.pathOf(trouble.thrown);
  return evaluateJourney({
    ...facts,
    message: clean(facts.message),
    ...(path.length > 0 ? { step: clean(path.join(' › ')) } : {}),
    ...(facts.url === undefined ? {} : { url: clean(facts.url) }),
  });
}
