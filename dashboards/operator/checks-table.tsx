import { checkPath, incidentPath } from '#core/operator-path.ts';
import { CellView } from './cell-view.tsx';
import { isSeenInPart, type CheckRow } from './check-row.ts';
import { count } from './headline.ts';
import { Flapping } from './incident-card.tsx';
import { Mark } from './mark.tsx';
import type { Overview } from './overview.ts';
import { Clock, durationText, Moment } from './time.tsx';
import { verdictWords } from './words.ts';

/** Checks × regions. The roles are written out because a phone's layout takes the table's boxes apart. */
export function ChecksTable({ overview }: { overview: Overview }) {
  const { checks, regions, nowMs } = overview;
  const shown = regions.filter(({ region }) =>
    checks.some((check) => check.regions.some((cell) => cell.region === region)),
  );
  if (checks.length === 0) return <p>No checks are configured.</p>;
  return (
    <div class="scroller" role="region" aria-labelledby="checks" tabindex={0}>
      <table class="checks stacks" role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">
              Check
            </th>
            {shown.map(({ title }) => (
              <th role="columnheader" scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {checks.map((check) => (
            <tr
              role="row"
              class={`verdict-${isSeenInPart(check) ? 'in-part' : check.verdict}`}
              data-key={check.check}
            >
              <th role="rowheader" scope="row">
                <CheckHead check={check} nowMs={nowMs} />
              </th>
              {shown.map(({ region, title }) => {
                const cell = check.regions.find((known) => known.region === region);
                return cell ? (
                  <td role="cell" data-label={title}>
                    <CellView check={check.check} cell={cell} deploys={check.deploys} nowMs={nowMs} />
                  </td>
                ) : (
                  <td role="cell" class="unused">
                    <span class="hush">does not run here</span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CheckHead({ check, nowMs }: { check: CheckRow; nowMs: number }) {
  return (
    <div class="check-head">
      <a class="check-title" href={checkPath(check.check)}>
        {check.title}
      </a>
      <VerdictLine check={check} />
      {check.confirming ? (
        <p class="hush">
          Confirming: all regions re-run now, {count(check.confirming.failures, 'failure')} in a row
        </p>
      ) : null}
      {[check.openIncident, check.slowIncident].map((seq) =>
        seq === undefined ? null : (
          <p>
            <a href={incidentPath(check.check, seq)}>
              Incident #{seq}
              {seq === check.slowIncident ? ', slow' : ''}
            </a>
          </p>
        ),
      )}
      {check.flapping ? (
        <p>
          <Flapping />
        </p>
      ) : null}
      {check.maintenance === undefined ? null : (
        <p class="hush">
          In maintenance until <Clock atMs={check.maintenance.untilMs} nowMs={nowMs} />
        </p>
      )}
      {check.verdict === 'up' ? null : (
        <p class="hush">
          {check.lastGoodAtMs === undefined ? (
            'No good run on record'
          ) : (
            <>
              Last good run <Moment atMs={check.lastGoodAtMs} nowMs={nowMs} />
            </>
          )}
        </p>
      )}
      <p class="hush">every {durationText(check.intervalMs)}</p>
    </div>
  );
}

/** The verdict and the votes it is made of: never more than the votes say. */
export function VerdictLine({ check }: { check: CheckRow }) {
  const { word, mark } = verdictWords(check);
  return (
    <p class={`verdict sign sign-${mark}`}>
      <Mark shape={mark} /> <strong>{word}</strong>
      {isSeenInPart(check) ? null : <span class="hush"> {votesText(check)}</span>}
    </p>
  );
}

function votesText(check: CheckRow): string {
  if (check.verdict === 'unreadable') return 'its object did not answer';
  if (check.votes === 0) return 'no region has a vote';
  const without = check.regions.length - check.votes;
  const missing = without === 0 ? '' : `, ${count(without, 'region')} without a vote`;
  if (check.failing > 0) return `${check.failing} of ${count(check.votes, 'vote')} fail${missing}`;
  return `${check.votes === 1 ? '1 vote passes' : `${check.votes} votes pass`}${missing}`;
}
