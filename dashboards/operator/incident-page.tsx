import type { Check, Config } from '#core/config.ts';
import { sharedFailure, type Page } from '#core/page.ts';
import type { CheckView, IncidentView as StoredIncident } from '#core/view.ts';
import { checkPath, OPERATOR_PATH } from '#core/operator-path.ts';
import { checkRow } from './check-row.ts';
import { DeliveriesTable } from './deliveries-table.tsx';
import { ErrorMessage } from './error-message.tsx';
import { Cause, IncidentLinks, IncidentPicture, IncidentStatus, RegionsNow } from './incident-card.tsx';
import { incidentView } from './incident-view.ts';
import type { LayoutProps } from './layout.tsx';
import { LedgerList, TimeToPage } from './ledger-list.tsx';
import { Clock } from './time.tsx';
import { EVENT_WORDS, INCIDENT_WORDS } from './words.ts';

/**
 * One incident: its cause, how the regions stand now, the way of its page, and what was said to whom.
 * `view`: what the check's object says at present; `undefined` when it did not answer.
 */
export function incidentPage(
  config: Pick<Config, 'regions' | 'paging'>,
  check: Check,
  stored: StoredIncident,
  view: CheckView | undefined,
  nowMs: number,
): LayoutProps {
  const incident = incidentView(check, config.paging, stored.incident, stored.deliveries, nowMs);
  const pages = [...new Map(stored.deliveries.map(({ event, page }) => [event, page])).values()];
  return {
    state: INCIDENT_WORDS[incident.status].word,
    title: `${check.title} #${incident.seq}`,
    live: true,
    nowMs,
    children: (
      <>
        <header class="page-head">
          <nav aria-label="Where you are">
            <a href={OPERATOR_PATH}>All checks</a> › <a href={checkPath(check.id)}>{check.title}</a>
          </nav>
          <h1>
            {check.title} <span class="hush">#{incident.seq}</span>
          </h1>
        </header>
        <div class={`card incident incident-${incident.status}`}>
          <div class="incident-what">
            <Cause incident={incident} />
            <IncidentStatus incident={incident} nowMs={nowMs} />
            <IncidentLinks incident={incident} />
            {incident.url === undefined ? null : (
              <p class="address">
                <span class="hush">At</span> {incident.url}
              </p>
            )}
            {incident.message === undefined ? null : <ErrorMessage text={incident.message} />}
            <h2>Regions now</h2>
            <RegionsNow cells={view ? checkRow(config, check, view, nowMs).regions : []} />
            <IncidentPicture incident={incident} />
          </div>
          <div class="incident-page">
            <h2>Way of the page</h2>
            <p>
              <TimeToPage ledger={incident.ledger} nowMs={nowMs} />
            </p>
            <LedgerList ledger={incident.ledger} nowMs={nowMs} />
          </div>
        </div>
        <section aria-labelledby="deliveries">
          <h2 id="deliveries">Deliveries</h2>
          <DeliveriesTable deliveries={incident.deliveries} nowMs={nowMs} />
        </section>
        {pages.map((page) => (
          <PageAsSent page={page} nowMs={nowMs} />
        ))}
      </>
    ),
  };
}

function PageAsSent({ page, nowMs }: { page: Page; nowMs: number }) {
  const id = `page-${page.event}`;
  const shared = sharedFailure(page);
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{page.event === 'trigger' ? 'The page as sent' : 'The resolve as sent'}</h2>
      <div class="card">
        <p class="cause">{page.summary}</p>
        <dl class="facts">
          <dt>Kind</dt>
          <dd>
            {EVENT_WORDS[page.event]}, {page.severity}, key {page.dedupKey}
          </dd>
          <dt>Decided</dt>
          <dd>
            <Clock atMs={page.decidedAtMs} nowMs={nowMs} />
          </dd>
          {shared === undefined ? null : (
            <>
              <dt>
                {shared.regions === page.regions.length ? 'All' : `${shared.regions} of`}{' '}
                {page.regions.length} regions
              </dt>
              <dd class="address">{shared.text}</dd>
            </>
          )}
          {page.regions.map((line) => (
            <>
              <dt>{line.title}</dt>
              <dd>
                {line.vote}
                {line.failuresInRow > 1 ? `, ${line.failuresInRow} failures in a row` : ''}
                {line.failure === undefined || shared ? null : <p class="last-error">{line.failure}</p>}
              </dd>
            </>
          ))}
        </dl>
      </div>
    </section>
  );
}
