import type { ActiveWindow } from './check-row.ts';
import { Mark } from './mark.tsx';
import { Clock } from './time.tsx';

/** Announced work that is going on: nobody is woken for what it covers, and that must not be read as health. */
export function MaintenanceBanner({ windows, nowMs }: { windows: readonly ActiveWindow[]; nowMs: number }) {
  return (
    <>
      {windows.map(({ title, untilMs, checks }) => (
        <section class="banner" aria-label="Maintenance">
          <Mark shape="waiting" />
          <p>
            <strong>Maintenance “{title}”</strong> until <Clock atMs={untilMs} nowMs={nowMs} />. Pages of{' '}
            {checks === undefined ? 'all checks' : checks.join(', ')} are held; checks go on, and what still
            fails at its end is paged then.
          </p>
        </section>
      ))}
    </>
  );
}
