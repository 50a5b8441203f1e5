import type { Problem } from '../../problem.ts';
import { Announcement } from './announcement.ts';

const SELECTORS = new Set(['canary', 'baseline']);
/** What of a selector may be shown; its value may open a door that is closed to others. */
const SHOWN = new Set(['kind', 'name', 'var', 'url']);

/** Problems of an announcement as they may be told: without what a selector's value may be in, a key written wrong included. */
export function tellableProblems(problems: readonly Problem[]): Problem[] {
  return problems.map((problem) => {
    const [first = '', second] = problem.path.split('.');
    const isTellable = SELECTORS.has(first)
      ? second !== undefined && SHOWN.has(second)
      : Object.hasOwn(Announcement.shape, first);
    return isTellable || problem.received === 'nothing'
      ? problem
      : { ...problem, received: 'what is not shown here' };
  });
}
