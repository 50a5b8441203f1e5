import type { Config } from '#core/config.ts';
import { DEPLOYS_PAGE_PATH } from '#core/operator-path.ts';
import type { ServiceView } from '#core/deploy/telling/service-view.ts';
import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { formatMs } from '#core/units.ts';
import { DeliveriesTable } from './deliveries-table.tsx';
import { Checklist } from './deploy-checklist.tsx';
import { ChecksCompared } from './deploy-checks.tsx';
import {
  deployHeadline,
  deployName,
  ROLLBACK_NAMES,
  versionBefore,
  type DeployHeadline,
} from './deploy-headline.ts';
import { deployIncident } from './deploy-incident.ts';
import { NextStep } from './deploy-next.tsx';
import { deliveryView } from './incident-view.ts';
import type { LayoutProps } from './layout.tsx';
import { PageHead } from './page-head.tsx';
import { LedgerList } from './ledger-list.tsx';
import { ledgerView } from './ledger.ts';
import { Mark } from './mark.tsx';
import { Clock, Elapsed, Moment } from './time.tsx';
import { DEPLOY_TONE_MARKS } from './words.ts';

/**
 * One deploy, for somebody woken by it: the verdict, what to do, and then what it is made of. `view`: what its service's object
 * tells besides; `undefined` when it did not answer. `name`: of who looks, if known.
 */
export function deployPage(
  config: Pick<Config, 'regions' | 'services' | 'paging'>,
  deploy: ToldDeploy,
  view: ServiceView | undefined,
  name: string | undefined,
  nowMs: number,
): LayoutProps {
  const service = config.services.find(({ id }) => id === deploy.service);
  const incident = view && deployIncident(config, view, deploy.n);
  const isLatest = (view?.deploys[0]?.n ?? deploy.n) === deploy.n;
  const headline = deployHeadline(deploy, isLatest);
  const deliveries = (view?.deliveries ?? [])
    .filter(({ seq }) => seq === deploy.n)
    .toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  return {
    state: headline.short,
    title: deployName(deploy),
    live: true,
    nowMs,
    children: (
      <>
        <PageHead
          trail={
            <>
              <a href={DEPLOYS_PAGE_PATH}>Deploys</a> › {deploy.title} <span class="hush">#{deploy.n}</span>
            </>
          }
        />
        <Verdict deploy={deploy} headline={headline} nowMs={nowMs} />
        <NextStep
          deploy={deploy}
          isLatest={isLatest}
          settings={service?.rollback}
          incident={incident}
          freeze={isLatest ? view?.freeze : undefined}
          name={name}
          nowMs={nowMs}
        />
        <Facts deploy={deploy} runbook={service?.runbook} nowMs={nowMs} />
        {deploy.verification ? (
          <section aria-labelledby="compared">
            <h2 id="compared">{deploy.verification.paired ? 'Canary beside baseline' : 'Its runs'}</h2>
            <ChecksCompared
              config={config}
              verification={deploy.verification}
              names={{
                canary: `${deploy.version}${deploy.verification.paired ? ' canary' : ''}`,
                baseline: `${deploy.previousVersion ?? 'Before'} baseline`,
              }}
              isAgain={false}
              nowMs={nowMs}
            />
          </section>
        ) : null}
        {deploy.again ? (
          <section aria-labelledby="again">
            <h2 id="again">After the rollback: is {versionBefore(deploy)} healthy?</h2>
            <ChecksCompared
              config={config}
              verification={deploy.again}
              names={{ canary: deploy.previousVersion ?? 'Version before', baseline: 'Baseline' }}
              isAgain={true}
              nowMs={nowMs}
            />
          </section>
        ) : null}
        {deploy.checklist.length === 0 ? null : (
          <section aria-labelledby="checklist">
            <h2 id="checklist">Checklist</h2>
            <Checklist gates={deploy.checklist} nowMs={nowMs} />
          </section>
        )}
        <section aria-labelledby="timeline">
          <h2 id="timeline">Timeline</h2>
          <Timeline deploy={deploy} nowMs={nowMs} />
        </section>
        <section aria-labelledby="deliveries">
          <h2 id="deliveries">Pages, notices and changes sent</h2>
          <Sent view={view} n={deploy.n} deliveries={deliveries} nowMs={nowMs} />
        </section>
      </>
    ),
  };
}

/** The verdict in one sentence, why, and of one that goes on how long it has, and what is waited for. */
function Verdict(props: { deploy: ToldDeploy; headline: DeployHeadline; nowMs: number }) {
  const { deploy, headline, nowMs } = props;
  const { tone, text, isGoingOn, awaited } = headline;
  return (
    <section class={`headline tone-${tone}`} aria-labelledby="headline">
      <Mark shape={DEPLOY_TONE_MARKS[tone]} />
      <div>
        <h1 id="headline" aria-live="polite">
          {text}
        </h1>
        <p class="reason">{reasonNow(deploy)}</p>
        <ul class="notes">
          {awaited === undefined ? null : (
            <li>
              <strong>
                <Elapsed sinceMs={deploy.announcedAtMs} nowMs={nowMs} />
              </strong>{' '}
              so far. {awaited.text}
              {awaited.last === undefined ? null : (
                <>
                  {' '}
                  {awaited.last.text} <Clock atMs={awaited.last.atMs} nowMs={nowMs} />.
                </>
              )}
            </li>
          )}
          <li>
            Announced <Moment atMs={deploy.announcedAtMs} nowMs={nowMs} />
            {isGoingOn ? null : <EndedAfter deploy={deploy} />}.
          </li>
          {ownWarnings(deploy).map((warning) => (
            <li class="sign-warning">
              <Mark shape="warning" /> {warning}
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

/** Warnings that are not told of a journey below. */
function ownWarnings({ warnings, verification }: ToldDeploy): string[] {
  const told = new Set((verification?.checks ?? []).flatMap((check) => check.warnings));
  return warnings.filter((warning) => !told.has(warning));
}

/** Why; of one that is being verified how its journeys stand, as nothing is decided yet. */
function reasonNow({ phase, reason, verification }: ToldDeploy): string {
  const undecided = (verification?.checks ?? []).filter(({ outcome }) => outcome === 'keep-going');
  if (phase !== 'verifying' || undecided.length === 0) return reason;
  const [first] = undecided;
  if (undecided.length === 1 && first) return first.reason;
  return undecided.map((check) => `${check.title}: ${check.reason}`).join(' ');
}

function EndedAfter({ deploy }: { deploy: ToldDeploy }) {
  const { announcedAtMs, decidedAtMs, endedAtMs } = deploy;
  return (
    <>
      {decidedAtMs === undefined ? '' : `, decided after ${formatMs(decidedAtMs - announcedAtMs)}`}
      {endedAtMs === undefined || endedAtMs === decidedAtMs
        ? ''
        : `, over after ${formatMs(endedAtMs - announcedAtMs)}`}
    </>
  );
}

function Facts(props: { deploy: ToldDeploy; runbook: string | undefined; nowMs: number }) {
  const { deploy, runbook, nowMs } = props;
  const { version, previousVersion, commit, url, by, canary, baseline, rollback } = deploy;
  return (
    <section aria-label="About this deploy">
      <dl class="facts">
        <dt>Version</dt>
        <dd>
          {version}
          {previousVersion === undefined ? null : <span class="hush"> was {previousVersion}</span>}
        </dd>
        {commit === undefined ? null : (
          <>
            <dt>Commit</dt>
            <dd class="address">{commit}</dd>
          </>
        )}
        <dt>Announced by</dt>
        <dd>
          {by}
          {url === undefined ? null : (
            <>
              {', '}
              <a href={url} rel="noreferrer">
                its pipeline
              </a>
            </>
          )}
        </dd>
        {canary === undefined ? null : (
          <>
            <dt>Canary reached</dt>
            <dd class="address">
              by {canary}
              {baseline === undefined ? '' : `; baseline by ${baseline}`}
            </dd>
          </>
        )}
        {rollback === undefined ? null : (
          <>
            <dt>Rollback</dt>
            <dd>
              by {ROLLBACK_NAMES[rollback.kind]}, {ROLLBACK_STATE_WORDS[rollback.state]}
              {rollback.calledAtMs === undefined ? null : (
                <>
                  {' '}
                  at <Clock atMs={rollback.calledAtMs} nowMs={nowMs} />
                </>
              )}
              {rollback.askedBy === undefined ? '' : `; asked for by ${rollback.askedBy}`}
              {rollback.reference === undefined ? null : (
                <span class="hush address"> ({rollback.reference})</span>
              )}
            </dd>
          </>
        )}
        {runbook === undefined ? null : (
          <>
            <dt>Runbook</dt>
            <dd class="address">
              <a href={runbook} rel="noreferrer">
                {runbook}
              </a>
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

const ROLLBACK_STATE_WORDS: Record<NonNullable<ToldDeploy['rollback']>['state'], string> = {
  offered: 'not asked for',
  asked: 'not called yet',
  called: 'called',
  failed: 'failed',
};

/** What happened, in order, with the time since the announcement. */
function Timeline({ deploy, nowMs }: { deploy: ToldDeploy; nowMs: number }) {
  return (
    <ol class="card timeline">
      {deploy.timeline.map(({ atMs, text }) => (
        <li class="timeline-moment">
          <span class="timeline-clock">
            <Clock atMs={atMs} nowMs={nowMs} />
          </span>
          <span class="timeline-after">+{formatMs(Math.max(0, atMs - deploy.announcedAtMs))}</span>
          <span class="timeline-text">{text}</span>
        </li>
      ))}
      {deploy.endedAtMs === undefined ? (
        <li class="timeline-moment hush">
          <span class="timeline-clock">now</span>
          <span class="timeline-after">
            <Elapsed sinceMs={deploy.announcedAtMs} nowMs={nowMs} />
          </span>
          <span class="timeline-text">goes on</span>
        </li>
      ) : null}
    </ol>
  );
}

/** Who was told what; of a page how far it has come. */
function Sent(props: {
  view: ServiceView | undefined;
  n: number;
  deliveries: ServiceView['deliveries'];
  nowMs: number;
}) {
  const { view, n, deliveries, nowMs } = props;
  if (view === undefined)
    return (
      <p class="sign sign-blind">
        <Mark shape="blind" /> The service’s object did not answer, so what was sent is not known.
      </p>
    );
  const { incident } = view;
  return (
    <>
      {incident?.seq === n ? (
        <div class="card">
          <p class="cause">{incident.why}</p>
          <LedgerList
            ledger={ledgerView(
              {
                ledger: incident.ledger,
                status: incident.resolvedAtMs === undefined ? 'open' : 'resolved',
              },
              nowMs,
            )}
            kind="deploy"
            nowMs={nowMs}
          />
        </div>
      ) : null}
      {deliveries.length === 0 ? (
        <p class="hush">Nobody was told anything.</p>
      ) : (
        <DeliveriesTable deliveries={deliveries.map(deliveryView)} nowMs={nowMs} />
      )}
    </>
  );
}
