import type { Config } from '#core/config.ts';
import { deployPagePath, DEPLOYS_PAGE_PATH } from '#core/operator-path.ts';
import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { deployName, versionBefore } from './deploy-headline.ts';
import { RollbackDoes, RollbackForm } from './deploy-next.tsx';
import type { LayoutProps } from './layout.tsx';
import { PageHead } from './page-head.tsx';

/**
 * Asks once more before a deploy is rolled back. A page of its own: it does not come anew while somebody types, with or
 * without JavaScript. `name`: of who looks, if known.
 */
export function rollbackPage(
  config: Pick<Config, 'services'>,
  deploy: ToldDeploy,
  name: string | undefined,
  nowMs: number,
): LayoutProps {
  const { service, n, title } = deploy;
  const before = versionBefore(deploy);
  const settings = config.services.find(({ id }) => id === service)?.rollback;
  return {
    title: `Roll back ${deployName(deploy)}`,
    live: false,
    nowMs,
    children: (
      <>
        <PageHead
          trail={
            <>
              <a href={DEPLOYS_PAGE_PATH}>Deploys</a> ›{' '}
              <a href={deployPagePath(service, n)}>{deployName(deploy)}</a>
            </>
          }
        />
        <section class="card confirm" aria-labelledby="confirm">
          <h1 id="confirm">
            Roll {title} back from {deploy.version} to {before}?
          </h1>
          <p class="cause">{deploy.reason}</p>
          <p>
            <RollbackDoes deploy={deploy} settings={settings} />
          </p>
          <RollbackForm deploy={deploy} name={name} />
          <p>
            <a href={deployPagePath(service, n)}>No, leave {deploy.version} where it is</a>
          </p>
        </section>
      </>
    ),
  };
}
