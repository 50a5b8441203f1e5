import type { Check } from '#core/config.ts';
import { STANDINGS, type ObjectiveReport, type ObjectiveStanding } from '#core/objective.ts';
import { incidentPath, LEDGER_PATH } from '#core/operator-path.ts';
import { formatMs } from '#core/units.ts';
import { count } from './headline.ts';
import { AfterDeployLine } from './incident-deploy.tsx';
import type { LayoutProps } from './layout.tsx';
import { PageHead } from './page-head.tsx';
import type { LedgerReport, LedgerRow } from './ledger-report.ts';
import { Mark } from './mark.tsx';
import { Clock, durationText } from './time.tsx';
import { STANDING_NOTES, OBJECTIVE_WORDS } from './words.ts';
import { TableHead } from './table-head.tsx';

/** Rows on the page; the JSON has them all. */
const ROWS_MAX = 200;
/** From here on a percentage says less than how many times. */
const TIMES_FROM = 3;

type Checks = readonly Pick<Check, 'id' | 'title'>[];

/**
 * How long it has taken to wake somebody, over ninety days, against what is promised. `report` is `undefined` when the
 * history could not be read: nothing is known then.
 */
export function ledgerPage(
  report: LedgerReport | undefined,
  checks: Checks,
  check: string | undefined,
  nowMs: number,
): LayoutProps {
  return {
    title: 'Ledger',
    live: false,
    nowMs,
    children: (
      <>
        <PageHead>
          <h1>Time to page</h1>
          <p class="hush">
            From the start of the first failed run to a pager’s acceptance, over the last 90 days.
          </p>
        </PageHead>
        <Filter checks={checks} check={check} />
        {report ? <Report report={report} /> : <Unreadable />}
      </>
    ),
  };
}

function Unreadable() {
  return (
    <p class="card sign sign-blind">
      <Mark shape="blind" /> The history does not answer, so nothing can be said. Pages do not need it.
    </p>
  );
}

function Filter({ checks, check }: { checks: Checks; check: string | undefined }) {
  return (
    <form method="get" action={LEDGER_PATH} class="filter">
      <label for="check">Check</label>
      <select id="check" name="check">
        <option value="">All checks</option>
        {checks.map(({ id, title }) => (
          <option value={id} selected={id === check}>
            {title}
          </option>
        ))}
      </select>
      <button type="submit" class="quiet">
        Show
      </button>
    </form>
  );
}

function Report({ report: ledger }: { report: LedgerReport }) {
  const { report, incidents, objective, truncated, nowMs } = ledger;
  const shown = incidents.slice(0, ROWS_MAX);
  return (
    <>
      <section class="card objective" aria-label="Objective">
        <Verdict report={report} objective={objective} />
        <dl class="tiles">
          <Tile term="Median" value={timeText(report, report.p50Ms)} />
          <Tile term="95th percentile" value={timeText(report, report.p95Ms)} />
          <Tile term="99th percentile" value={timeText(report, report.p99Ms)} />
          <Tile
            term="Allowance for late pages used"
            value={report.budgetUsedRatio === undefined ? '–' : shareText(report.budgetUsedRatio)}
          />
        </dl>
        <Apart report={report} />
      </section>
      <section aria-labelledby="incidents">
        <h2 id="incidents">Incidents</h2>
        {shown.length === 0 ? <p>No incident in 90 days.</p> : <LedgerTable rows={shown} nowMs={nowMs} />}
        {truncated || shown.length < incidents.length ? (
          <p class="hush">
            The newest {shown.length} are listed
            {truncated ? `, and only the newest ${incidents.length} count: there are more` : ''}.
          </p>
        ) : null}
      </section>
    </>
  );
}

/** Kept or missed, said in words first. */
function Verdict({ report, objective }: Pick<LedgerReport, 'report' | 'objective'>) {
  const aim = `${percentText(objective.ratio)} within ${durationText(objective.withinMs)}`;
  const { counted, kept, standings, withinRatio } = report;
  if (kept === undefined || withinRatio === undefined)
    return (
      <p class="objective-word">
        <span class="sign sign-blind">
          <Mark shape="blind" /> Nothing to judge by
        </span>{' '}
        <span class="hush">the objective is {aim}; no incident counts for it yet</span>
      </p>
    );
  return (
    <p class="objective-word">
      <span class={`sign sign-${kept ? 'pass' : 'fail'}`}>
        <Mark shape={kept ? 'pass' : 'fail'} /> Objective {kept ? 'kept' : 'missed'}
      </span>{' '}
      <span class="hush">
        {standings.kept} of {count(counted, 'page')} in time ({percentText(withinRatio)}); the objective is{' '}
        {aim}
      </span>
    </p>
  );
}

function Tile({ term, value }: { term: string; value: string }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** What is not counted, and why: nothing is left out in silence. */
function Apart({ report }: { report: ObjectiveReport }) {
  const apart = STANDINGS.filter((standing) => STANDING_NOTES[standing] && report.standings[standing] > 0);
  if (apart.length === 0) return <></>;
  return (
    <p class="hush">
      Not counted:{' '}
      {apart.map((standing) => `${report.standings[standing]} ${STANDING_NOTES[standing]}`).join(', ')}.
    </p>
  );
}

function LedgerTable({ rows, nowMs }: { rows: readonly LedgerRow[]; nowMs: number }) {
  return (
    <table class="ledger-rows stacks" role="table">
      <TableHead titles={['Incident', 'Began', 'Cause', 'Paged in', 'Slowest leg', 'Acknowledged']} />
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row" data-key={`${row.check}-${row.seq}`}>
            <th role="rowheader" scope="row">
              <RowTitle row={row} />
            </th>
            <td role="cell" data-label="Began">
              <Clock atMs={row.sinceMs} nowMs={nowMs} />
            </td>
            <td role="cell" data-label="Cause">
              {row.rule === 'latency' ? 'slow' : (row.errorClass ?? 'none on record')}
              <AfterDeployLine after={row.deploy} />
            </td>
            <td role="cell" data-label="Paged in">
              <PagedIn row={row} />
            </td>
            <td role="cell" data-label="Slowest leg">
              {row.slowestLeg === undefined
                ? '–'
                : `${row.slowestLeg.name}, ${formatMs(row.slowestLeg.durationMs)}`}
            </td>
            <td role="cell" data-label="Acknowledged">
              {row.acknowledgedBy === undefined
                ? 'by nobody'
                : `${row.acknowledgedBy}${row.acknowledgedAfterMs === undefined ? '' : `, after ${formatMs(row.acknowledgedAfterMs)}`}`}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RowTitle({ row }: { row: LedgerRow }) {
  const text = `${row.title} #${row.seq}`;
  return row.known ? <a href={incidentPath(row.check, row.seq)}>{text}</a> : <>{text}</>;
}

function PagedIn({ row }: { row: LedgerRow }) {
  const { mark } = OBJECTIVE_WORDS[row.standing];
  return (
    <span class={`sign sign-${mark}`}>
      <Mark shape={mark} />{' '}
      {row.timeToPageMs === undefined ? untimedText(row) : timedText(row.timeToPageMs, row.standing)}
    </span>
  );
}

function untimedText({ standing, status }: LedgerRow): string {
  // It is late, but it may still be accepted.
  if (standing === 'missed' && status !== 'resolved') return 'not accepted yet';
  return OBJECTIVE_WORDS[standing].word;
}

/** A time that does not count says why beside it. */
function timedText(timeMs: number, standing: ObjectiveStanding): string {
  const isCounted = standing === 'kept' || standing === 'missed';
  return isCounted ? formatMs(timeMs) : `${formatMs(timeMs)}, ${OBJECTIVE_WORDS[standing].word}`;
}

/** Absent with something counted: the page at that rank was never accepted. */
function timeText(report: ObjectiveReport, timeMs: number | undefined): string {
  if (timeMs !== undefined) return formatMs(timeMs);
  return report.counted === 0 ? '–' : 'never';
}

/** A share that may be far over one: with few pages, the first late one uses up many times what is allowed. */
function shareText(ratio: number): string {
  return ratio < TIMES_FROM ? percentText(ratio) : `${Math.round(ratio)} times`;
}

/** `99 %`, `98.4 %`; never rounded up to a promise that was not kept. */
export function percentText(ratio: number): string {
  return `${Math.floor(ratio * 1_000 + 1e-9) / 10} %`;
}
