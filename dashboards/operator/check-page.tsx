import type { Check, Config } from '#core/config.ts';
import type { DeployMark } from '#core/deploy/telling/mark.ts';
import { typeName } from '#core/dns/codec/registry.ts';
import type { ToldBaseline } from '#core/dns/memory/told-baseline.ts';
import { failureLabel } from '#core/failure.ts';
import { formatMs } from '#core/units.ts';
import type { CheckView, RunLine } from '#core/view.ts';
import { checkPath, deployPagePath, incidentPath, runPath } from '#core/operator-path.ts';
import { Holder } from './acknowledge-form.tsx';
import { CellView } from './cell-view.tsx';
import { checkRow } from './check-row.ts';
import { VerdictLine } from './checks-table.tsx';
import { Cause } from './incident-card.tsx';
import { incidentView, type IncidentView } from './incident-view.ts';
import { DeployedRow, DeployMarks, withDeploys } from './deploy-marks.tsx';
import { DnsStanding } from './dns-standing.tsx';
import { IncidentsTable } from './incidents-table.tsx';
import type { LayoutProps } from './layout.tsx';
import { PageHead } from './page-head.tsx';
import { MaintenanceBanner } from './maintenance-banner.tsx';
import { Mark } from './mark.tsx';
import { NoticesList } from './notices-list.tsx';
import { durationText, Moment } from './time.tsx';
import { OUTCOME_WORDS, verdictWords } from './words.ts';

/** One check: how each region stands, its last runs, and its incidents; of a DNS check its sizes beside the accepted ones. */
export function checkPage(
  config: Pick<Config, 'regions' | 'paging' | 'maintenance'>,
  check: Check,
  view: CheckView | undefined,
  nowMs: number,
  baseline?: ToldBaseline,
): LayoutProps {
  const row = checkRow(config, check, view, nowMs);
  const incidents = (view?.incidents ?? []).map((incident) =>
    incidentView({
      check,
      paging: config.paging,
      incident,
      deliveries: view?.deliveries ?? [],
      flapping: view?.state.flapping ?? false,
      nowMs,
    }),
  );
  return {
    state: verdictWords(row).word.toLowerCase(),
    title: check.title,
    live: true,
    nowMs,
    children: (
      <>
        <PageHead>
          <h1>{check.title}</h1>
          <VerdictLine check={row} />
          {check.kind === 'dns' ? (
            <p class="address">
              {check.dns.name} {check.dns.types.map(typeName).join(', ')}
            </p>
          ) : null}
          <p class="hush">
            Every {durationText(check.intervalMs)} in each region, at most {durationText(check.timeoutMs)} ·{' '}
            {check.owner} · {check.severity}
            {check.runbook === undefined ? null : (
              <>
                {' · '}
                <a href={check.runbook} rel="noreferrer">
                  Runbook
                </a>
              </>
            )}
          </p>
        </PageHead>
        <MaintenanceBanner windows={row.maintenance ? [row.maintenance] : []} nowMs={nowMs} />
        <section aria-labelledby="incidents">
          <h2 id="incidents">Incidents</h2>
          {incidents
            .filter(({ status }) => status !== 'resolved')
            .map((incident) => (
              <ActiveIncident incident={incident} nowMs={nowMs} />
            ))}
          <IncidentsTable incidents={incidents} nowMs={nowMs} />
        </section>
        <NoticesList deliveries={view?.deliveries ?? []} nowMs={nowMs} />
        {check.kind === 'dns' ? (
          <DnsStanding check={check.id} view={view} baseline={baseline} nowMs={nowMs} />
        ) : null}
        <DeployMarks deploys={row.deploys} nowMs={nowMs} />
        <section aria-labelledby="regions">
          <h2 id="regions">Last runs by region</h2>
          <div class="regions">
            {row.regions.map((cell) => (
              <article class="card" data-key={cell.region}>
                <h3>{cell.regionTitle}</h3>
                <CellView check={check.id} cell={cell} deploys={row.deploys} nowMs={nowMs} />
                {cell.message === undefined ? null : <p class="last-error">{cell.message}</p>}
                <RunsTable
                  check={check.id}
                  runs={view?.runs[cell.region] ?? []}
                  deploys={row.deploys}
                  nowMs={nowMs}
                />
              </article>
            ))}
          </div>
        </section>
      </>
    ),
  };
}

/** An incident that is not over, and who has it. */
function ActiveIncident({ incident, nowMs }: { incident: IncidentView; nowMs: number }) {
  const { check, seq, status } = incident;
  return (
    <div class={`card active incident-${status}`} data-key={seq}>
      <h3>
        <a href={incidentPath(check, seq)}>Incident #{seq}</a>
      </h3>
      <Cause incident={incident} />
      <Holder incident={incident} next={checkPath(check)} nowMs={nowMs} />
    </div>
  );
}

function RunsTable(props: {
  check: string;
  runs: readonly RunLine[];
  deploys: readonly DeployMark[];
  nowMs: number;
}) {
  const { check, runs, deploys, nowMs } = props;
  if (runs.length === 0) return <p class="hush">No runs yet.</p>;
  return (
    <details class="runs" open>
      <summary>The last {runs.length} runs</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Outcome</th>
            <th scope="col">Started</th>
            <th scope="col" class="number">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {withDeploys(runs, deploys).map((line) =>
            'run' in line ? (
              <tr data-key={line.run.id}>
                <th scope="row">
                  <a href={runPath(line.run.id, check)}>
                    <RunOutcome run={line.run} />
                  </a>
                  <RunSide run={line.run} />
                </th>
                <td>
                  <Moment atMs={line.run.startedAtMs} nowMs={nowMs} />
                </td>
                <td class="number">{formatMs(line.run.durationMs)}</td>
              </tr>
            ) : (
              <DeployedRow deploy={line.deploy} nowMs={nowMs} />
            ),
          )}
        </tbody>
      </table>
    </details>
  );
}

/** How a run ended, in a sign and words; late ones say so. */
export function RunOutcome({ run }: { run: Pick<RunLine, 'outcome' | 'failure' | 'late'> }) {
  const { word, mark } = OUTCOME_WORDS[run.outcome];
  return (
    <span class={`sign sign-${mark}`}>
      <Mark shape={mark} /> {word}
      {run.failure === undefined ? '' : `: ${failureLabel(run.failure)}`}
      {run.late ? ', came late' : ''}
    </span>
  );
}

/** Without a selector there is no canary apart: the run verified what everybody gets. */
function isOfEverybody({ side, apart }: NonNullable<RunLine['deploy']>): boolean {
  return side === 'canary' && !apart;
}

/** Which side of which deploy a run verified. */
function RunSide({ run: { deploy } }: { run: Pick<RunLine, 'deploy'> }) {
  if (deploy === undefined) return <></>;
  return (
    <p class="last-error">
      {isOfEverybody(deploy) ? 'verifies' : `${deploy.side} of`}{' '}
      <a href={deployPagePath(deploy.service, deploy.n)}>
        {deploy.service} #{deploy.n}
      </a>
      {deploy.apart ? ', no vote' : ''}
    </p>
  );
}
