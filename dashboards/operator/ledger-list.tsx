import { formatMs } from '#core/units.ts';
import { OBJECTIVE_MS } from '#core/objective.ts';
import type { DeployMoment } from './incident-deploy.tsx';
import type { LedgerLeg, LedgerView } from './ledger.ts';
import { Mark } from './mark.tsx';
import { Clock, Elapsed } from './time.tsx';
import { STAGE_WORDS, type LedgerKind } from './words.ts';

/**
 * The way of a page so far, leg by leg, each with its share of the whole as a bar. `moments`: what else happened, each in its
 * place between them.
 */
export function LedgerList(props: {
  ledger: LedgerView;
  kind: LedgerKind;
  moments?: readonly DeployMoment[];
  nowMs: number;
}) {
  const { ledger, kind, moments = [], nowMs } = props;
  const words = STAGE_WORDS[kind];
  const startMs = ledger.legs[0]?.atMs ?? nowMs;
  // The bars share the way to the pager: what a person takes afterwards would squeeze them to nothing.
  const way = ledger.legs.filter(({ stage }) => stage !== 'acknowledged');
  const wholeMs = Math.max(1, ...way.map((leg) => legEndMs(leg, nowMs) - startMs));
  return (
    <ol class="ledger">
      {inOrder(
        ledger.legs.filter(({ stage }) => words[stage] !== undefined),
        moments,
      ).map((entry) =>
        'kind' in entry ? (
          <li class="leg leg-moment">
            <span class="leg-title">{entry.text}</span>
            <span class="leg-clock">
              <Clock atMs={entry.atMs} nowMs={nowMs} />
            </span>
            <span class="leg-took hush">{beforeText(entry.atMs - startMs)}</span>
          </li>
        ) : (
          <LegLine
            leg={entry}
            ledger={ledger}
            kind={kind}
            startMs={startMs}
            wholeMs={wholeMs}
            nowMs={nowMs}
          />
        ),
      )}
    </ol>
  );
}

/** A moment stands before the first leg that came after it; before those that have not come. */
function inOrder(legs: readonly LedgerLeg[], moments: readonly DeployMoment[]): (LedgerLeg | DeployMoment)[] {
  const entries: (LedgerLeg | DeployMoment)[] = [...legs];
  for (const moment of moments) {
    const later = entries.findIndex((entry) =>
      'kind' in entry
        ? entry.atMs > moment.atMs
        : entry.atMs === undefined
          ? entry.status !== 'skipped'
          : entry.atMs > moment.atMs,
    );
    entries.splice(later < 0 ? entries.length : later, 0, moment);
  }
  return entries;
}

/** From the first failed run to a moment. */
function beforeText(ms: number): string {
  return ms < 0 ? `${formatMs(-ms)} before` : `after ${formatMs(ms)}`;
}

function LegLine(props: {
  leg: LedgerLeg;
  ledger: LedgerView;
  kind: LedgerKind;
  startMs: number;
  wholeMs: number;
  nowMs: number;
}) {
  const { leg, ledger, kind, startMs, wholeMs, nowMs } = props;
  return (
    <li class={`leg leg-${leg.status}${leg.slowest ? ' leg-slowest' : ''}`}>
      <span class="leg-title">
        {STAGE_WORDS[kind][leg.stage]}
        {leg.stage === 'accepted' && ledger.acceptedBy !== undefined ? (
          <span class="hush">
            {' '}
            {ledger.acceptedBy}
            {ledger.providerId === undefined ? '' : ` (${ledger.providerId})`}
          </span>
        ) : null}
        {leg.stage === 'acknowledged' && ledger.acknowledgedBy !== undefined ? (
          <span class="hush"> by {ledger.acknowledgedBy}</span>
        ) : null}
        {leg.slowest ? <strong class="slowest">slowest</strong> : null}
      </span>
      <span class="leg-clock">{leg.atMs === undefined ? null : <Clock atMs={leg.atMs} nowMs={nowMs} />}</span>
      <span class="leg-took">
        <LegTook leg={leg} nowMs={nowMs} />
      </span>
      {leg.stage === 'acknowledged' ? null : (
        <LegBar leg={leg} startMs={startMs} wholeMs={wholeMs} nowMs={nowMs} />
      )}
    </li>
  );
}

/** How long it took to wake somebody, against the two minutes allowed; or how long it has been taking. */
export function TimeToPage({ ledger, nowMs }: { ledger: LedgerView; nowMs: number }) {
  return (
    <span class={ledger.withinObjective ? 'time-to-page' : 'time-to-page over'}>
      <TimeToPageWords ledger={ledger} nowMs={nowMs} />
    </span>
  );
}

function TimeToPageWords({ ledger, nowMs }: { ledger: LedgerView; nowMs: number }) {
  const objective = formatMs(OBJECTIVE_MS);
  if (ledger.held)
    return (
      <>
        <Mark shape="waiting" /> Held by maintenance
        {ledger.heldUntilMs === undefined ? null : (
          <>
            {' until '}
            <Clock atMs={ledger.heldUntilMs} nowMs={nowMs} />
          </>
        )}
        : nobody has been woken
      </>
    );
  if (ledger.heldUntilMs !== undefined)
    return (
      <>
        <Mark shape="waiting" /> Was held by maintenance until{' '}
        <Clock atMs={ledger.heldUntilMs} nowMs={nowMs} />: its time does not count
      </>
    );
  if (ledger.covered)
    return (
      <>
        <Mark shape="pass" /> Told by the page of another incident
      </>
    );
  if (ledger.timeToPageMs !== undefined)
    return (
      <>
        <Mark shape={ledger.withinObjective ? 'pass' : 'warning'} /> Paged in{' '}
        <strong>{formatMs(ledger.timeToPageMs)}</strong>,{' '}
        {ledger.withinObjective ? `within the ${objective} allowed` : `over the ${objective} allowed`}
      </>
    );
  if (ledger.unpagedMs === undefined)
    return (
      <>
        <Mark shape="warning" /> No pager ever accepted it
      </>
    );
  return (
    <>
      <Mark shape={ledger.withinObjective ? 'waiting' : 'warning'} /> No pager has accepted yet:{' '}
      <strong>
        <Elapsed sinceMs={nowMs - ledger.unpagedMs} nowMs={nowMs} />
      </strong>{' '}
      of {objective}
    </>
  );
}

function LegTook({ leg, nowMs }: { leg: LedgerLeg; nowMs: number }) {
  if (leg.status === 'skipped') return <>not needed</>;
  if (leg.status === 'ahead') return <>not yet</>;
  if (leg.waitingMs !== undefined)
    return (
      <>
        waiting <Elapsed sinceMs={nowMs - leg.waitingMs} nowMs={nowMs} />
      </>
    );
  if (leg.stage === 'acknowledged' && leg.tookMs !== undefined)
    return <span class="hush">+{formatMs(leg.tookMs)}</span>;
  return leg.tookMs === undefined ? <></> : <>+{formatMs(leg.tookMs)}</>;
}

/** Where the leg lies in the whole, drawn; the numbers beside it say the same. */
function LegBar(props: { leg: LedgerLeg; startMs: number; wholeMs: number; nowMs: number }) {
  const { leg, startMs, wholeMs, nowMs } = props;
  const length = leg.tookMs ?? leg.waitingMs ?? 0;
  const end = ((legEndMs(leg, nowMs) - startMs) / wholeMs) * 100;
  const width = Math.max(length > 0 ? 0.8 : 0, (length / wholeMs) * 100);
  return (
    <svg class="leg-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <rect class="track" width="100" height="4" />
      <rect class="fill" x={(end - width).toFixed(2)} width={width.toFixed(2)} height="4" />
    </svg>
  );
}

function legEndMs(leg: LedgerLeg, nowMs: number): number {
  return leg.atMs ?? (leg.waitingMs === undefined ? 0 : nowMs);
}
