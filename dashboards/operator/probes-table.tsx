import { Mark, type MarkShape } from './mark.tsx';
import type { ProbeRow, RegionRow } from './region-row.ts';
import { Moment } from './time.tsx';
import { TableHead } from './table-head.tsx';

/** What a probe that is a Worker of the hub says it runs on. */
const WORKERS = 'Workers';

/** Our own probes: whether they are there, what they run, and what they hold back. */
export function ProbesTable({ regions, nowMs }: { regions: readonly RegionRow[]; nowMs: number }) {
  return (
    <table class="probes stacks" role="table">
      <TableHead titles={['Region', 'Probe', 'Last heard', 'By', 'Chromium', 'Waiting on disk', 'Dropped']} />
      <tbody role="rowgroup">
        {regions.map((region) =>
          region.probes.length === 0 ? (
            <tr role="row" data-key={region.region}>
              <RegionHead region={region} live={false} />
              <td role="cell" colspan={6}>
                {absence(region)}
              </td>
            </tr>
          ) : (
            region.probes.map((probe) => (
              <tr role="row" data-key={probe.probe}>
                <RegionHead region={region} live={probe.live} />
                <ProbeCells probe={probe} nowMs={nowMs} />
              </tr>
            ))
          ),
        )}
      </tbody>
    </table>
  );
}

function absence({ status, own }: RegionRow): string {
  if (status === 'unreadable') return 'its object did not answer';
  return own ? 'the hub itself is to ask from here, and has not begun yet' : 'no probe has ever connected';
}

function RegionHead({ region, live }: { region: RegionRow; live: boolean }) {
  const mark: MarkShape = live ? 'pass' : 'blind';
  return (
    <th role="rowheader" scope="row">
      <span class={`sign sign-${mark}`}>
        <Mark shape={mark} /> {region.title}
      </span>{' '}
      <span class="hush">{live ? 'live' : region.status === 'never' ? 'never heard of' : 'silent'}</span>
    </th>
  );
}

function ProbeCells({ probe, nowMs }: { probe: ProbeRow; nowMs: number }) {
  const isOwn = probe.versions.runtime === WORKERS;
  return (
    <>
      <td role="cell" data-label="Probe">
        {isOwn ? 'the hub itself, in a Worker' : probe.probe}
        {probe.configMatches ? null : (
          <p class="sign sign-warning">
            <Mark shape="warning" /> runs configuration {probe.configHash}, not the hub’s
          </p>
        )}
      </td>
      <td role="cell" data-label="Last heard">
        <Moment atMs={probe.lastHeardMs} nowMs={nowMs} />
      </td>
      <td role="cell" data-label="By">
        {isOwn ? wayOf(probe) : probe.transport === 'socket' ? 'socket' : 'HTTP, polling'}
      </td>
      <td role="cell" data-label="Chromium">
        {isOwn ? 'none: asks DNS only' : (probe.versions.chromium ?? 'not told')}
      </td>
      <td role="cell" data-label="Waiting on disk">
        {probe.spooled}
      </td>
      <td role="cell" data-label="Dropped">
        {probe.dropped > 0 ? (
          <span class="sign sign-warning">
            <Mark shape="warning" /> {probe.dropped}
          </span>
        ) : (
          '0'
        )}
      </td>
    </>
  );
}

/** The hint is what was asked for: nobody tells a Worker where it runs. */
function wayOf({ versions: { near } }: ProbeRow): string {
  return near === undefined || near === 'anywhere' ? 'alarms' : `alarms, asked for near ${near}`;
}
