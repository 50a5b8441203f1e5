import type { Child } from 'hono/jsx';
import { OPERATOR_PATH } from '#core/operator-path.ts';

/** The head of a page: the way back, which is to all checks unless the page is elsewhere, and what the page says of itself. */
export function PageHead({ trail = <AllChecks />, children }: { trail?: Child; children?: Child }) {
  return (
    <header class="page-head">
      <nav aria-label="Where you are">{trail}</nav>
      {children}
    </header>
  );
}

/** The first step of the way back. */
export function AllChecks() {
  return <a href={OPERATOR_PATH}>All checks</a>;
}
