import { formatMs } from '#core/units.ts';
import { incidentPath } from '#core/operator-path.ts';
import type { IncidentView } from './incident-view.ts';
import { Mark } from './mark.tsx';
import { Clock, Elapsed } from './time.tsx';
import { INCIDENT_WORDS } from './words.ts';
import { TableHead } from './table-head.tsx';

/** Incidents of one check, newest first. */
export function IncidentsTable({ incidents, nowMs }: { incidents: readonly IncidentView[]; nowMs: number }) {
  if (incidents.length === 0) return <p class="hush">None on record.</p>;
  return (
    <table class="incidents stacks" role="table">
      <TableHead titles={['Incident', 'State', 'Began', 'Lasted', 'Cause', 'Paged in']} />
      <tbody role="rowgroup">
        {incidents.map((incident) => {
          const { word, mark } = INCIDENT_WORDS[incident.status];
          const { timeToPageMs } = incident.ledger;
          return (
            <tr role="row" data-key={incident.seq}>
              <th role="rowheader" scope="row">
                <a href={incidentPath(incident.check, incident.seq)}>#{incident.seq}</a>
              </th>
              <td role="cell" data-label="State">
                <span class={`sign sign-${mark}`}>
                  <Mark shape={mark} /> {word}
                </span>
              </td>
              <td role="cell" data-label="Began">
                <Clock atMs={incident.sinceMs} nowMs={nowMs} />
              </td>
              <td role="cell" data-label="Lasted">
                {incident.cleanSinceMs === undefined ? (
                  <>
                    <Elapsed sinceMs={incident.sinceMs} nowMs={nowMs} /> so far
                  </>
                ) : (
                  formatMs(incident.cleanSinceMs - incident.sinceMs)
                )}
              </td>
              <td role="cell" data-label="Cause">
                {incident.errorClass ?? 'none on record'}
              </td>
              <td role="cell" data-label="Paged in">
                {timeToPageMs === undefined ? 'not accepted' : formatMs(timeToPageMs)}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
