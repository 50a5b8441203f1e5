import { OPERATOR_PATH } from '#core/operator-path.ts';
import { formatMs } from '#core/units.ts';
import { Holder } from './acknowledge-form.tsx';
import { DeliveriesTable } from './deliveries-table.tsx';
import { count } from './headline.ts';
import { LedgerList, TimeToPage } from './ledger-list.tsx';
import { Mark, type MarkShape } from './mark.tsx';
import type { BlindView, DrillRow, NetworkRow, WatchdogRow } from './network-row.ts';
import { durationText, Moment } from './time.tsx';

/** The hub sees too little: nothing on this wall is health, and somebody has been woken for it. */
export function BlindCard(props: { incident: BlindView; network: NetworkRow; nowMs: number }) {
  const { incident, network, nowMs } = props;
  return (
    <article class="card incident incident-open" aria-labelledby="blind-title">
      <div class="incident-what">
        <h3 id="blind-title">
          Sight of the targets <span class="hush">#{incident.seq}</span>
        </h3>
        <p class="cause">
          <strong>blind</strong>: {network.live} of {count(network.regions, 'region')} report,{' '}
          {network.needed} must
        </p>
        <Holder
          incident={{ ...incident, check: 'network', title: 'Sight of the targets' }}
          next={OPERATOR_PATH}
          nowMs={nowMs}
        />
        <dl class="facts">
          <dt>Since</dt>
          <dd>
            <Moment atMs={incident.sinceMs} nowMs={nowMs} />
          </dd>
        </dl>
      </div>
      <div class="incident-page">
        <h4>How far the page has come</h4>
        <details class="way" open={incident.ledger.timeToPageMs === undefined}>
          <summary>
            <TimeToPage ledger={incident.ledger} nowMs={nowMs} />
          </summary>
          <LedgerList ledger={incident.ledger} kind="blind" nowMs={nowMs} />
        </details>
        <h4>Deliveries</h4>
        <DeliveriesTable deliveries={incident.deliveries} nowMs={nowMs} />
      </div>
    </article>
  );
}

/** A drill that is due: whether pages arrive is a guess until then. */
export function DrillBanner({ network, nowMs }: { network: NetworkRow; nowMs: number }) {
  const { drillOverdue } = network;
  if (!drillOverdue) return <></>;
  return (
    <section class="banner banner-warning" aria-label="Drill overdue">
      <Mark shape="warning" />
      <p>
        <strong>A drill is overdue</strong> since <Moment atMs={drillOverdue.sinceMs} nowMs={nowMs} />: nobody
        knows whether a page would arrive by {drillOverdue.channels.join(', ')}. Run{' '}
        <code>latchkey drill</code>.
      </p>
    </section>
  );
}

/** Who watches the hub: whether it sees, whether pages arrive, and who notices when it is gone. */
export function NetworkPanel({ network, nowMs }: { network: NetworkRow | undefined; nowMs: number }) {
  if (!network)
    return (
      <p class="card sign sign-blind">
        <Mark shape="blind" /> The network’s object did not answer.
      </p>
    );
  const sees = network.live >= network.needed;
  return (
    <dl class="card facts watchers">
      <dt>Sight</dt>
      <dd>
        <Sign shape={sees ? 'pass' : 'blind'}>
          {network.live} of {count(network.regions, 'region')} live
        </Sign>
        <span class="hush">
          , {network.needed} needed
          {network.ownRegions === 0
            ? ''
            : `; ${count(network.ownRegions, 'region')} of the hub’s own not counted`}
        </span>
      </dd>
      <dt>Last drill</dt>
      <dd>{network.drill ? <DrillLine drill={network.drill} nowMs={nowMs} /> : <NoDrill />}</dd>
      {network.watchdogs.map((watchdog) => (
        <>
          <dt>{watchdog.name}</dt>
          <dd>
            <WatchdogLine watchdog={watchdog} nowMs={nowMs} />
          </dd>
        </>
      ))}
      {network.watchdogs.length === 0 ? (
        <>
          <dt>Watchdog</dt>
          <dd>
            <Sign shape="warning">none</Sign>
            <span class="hush">: if this hub dies, nobody outside notices</span>
          </dd>
        </>
      ) : null}
    </dl>
  );
}

function NoDrill() {
  return <span class="hush">none on record</span>;
}

function DrillLine({ drill, nowMs }: { drill: DrillRow; nowMs: number }) {
  const { passed } = drill;
  return (
    <>
      <Sign shape={passed === undefined ? 'waiting' : passed ? 'pass' : 'fail'}>
        #{drill.n} {passed === undefined ? 'is going on' : passed ? 'passed' : 'failed'}
      </Sign>{' '}
      <span class="hush">
        <Moment atMs={drill.atMs} nowMs={nowMs} />, asked for by {drill.by}
        {drill.acknowledgedBy === undefined
          ? drill.waitsForAcknowledgement
            ? ', nobody has acknowledged'
            : ''
          : `, acknowledged by ${drill.acknowledgedBy}`}
      </span>
      <ul class="group">
        {drill.channels.map(({ channel, tookMs, inTime, error }) => (
          <li>
            {channel}:{' '}
            {tookMs === undefined ? (
              <>not accepted{error === undefined ? '' : `, ${error}`}</>
            ) : (
              <>
                accepted in {formatMs(tookMs)}
                {inTime ? '' : ', too late'}
              </>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function WatchdogLine({ watchdog, nowMs }: { watchdog: WatchdogRow; nowMs: number }) {
  const { status, succeededMs, failure, everyMs } = watchdog;
  return (
    <>
      <Sign shape={WATCHDOG_SIGNS[status].mark}>{WATCHDOG_SIGNS[status].word}</Sign>{' '}
      <span class="hush">
        every {durationText(everyMs)}
        {succeededMs === undefined ? (
          ', never taken'
        ) : (
          <>
            , last taken <Moment atMs={succeededMs} nowMs={nowMs} />
          </>
        )}
      </span>
      {failure === undefined ? null : <p class="last-error">{failure.error}</p>}
    </>
  );
}

const WATCHDOG_SIGNS: Record<WatchdogRow['status'], { word: string; mark: MarkShape }> = {
  pinged: { word: 'is pinged', mark: 'pass' },
  failing: { word: 'does not take pings', mark: 'warning' },
  paused: { word: 'not pinged, on purpose: no two regions have been evaluated lately', mark: 'blind' },
  waiting: { word: 'not pinged yet', mark: 'waiting' },
};

function Sign({ shape, children }: { shape: MarkShape; children?: unknown }) {
  return (
    <span class={`sign sign-${shape}`}>
      <Mark shape={shape} /> {children}
    </span>
  );
}
