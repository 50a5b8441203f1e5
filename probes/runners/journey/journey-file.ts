import { pathToFileURL } from 'node:url';
import { withDeadline } from '../../deadline.ts';
import { isJourney, type Journey } from '../../journey.ts';
import { loadProblem } from '../../load-problem.ts';
import { OwnFault } from '../../own-fault.ts';

/** The journey in `path`. Throws `OwnFault` `journey-error` naming the file and what was expected of it. */
export async function loadJourney(path: string, deadlineMs: number): Promise<Journey> {
  let module: { default?: unknown };
  try {
    module = (await withDeadline(import(pathToFileURL(path).href), deadlineMs, 'loading it')) as {
      default?: unknown;
    };
  } catch (error) {
    throw new OwnFault(
      'journey-error',
      `${path}: expected a journey, cannot be loaded: ${loadProblem(path, error)}`,
      {
        cause: error,
      },
    );
  }
  if (isJourney(module.default)) return module.default;
  throw new OwnFault(
    'journey-error',
    `${path}: expected \`export default defineJourney(…)\`, got ${
      module.default === undefined ? 'no default export' : `a default export of type ${typeof module.default}`
    }`,
  );
}
