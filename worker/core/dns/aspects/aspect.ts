import type { Task } from '../asking/exchange.ts';
import type { Inquiry } from '../asking/inquiry.ts';
import type { Finding } from '../findings/finding.ts';

/**
 * One part of a check. `tasks` names all it wants to know that can be named by now, asked or not: it is called again with
 * what came of them until nothing is new. `findings` judges the end of it; what was never asked is no finding.
 */
export type Aspect = {
  tasks(inquiry: Inquiry): Task[];
  findings(inquiry: Inquiry): Finding[];
};
