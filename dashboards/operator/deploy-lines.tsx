import { DEPLOYS_PAGE_PATH, deployPagePath } from '#core/operator-path.ts';
import type { ServiceLines } from './deploy-line.ts';
import { Mark } from './mark.tsx';
import { Elapsed } from './time.tsx';
import { DEPLOY_TONE_MARKS } from './words.ts';

/** Deploys that go on or went bad in the last hours, and freezes: a line each. */
export function DeployLines({ services, nowMs }: { services: readonly ServiceLines[]; nowMs: number }) {
  if (services.length === 0) return <></>;
  return (
    <section aria-labelledby="deploys">
      <h2 id="deploys">Deploys</h2>
      <ul class="deploy-lines">
        {services.map((service) => (
          <ServiceItems service={service} nowMs={nowMs} />
        ))}
      </ul>
    </section>
  );
}

function ServiceItems({ service, nowMs }: { service: ServiceLines; nowMs: number }) {
  const { title, isUnreadable, frozen, deploys } = service;
  return (
    <>
      {isUnreadable ? (
        <li>
          <Mark shape="blind" />{' '}
          <span>Nothing is known of the deploys of {title}: its object did not answer</span>
        </li>
      ) : null}
      {frozen ? (
        <li>
          <Mark shape="warning" />{' '}
          <span>
            <a href={DEPLOYS_PAGE_PATH}>Deploys of {title} are frozen</a>{' '}
            <span class="hush">
              for <Elapsed sinceMs={frozen.sinceMs} nowMs={nowMs} />
            </span>
          </span>
        </li>
      ) : null}
      {deploys.map(({ service: id, n, tone, text, sinceMs, isGoingOn }) => (
        <li data-key={`${id}-${n}`}>
          <Mark shape={DEPLOY_TONE_MARKS[tone]} />{' '}
          <span>
            <a href={deployPagePath(id, n)}>{text}</a>{' '}
            <span class="hush">
              <Elapsed sinceMs={sinceMs} nowMs={nowMs} /> {isGoingOn ? 'so far' : 'ago'}
            </span>
          </span>
        </li>
      ))}
    </>
  );
}
