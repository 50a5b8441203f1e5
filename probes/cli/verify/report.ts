import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';

/** Exit statuses; they are for good, as pipelines go by them. */
export const EXIT = { good: 0, bad: 1, unknown: 2 } as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** A deploy as `--json` prints it; stable. `error`: why the hub was not followed to the end. */
export type VerifyReport = ToldDeploy & { exitStatus: ExitStatus; error?: string };

/** What a pipeline is to make of an outcome. A version that was rolled back, however well, is not the one it wanted. */
export function exitStatusOf({ outcome }: Pick<ToldDeploy, 'outcome'>): ExitStatus {
  switch (outcome) {
    case 'good':
    case 'marked':
      return EXIT.good;
    case 'bad':
    case 'both-failing':
      return EXIT.bad;
    case 'cannot-tell':
    case 'blocked':
    case 'superseded':
    case undefined:
      return EXIT.unknown;
  }
}

/** The deploy as it was told last. */
export function verifyReport(told: ToldDeploy, exitStatus: ExitStatus, error?: string): VerifyReport {
  return { ...told, exitStatus, ...(error === undefined ? {} : { error }) };
}
