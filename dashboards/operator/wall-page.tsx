import { ChecksTable } from './checks-table.tsx';
import { DeployLines } from './deploy-lines.tsx';
import { IncidentCard } from './incident-card.tsx';
import type { LayoutProps } from './layout.tsx';
import { MaintenanceBanner } from './maintenance-banner.tsx';
import { Mark } from './mark.tsx';
import { BlindCard, DrillBanner, NetworkPanel } from './network-panel.tsx';
import type { Overview } from './overview.ts';
import { ProbesTable } from './probes-table.tsx';
import { TONE_MARKS } from './words.ts';

/** The wall: the state of everything in one line, then what is broken, then where, then our own probes. */
export function wallPage(overview: Overview): LayoutProps {
  const { headline, network, nowMs } = overview;
  return {
    state: headline.short,
    title: 'Operator',
    live: true,
    nowMs,
    children: (
      <>
        <section class={`headline tone-${headline.tone}`} aria-labelledby="headline">
          <Mark shape={TONE_MARKS[headline.tone]} />
          <div>
            <h1 id="headline" aria-live="polite">
              {headline.text}
            </h1>
            <ul class="notes">
              {headline.notes.map((note) => (
                <li>{note}</li>
              ))}
            </ul>
          </div>
        </section>
        {overview.incidents.length > 0 || network?.incident ? (
          <section aria-labelledby="incidents">
            <h2 id="incidents">Incidents</h2>
            {network?.incident ? (
              <BlindCard incident={network.incident} network={network} nowMs={nowMs} />
            ) : null}
            {overview.incidents.map((incident) => (
              <IncidentCard
                incident={incident}
                cells={overview.checks.find((check) => check.check === incident.check)?.regions ?? []}
                unfolded={overview.incidents.length === 1 || incident.ledger.timeToPageMs === undefined}
                nowMs={nowMs}
              />
            ))}
          </section>
        ) : null}
        <MaintenanceBanner windows={overview.maintenance} nowMs={nowMs} />
        <DeployLines services={overview.services} nowMs={nowMs} />
        {network ? <DrillBanner network={network} nowMs={nowMs} /> : null}
        <section aria-labelledby="checks">
          <h2 id="checks">Checks by region</h2>
          <ChecksTable overview={overview} />
        </section>
        <section aria-labelledby="probes">
          <h2 id="probes">Probes</h2>
          <ProbesTable regions={overview.regions} nowMs={nowMs} />
        </section>
        <section aria-labelledby="watchers">
          <h2 id="watchers">Who watches the hub</h2>
          <NetworkPanel network={network} nowMs={nowMs} />
        </section>
      </>
    ),
  };
}
