import type { CheckKind } from '#core/checks/index.ts';
import type { CheckOf } from '#core/config.ts';
import { createDnsRunner } from './dns.ts';
import { ownFault } from '../run-draft.ts';
import { createJourneyRunner, type JourneyRunnerOptions } from './journey.ts';
import type { Runner } from './runner.ts';

export type RunnerOptions = JourneyRunnerOptions;

/** How each kind of check is run; a kind without a runner does not compile. */
export const RUNNERS: {
  readonly [Kind in CheckKind]: (options: RunnerOptions) => Runner<CheckOf<Kind>>;
} = {
  journey: createJourneyRunner,
  dns: createDnsRunner,
};

/** One runner for checks of every kind; each kind's own is made when it is first needed. */
export function createRunner(options: RunnerOptions): Runner {
  const runners = new Map<CheckKind, Runner>();
  const runnerOf = (kind: CheckKind): Runner => {
    const runner = runners.get(kind) ?? RUNNERS[kind](options);
    runners.set(kind, runner);
    return runner;
  };
  return {
    warm: (check) => runnerOf(check.kind).warm(check),
    run: async (check, deadline, visit) =>
      visit?.selector && check.kind !== 'journey'
        ? ownFault(
            'probe-error',
            `a ${check.kind} check cannot be led anywhere by a selector: only journeys can`,
          )
        : runnerOf(check.kind).run(check, deadline, visit),
    close: async () => {
      await Promise.all([...runners.values()].map((runner) => runner.close()));
    },
    versions: () =>
      Object.assign({}, ...[...runners.values()].map((runner) => runner.versions())) as Record<
        string,
        string
      >,
  };
}
