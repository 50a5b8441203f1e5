import { DEPLOYS_PAGE_PATH, deployPagePath } from '#core/operator-path.ts';
import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { formatMs } from '#core/units.ts';
import { deployHeadline } from './deploy-headline.ts';
import { FreezeForm } from './deploy-next.tsx';
import type { LayoutProps } from './layout.tsx';
import { PageHead } from './page-head.tsx';
import { Mark } from './mark.tsx';
import type { ServiceSource } from './source.ts';
import { TableHead } from './table-head.tsx';
import { Elapsed, Moment } from './time.tsx';
import { DEPLOY_TONE_MARKS } from './words.ts';

/** All services: whether anything may be deployed, how the latest deploy stands, and those before. */
export function deploysPage(services: readonly ServiceSource[], nowMs: number): LayoutProps {
  const needing = services.filter(({ view }) => {
    const [latest] = view?.deploys ?? [];
    return latest !== undefined && deployHeadline(latest).tone === 'down';
  });
  return {
    ...(needing.length === 0 ? {} : { state: `${needing.length} bad` }),
    title: 'Deploys',
    live: true,
    nowMs,
    children: (
      <>
        <PageHead>
          <h1>Deploys</h1>
          <p class="hush">How the latest versions were verified, by service.</p>
        </PageHead>
        {services.length === 0 ? (
          <p>
            No service is configured, and no deploy was announced. <code>latchkey verify</code> announces one
            from a pipeline.
          </p>
        ) : (
          services.map((source) => <Service source={source} nowMs={nowMs} />)
        )}
      </>
    ),
  };
}

function Service({ source, nowMs }: { source: ServiceSource; nowMs: number }) {
  const { service, title, view } = source;
  const id = `service-${service}`;
  return (
    <section aria-labelledby={id} data-key={service}>
      <h2 id={id}>{view?.title ?? title}</h2>
      {view === undefined ? (
        <p class="card sign sign-blind">
          <Mark shape="blind" /> Its object did not answer: nothing is known of its deploys now.
        </p>
      ) : (
        <>
          {view.freeze ? (
            <div class="card active">
              <FreezeForm service={service} freeze={view.freeze} next={DEPLOYS_PAGE_PATH} nowMs={nowMs} />
            </div>
          ) : null}
          <DeploysTable deploys={view.deploys} nowMs={nowMs} />
        </>
      )}
    </section>
  );
}

function DeploysTable({ deploys, nowMs }: { deploys: readonly ToldDeploy[]; nowMs: number }) {
  if (deploys.length === 0) return <p class="hush">Nothing was deployed yet.</p>;
  return (
    <table class="incidents stacks" role="table">
      <TableHead titles={['Deploy', 'State', 'Announced', 'Decided after', 'By']} />
      <tbody role="rowgroup">
        {deploys.map((deploy, index) => (
          <DeployRow deploy={deploy} isLatest={index === 0} nowMs={nowMs} />
        ))}
      </tbody>
    </table>
  );
}

function DeployRow(props: { deploy: ToldDeploy; isLatest: boolean; nowMs: number }) {
  const { deploy, isLatest, nowMs } = props;
  const { service, n, version, previousVersion, announcedAtMs, decidedAtMs, by } = deploy;
  const { tone, short, isGoingOn } = deployHeadline(deploy, isLatest);
  const mark = DEPLOY_TONE_MARKS[tone];
  return (
    <tr role="row" data-key={n}>
      <th role="rowheader" scope="row">
        <a href={deployPagePath(service, n)}>{version}</a>{' '}
        <span class="hush">
          #{n}
          {previousVersion === undefined ? '' : `, was ${previousVersion}`}
        </span>
      </th>
      <td role="cell" data-label="State">
        <span class={`sign sign-${mark}`}>
          <Mark shape={mark} /> {short}
        </span>
        <p class="last-error">{deploy.reason}</p>
      </td>
      <td role="cell" data-label="Announced">
        <Moment atMs={announcedAtMs} nowMs={nowMs} />
      </td>
      <td role="cell" data-label="Decided after">
        {decidedAtMs !== undefined ? (
          formatMs(decidedAtMs - announcedAtMs)
        ) : isGoingOn ? (
          <>
            not yet, <Elapsed sinceMs={announcedAtMs} nowMs={nowMs} />
          </>
        ) : (
          '–'
        )}
      </td>
      <td role="cell" data-label="By">
        {by}
      </td>
    </tr>
  );
}
