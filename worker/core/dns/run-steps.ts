import type { Step } from '../run.ts';
import type { Inquiry } from './aspect.ts';

/** The run for its page: a step a server, with its questions inside; `error` is the class that was not wished for. */
export function stepsOf(_inquiry: Inquiry): Step[] {
  return [];
}
