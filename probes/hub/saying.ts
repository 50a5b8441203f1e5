import type { Looked, Overdue } from '#core/wire.ts';

/** What is said once and not acknowledged: later it would be no news. */
export type Saying = Overdue | Looked;
