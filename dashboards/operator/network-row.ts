import { drillPassed, isAcceptedInTime, type Drill } from '#core/network/drill.ts';
import type { NetworkIncident, NetworkSubject } from '#core/network/network.ts';
import { dedupKey } from '#core/page.ts';
import type { NetworkView, WatchdogView } from '#core/view.ts';
import type { AcknowledgeSubject } from './acknowledge-subject.ts';
import { deliveryView, type DeliveryView } from './incident-view.ts';
import { ledgerView, type LedgerView } from './ledger.ts';

/** Too few regions were live: what it is, who has it, and how far its page has come. Times epoch ms. */
export type BlindView = {
  seq: number;
  status: NetworkIncident['status'];
  sinceMs: number;
  resolvedAtMs: number | undefined;
  acknowledged: NetworkIncident['acknowledged'];
  ledger: LedgerView;
  deliveries: DeliveryView[];
};

/** A drill and what it measured. `passed` is open while the drill goes on. */
export type DrillRow = {
  n: number;
  by: string;
  atMs: number;
  passed: boolean | undefined;
  acknowledgedBy: string | undefined;
  waitsForAcknowledgement: boolean;
  /** From the decision to the provider's acceptance; absent when it has not accepted. */
  channels: { channel: string; tookMs: number | undefined; inTime: boolean; error: string | undefined }[];
};

/** A watchdog's pings. `paused`: there is no evidence to ping on, which is what makes it wake somebody. */
export type WatchdogRow = WatchdogView & { status: 'pinged' | 'failing' | 'paused' | 'waiting' };

/** All regions together, and who watches the hub. Times epoch ms. */
export type NetworkRow = {
  live: number;
  needed: number;
  /** Those that count: where any has probes, only these. */
  regions: number;
  /** Regions of the hub's own that do not count. */
  ownRegions: number;
  /** Not over. */
  incident: BlindView | undefined;
  drill: DrillRow | undefined;
  drillOverdue: NetworkView['drillOverdue'];
  watchdogs: WatchdogRow[];
};

/** What the network's object says, as people see it. Pure. */
export function networkRow(view: NetworkView, ownRegions: number, nowMs: number): NetworkRow {
  const active = view.incidents.find(({ status }) => status !== 'resolved');
  return {
    live: view.regions.filter(({ live }) => live).length,
    needed: view.needed,
    regions: view.regions.length,
    ownRegions,
    incident: active && blindView(view, active, nowMs),
    drill: view.drill && drillRow(view.drill),
    drillOverdue: view.drillOverdue,
    watchdogs: view.watchdogs.map((watchdog) => ({ ...watchdog, status: watchdogStatus(view, watchdog) })),
  };
}

/** What the page behind a link to an incident or a drill of the network shows; `undefined` of one not known (any more). */
export function networkSubject(
  view: NetworkView,
  subject: NetworkSubject,
  seq: number,
): AcknowledgeSubject | undefined {
  if (subject === 'drill') {
    const { drill } = view;
    if (drill?.n !== seq) return undefined;
    return {
      check: subject,
      title: 'Drill',
      seq,
      status: drill.endedMs === undefined ? 'open' : 'resolved',
      sinceMs: drill.decidedMs,
      resolvedAtMs: drill.endedMs,
      errorClass: 'nothing is broken',
      acknowledged: drill.acknowledged,
    };
  }
  const incident = view.incidents.find((known) => known.seq === seq);
  return (
    incident && {
      check: subject,
      title: 'Sight of the targets',
      seq,
      status: incident.status,
      sinceMs: incident.ledger.firstFailedStartMs,
      resolvedAtMs: incident.resolvedAtMs,
      errorClass: 'blind: too few regions report',
      acknowledged: incident.acknowledged,
    }
  );
}

function blindView(view: NetworkView, incident: NetworkIncident, nowMs: number): BlindView {
  const { seq, status, ledger, acknowledged, resolvedAtMs } = incident;
  const key = dedupKey('network', seq);
  return {
    seq,
    status,
    sinceMs: ledger.firstFailedStartMs,
    resolvedAtMs,
    acknowledged,
    ledger: ledgerView(incident, nowMs),
    deliveries: view.deliveries.filter(({ page }) => page.dedupKey === key).map(deliveryView),
  };
}

function drillRow(drill: Drill): DrillRow {
  return {
    n: drill.n,
    by: drill.by,
    atMs: drill.decidedMs,
    passed: drillPassed(drill),
    acknowledgedBy: drill.acknowledged?.by,
    waitsForAcknowledgement: drill.waitsForAcknowledgement,
    channels: drill.channels.map((channel) => ({
      channel: channel.channel,
      tookMs: channel.acceptedMs === undefined ? undefined : channel.acceptedMs - drill.decidedMs,
      inTime: isAcceptedInTime(drill, channel),
      error: channel.error,
    })),
  };
}

function watchdogStatus(view: NetworkView, { failure, succeededMs }: WatchdogView): WatchdogRow['status'] {
  if (!view.hasEvidence) return 'paused';
  if (failure) return 'failing';
  return succeededMs === undefined ? 'waiting' : 'pinged';
}
