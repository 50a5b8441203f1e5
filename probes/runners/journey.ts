import { resolve } from 'node:path';
import type { JourneyCheck } from '#core/config.ts';
import type { Service } from '#core/deploy/service/service.ts';
import { WarmBrowser, type BrowserOptions, type Lease } from '../browser/browser.ts';
import { DeadlineError, withDeadline } from '../deadline.ts';
import { loadJourney } from './journey/journey-file.ts';
import { runJourney } from './journey/journey-run.ts';
import { errorText } from '../log.ts';
import { MEMORY_FREE_MIB_MIN, availableMemoryMiB } from '../browser/memory.ts';
import { OwnFault } from '../own-fault.ts';
import { createRedactor, readSecrets, type Redactor } from '../redact.ts';
import { RunDeadline } from '../run-deadline.ts';
import { ownFault } from '../run-draft.ts';
import { selectionOf } from './journey/selection.ts';
import { withStrays } from './journey/strays.ts';
import type { Visit } from '../visit.ts';
import { READY_MS_MAX, type Runner, type RunResult } from './runner.ts';

export type JourneyRunnerOptions = BrowserOptions & {
  /** What the journeys' paths are relative to: the folder of the configuration. */
  directory: string;
  /** The configuration's: whose addresses may take the place of a journey's. */
  services?: readonly Service[] | undefined;
  /** MiB that can still be taken; the machine's own measure when absent. */
  availableMiB?: (() => Promise<number | undefined>) | undefined;
};

/** The runner of journeys: one warm Chromium, a fresh context for each run. */
export function createJourneyRunner(options: JourneyRunnerOptions): Runner<JourneyCheck> {
  const browser = new WarmBrowser(options);
  return {
    warm: () => browser.warm(),
    run: (check, deadline = new RunDeadline(check.timeoutMs), visit) =>
      runOnce({ check, deadline, visit }, options, browser),
    close: () => browser.close(),
    versions: () => {
      const chromium = browser.version();
      return chromium === undefined ? {} : { chromium };
    },
  };
}

async function runOnce(
  { check, deadline, visit }: { check: JourneyCheck; deadline: RunDeadline; visit: Visit | undefined },
  options: JourneyRunnerOptions,
  browser: WarmBrowser,
): Promise<RunResult> {
  const startedMs = performance.now();
  const readyByMs = startedMs + READY_MS_MAX;
  const leftMs = (): number => Math.max(1, readyByMs - performance.now());
  let clean: Redactor = createRedactor(new Map());
  try {
    // Everything that is ours to get right comes before the first packet to the target.
    const service = options.services?.find(({ id }) => id === visit?.deploy.service);
    const selection = selectionOf(check, visit, service);
    clean = createRedactor(selection.hidden);
    const secrets = readSecrets(check.secrets, options.env);
    clean = createRedactor(new Map([...secrets, ...selection.hidden]));
    const journey = await loadJourney(resolve(options.directory, check.file), leftMs());
    await admit(options, visit);
    const lease = await leaseWithin(browser, leftMs());
    try {
      const { log } = options;
      return await withStrays(check.id, log, clean, (strays) =>
        runJourney({ selection, deadline, journey, lease, secrets, clean, readyByMs, strays, log }),
      );
    } finally {
      lease.release();
    }
  } catch (error) {
    const tookMs = performance.now() - startedMs;
    // Its message says it all; the cause behind it would be said twice.
    if (error instanceof OwnFault) return ownFault(error.fault, clean(error.message), tookMs);
    return ownFault('probe-error', clean(errorText(error)), tookMs);
  }
}

/** A browser that takes longer to start serves the next run; this one would measure our own slowness. */
async function leaseWithin(browser: WarmBrowser, deadlineMs: number): Promise<Lease> {
  const leasing = browser.lease();
  try {
    return await withDeadline(leasing, deadlineMs, 'starting the browser');
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    void leasing.then(
      (lease) => lease.release(),
      () => undefined,
    );
    throw new OwnFault('overload', `the browser was not ready within ${READY_MS_MAX} ms`, { cause: error });
  }
}

/**
 * Memory admission: a browser that the kernel kills in the middle of a login tells nothing about the target. A run that
 * verifies a deploy leaves room for one of the schedule, which may be due in the middle of it.
 */
async function admit(
  { availableMiB = availableMemoryMiB }: JourneyRunnerOptions,
  visit: Visit | undefined,
): Promise<void> {
  const free = await availableMiB();
  const neededMiB = visit ? 2 * MEMORY_FREE_MIB_MIN : MEMORY_FREE_MIB_MIN;
  if (free !== undefined && free < neededMiB)
    throw new OwnFault(
      'memory',
      `the probe has ${Math.floor(free)} MiB of memory left, a run${visit ? ' beside the schedule' : ''} needs ${neededMiB} MiB`,
    );
}
