import type { DeployMark } from '#core/deploy/telling/mark.ts';
import { deployPagePath } from '#core/operator-path.ts';
import type { RunLine } from '#core/view.ts';
import { outcomeWord } from './deploy-outcome.ts';
import { DeployShape } from './run-strip.tsx';
import { Clock, Moment } from './time.tsx';

/** Deploys in the legend: what the strips may show, and a little more. */
const LEGEND_MAX = 5;

/** What the flags in the strips are: the latest deploys, newest first. */
export function DeployMarks({ deploys, nowMs }: { deploys: readonly DeployMark[]; nowMs: number }) {
  if (deploys.length === 0) return <></>;
  return (
    <section aria-labelledby="deploys">
      <h2 id="deploys">Deploys</h2>
      <ul class="deploy-marks">
        {deploys
          .toReversed()
          .slice(0, LEGEND_MAX)
          .map((deploy) => (
            <li data-key={`${deploy.service}-${deploy.n}`}>
              <Flag />{' '}
              <span>
                <DeployText deploy={deploy} nowMs={nowMs} />,{' '}
                <span class="hush">
                  <Moment atMs={deploy.atMs} nowMs={nowMs} />
                </span>
              </span>
            </li>
          ))}
      </ul>
    </section>
  );
}

function DeployText({ deploy, nowMs }: { deploy: DeployMark; nowMs: number }) {
  const { service, n, title, version, previousVersion, isCanary, outcome, rolledBackAtMs } = deploy;
  return (
    <>
      <a href={deployPagePath(service, n)}>
        {title} {version}
      </a>
      <span class="hush">
        {previousVersion === undefined ? '' : ` was ${previousVersion}`}
        {isCanary ? ', to a canary' : ''}
      </span>
      {outcome === undefined ? '' : `, ${outcomeWord(outcome)}`}
      {rolledBackAtMs === undefined ? null : (
        <>
          , rolled back <Clock atMs={rolledBackAtMs} nowMs={nowMs} />
        </>
      )}
    </>
  );
}

/** The flag as the strips have it. */
function Flag() {
  return (
    <svg class="flag-sign" viewBox="-4 0 8 28" width="8" height="28" aria-hidden="true" focusable="false">
      <DeployShape x={0} />
    </svg>
  );
}

/** A deploy among the runs of a region. */
export function DeployedRow({ deploy, nowMs }: { deploy: DeployMark; nowMs: number }) {
  return (
    <tr class="deployed" data-key={`deploy-${deploy.service}-${deploy.n}`}>
      <td colspan={3}>
        <a href={deployPagePath(deploy.service, deploy.n)}>
          {deploy.title} {deploy.version}
        </a>{' '}
        deployed{deploy.isCanary ? ' to a canary' : ''} <Clock atMs={deploy.atMs} nowMs={nowMs} />
      </td>
    </tr>
  );
}

/** Runs, newest first, with the deploys between them; one from before the oldest run is not among them. */
export function withDeploys(
  runs: readonly RunLine[],
  deploys: readonly DeployMark[],
): ({ run: RunLine } | { deploy: DeployMark })[] {
  const oldestMs = runs.at(-1)?.startedAtMs ?? Number.POSITIVE_INFINITY;
  const lines: ({ run: RunLine } | { deploy: DeployMark })[] = runs.map((run) => ({ run }));
  for (const deploy of deploys) {
    if (deploy.atMs < oldestMs) continue;
    const at = lines.findIndex((line) => 'run' in line && line.run.startedAtMs <= deploy.atMs);
    lines.splice(at < 0 ? lines.length : at, 0, { deploy });
  }
  return lines;
}
