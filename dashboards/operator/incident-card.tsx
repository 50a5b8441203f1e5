import { incidentPath, OPERATOR_PATH, runPath, screenshotPath } from '#core/operator-path.ts';
import { formatMs } from '#core/units.ts';
import { Holder } from './acknowledge-form.tsx';
import { DeliveriesTable } from './deliveries-table.tsx';
import { count } from './headline.ts';
import { StandingWord } from './cell-view.tsx';
import type { IncidentView } from './incident-view.ts';
import { AfterDeploy, deployMoments } from './incident-deploy.tsx';
import { LedgerList, TimeToPage } from './ledger-list.tsx';
import { Mark } from './mark.tsx';
import { Screenshot } from './screenshot.tsx';
import type { Cell } from './standing.ts';
import { Clock, Elapsed, Moment } from './time.tsx';
import { INCIDENT_WORDS, RULE_WORDS, type LedgerKind } from './words.ts';

/** An incident at a glance: what, since when, where, and how far its page has come. */
export function IncidentCard(props: {
  incident: IncidentView;
  cells: readonly Cell[];
  /** Whether the legs of its page are unfolded. */
  unfolded: boolean;
  nowMs: number;
}) {
  const { incident, cells, unfolded, nowMs } = props;
  const id = `incident-${incident.check}-${incident.seq}`;
  return (
    <article class={`card incident incident-${incident.status}`} id={id} aria-labelledby={`${id}-title`}>
      <div class="incident-what">
        <h3 id={`${id}-title`}>
          <a href={incidentPath(incident.check, incident.seq)}>{incident.title}</a>{' '}
          <span class="hush">#{incident.seq}</span>
        </h3>
        <Cause incident={incident} />
        <AfterDeploy after={incident.deploy} />
        <Holder incident={incident} next={OPERATOR_PATH} nowMs={nowMs} />
        <IncidentStatus incident={incident} nowMs={nowMs} />
        <IncidentLinks incident={incident} />
        <h4>Regions now</h4>
        <RegionsNow cells={cells} />
        <IncidentPicture incident={incident} />
      </div>
      <div class="incident-page">
        <h4>How far the page has come</h4>
        <details class="way" open={unfolded}>
          <summary>
            <TimeToPage ledger={incident.ledger} nowMs={nowMs} />
          </summary>
          <LedgerList
            ledger={incident.ledger}
            kind={kindOf(incident)}
            moments={deployMoments(incident.deploy)}
            nowMs={nowMs}
          />
        </details>
        <h4>Deliveries</h4>
        <DeliveriesTable deliveries={incident.deliveries} nowMs={nowMs} />
      </div>
    </article>
  );
}

/** What the way of its page is called. */
export function kindOf({ rule }: Pick<IncidentView, 'rule'>): LedgerKind {
  return rule === 'latency' ? 'slow' : 'failing';
}

type CauseSubject = Partial<Pick<IncidentView, 'errorClass' | 'step' | 'latency'>> & {
  /** Of a deploy: why people are needed. */
  why?: string | undefined;
};

/** The error class and the failing step, in one line; of slowness, how slow; of a deploy, why it is paged. */
export function Cause({ incident }: { incident: CauseSubject }) {
  const { latency } = incident;
  if (latency !== undefined)
    return (
      <p class="cause">
        <strong>slow</strong>: {formatMs(latency.latestMs)} instead of {formatMs(latency.normalMs)} in{' '}
        {count(latency.regions.length, 'region')}
      </p>
    );
  if (incident.why !== undefined) return <p class="cause">{incident.why}</p>;
  if (incident.errorClass === undefined) return <p class="cause">No cause on record.</p>;
  return (
    <p class="cause">
      <strong>{incident.errorClass}</strong>
      {incident.step === undefined ? null : (
        <>
          {' at '}
          <q>{incident.step}</q>
        </>
      )}
    </p>
  );
}

/** Status, since when, by which rule, whose it is. */
export function IncidentStatus({ incident, nowMs }: { incident: IncidentView; nowMs: number }) {
  const { word, mark } = INCIDENT_WORDS[incident.status];
  return (
    <dl class="facts">
      <dt>Status</dt>
      <dd>
        <span class={`sign sign-${mark}`}>
          <Mark shape={mark} /> {word}
        </span>
        <StatusDetail incident={incident} nowMs={nowMs} />
      </dd>
      <dt>Since</dt>
      <dd>
        <Moment atMs={incident.sinceMs} nowMs={nowMs} />
      </dd>
      <dt>Why it pages</dt>
      <dd>
        {RULE_WORDS[incident.rule]}
        {incident.flapping ? <Flapping /> : null}
      </dd>
      <Group incident={incident} />
      <dt>Last good run</dt>
      <dd>
        {incident.lastGoodAtMs === undefined ? (
          'none on record'
        ) : (
          <Moment atMs={incident.lastGoodAtMs} nowMs={nowMs} />
        )}
      </dd>
      <dt>Owner</dt>
      <dd>
        {incident.owner} · {incident.severity}
      </dd>
    </dl>
  );
}

/** The label of a check that goes up and down: its incident is held longer before it counts as over. */
export function Flapping() {
  return (
    <span class="label" title="It has changed often of late, so it must be clean for longer to be over">
      flapping
    </span>
  );
}

/** The incidents that one page speaks for: which one leads, or which ones follow. */
function Group({ incident: { lead, checks } }: { incident: IncidentView }) {
  if (lead === undefined && checks.length === 0) return null;
  return (
    <>
      <dt>{lead === undefined ? 'Down with it' : 'Paged as part of'}</dt>
      <dd>
        <ul class="group">
          {lead === undefined ? null : (
            <li>
              <a href={incidentPath(lead.check, lead.seq)}>
                {lead.check} #{lead.seq}
              </a>
            </li>
          )}
          {checks.map(({ check, title, seq }) => (
            <li>
              <a href={incidentPath(check, seq)}>
                {title} #{seq}
              </a>
            </li>
          ))}
        </ul>
      </dd>
    </>
  );
}

function StatusDetail({ incident, nowMs }: { incident: IncidentView; nowMs: number }) {
  if (incident.resolvedAtMs !== undefined)
    return (
      <>
        {' at '}
        <Clock atMs={incident.resolvedAtMs} nowMs={nowMs} />
      </>
    );
  if (incident.cleanSinceMs === undefined) return null;
  return (
    <>
      {', clean for '}
      <Elapsed sinceMs={incident.cleanSinceMs} nowMs={nowMs} />
      {incident.resolvesAtMs === undefined ? null : (
        <>
          {', resolves at '}
          <Clock atMs={incident.resolvesAtMs} nowMs={nowMs} />
        </>
      )}
    </>
  );
}

/** How every region stands at this moment, whatever it said when the incident began. */
export function RegionsNow({ cells }: { cells: readonly Cell[] }) {
  if (cells.length === 0) return <p class="hush">The check’s object did not answer.</p>;
  return (
    <ul class="standings">
      {cells.map((cell) => (
        <li>
          <span class="standing-region">{cell.regionTitle}</span> <StandingWord cell={cell} />
        </li>
      ))}
    </ul>
  );
}

/** The picture of the run that the incident came from, when there is one. */
export function IncidentPicture({ incident }: { incident: IncidentView }) {
  const { runId, check, title } = incident;
  if (runId === undefined || !incident.screenshot) return null;
  return (
    <Screenshot src={screenshotPath(runId)} href={runPath(runId, check)} of={`the failed run of ${title}`} />
  );
}

/** Where to go next: the failed run, its screenshot, the runbook. */
export function IncidentLinks({ incident }: { incident: IncidentView }) {
  const { runId, runbook, check } = incident;
  return (
    <ul class="links">
      {runId === undefined ? null : (
        <li>
          <a href={runPath(runId, check)}>Failed run</a>
        </li>
      )}
      {runId !== undefined && incident.screenshot ? (
        <li>
          <a href={screenshotPath(runId)}>Screenshot</a>
        </li>
      ) : null}
      {runbook === undefined ? null : (
        <li>
          <a href={runbook} rel="noreferrer">
            Runbook
          </a>
        </li>
      )}
    </ul>
  );
}
