import type { Check, Config } from '#core/config.ts';
import { sharedFailure, type Page } from '#core/page.ts';
import { formatMs } from '#core/units.ts';
import type { CheckView, IncidentView as StoredIncident } from '#core/view.ts';
import { checkPath, incidentPath } from '#core/operator-path.ts';
import { Holder } from './acknowledge-form.tsx';
import { checkRow } from './check-row.ts';
import { DeliveriesTable } from './deliveries-table.tsx';
import { ErrorMessage } from './error-message.tsx';
import {
  Cause,
  kindOf,
  IncidentLinks,
  IncidentPicture,
  IncidentStatus,
  RegionsNow,
} from './incident-card.tsx';
import { AfterDeploy, deployMoments } from './incident-deploy.tsx';
import { incidentView } from './incident-view.ts';
import type { LayoutProps } from './layout.tsx';
import { AllChecks, PageHead } from './page-head.tsx';
import { LedgerList, TimeToPage } from './ledger-list.tsx';
import { MaintenanceBanner } from './maintenance-banner.tsx';
import { Clock } from './time.tsx';
import { EVENT_WORDS, INCIDENT_WORDS } from './words.ts';

/**
 * One incident: its cause, how the regions stand now, the way of its page, and what was said to whom.
 * `view`: what the check's object says at present; `undefined` when it did not answer. `name`: of who looks, if known.
 */
export function incidentPage(
  config: Pick<Config, 'regions' | 'paging' | 'maintenance'>,
  check: Check,
  stored: StoredIncident,
  view: CheckView | undefined,
  name: string | undefined,
  nowMs: number,
): LayoutProps {
  const incident = incidentView({
    check,
    paging: config.paging,
    incident: stored.incident,
    deliveries: stored.deliveries,
    flapping: view?.state.flapping ?? false,
    nowMs,
  });
  const row = view && checkRow(config, check, view, nowMs);
  const pages = pagesOf(stored.deliveries);
  return {
    state: INCIDENT_WORDS[incident.status].word,
    title: `${check.title} #${incident.seq}`,
    live: true,
    nowMs,
    children: (
      <>
        <PageHead
          trail={
            <>
              <AllChecks /> › <a href={checkPath(check.id)}>{check.title}</a>
            </>
          }
        >
          <h1>
            {check.title} <span class="hush">#{incident.seq}</span>
          </h1>
        </PageHead>
        <MaintenanceBanner windows={row?.maintenance ? [row.maintenance] : []} nowMs={nowMs} />
        <div class={`card incident incident-${incident.status}`}>
          <div class="incident-what">
            <Cause incident={incident} />
            <AfterDeploy after={incident.deploy} />
            <Holder
              incident={incident}
              next={incidentPath(check.id, incident.seq)}
              named={{ name }}
              nowMs={nowMs}
            />
            <IncidentStatus incident={incident} nowMs={nowMs} />
            <IncidentLinks incident={incident} />
            {incident.url === undefined ? null : (
              <p class="address">
                <span class="hush">At</span> {incident.url}
              </p>
            )}
            {incident.message === undefined ? null : <ErrorMessage text={incident.message} />}
            <h2>Regions now</h2>
            <RegionsNow cells={row?.regions ?? []} />
            <IncidentPicture incident={incident} />
          </div>
          <div class="incident-page">
            <h2>Way of the page</h2>
            <p>
              <TimeToPage ledger={incident.ledger} nowMs={nowMs} />
            </p>
            <LedgerList
              ledger={incident.ledger}
              kind={kindOf(incident)}
              moments={deployMoments(incident.deploy)}
              nowMs={nowMs}
            />
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

/** What was said, in the order it was: the page, its updates, the end. What wakes nobody is listed above. */
function pagesOf(deliveries: StoredIncident['deliveries']): Page[] {
  const pages = deliveries
    .filter(({ event }) => event !== 'notice' && event !== 'change')
    .map(({ page }) => page);
  return [...new Map(pages.map((page) => [`${page.event}-${page.decidedAtMs}`, page])).values()].toSorted(
    (a, b) => a.decidedAtMs - b.decidedAtMs,
  );
}

const SENT_WORDS: Record<Page['event'], string> = {
  trigger: 'The page as sent',
  update: 'The update as sent',
  acknowledge: 'The acknowledgement as sent',
  resolve: 'The resolve as sent',
  notice: 'The notice as sent',
  change: 'The change as sent',
};

function PageAsSent({ page, nowMs }: { page: Page; nowMs: number }) {
  const id = `page-${page.event}-${page.decidedAtMs}`;
  const shared = sharedFailure(page);
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{SENT_WORDS[page.event]}</h2>
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
          {page.deploy === undefined ? null : (
            <>
              <dt>Deploy</dt>
              <dd>
                {page.deploy.title} {page.deploy.version}
                {page.deploy.previousVersion === undefined ? '' : ` (was ${page.deploy.previousVersion})`}
                {page.deploy.afterMs === undefined ? '' : `, ${formatMs(page.deploy.afterMs)} before`}
              </dd>
            </>
          )}
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
