import type { Incident } from '#core/incident.ts';
import { deployPagePath } from '#core/operator-path.ts';
import { formatMs } from '#core/units.ts';
import { outcomeWord } from './deploy-outcome.ts';

/** The deploy soon before an incident. Times epoch ms. */
export type IncidentDeploy = NonNullable<Incident['deploy']>;

/** What happened to it, in the timeline of the incident. */
export type DeployMomentKind = 'deployed' | 'decided' | 'rolled-back';
export type DeployMoment = { kind: DeployMomentKind; atMs: number; text: string };

/** `12.0 s after Portal 4.2.1 (was 4.2.0)`, with a link to the deploy, what became of it, and how it is taken back. */
export function AfterDeploy({ after }: { after: IncidentDeploy | undefined }) {
  if (after === undefined) return <></>;
  const { isCanary, outcome, rollback, rolledBackAtMs } = after.deploy;
  return (
    <div class="after-deploy">
      <p>
        <strong>{formatMs(after.afterMs)}</strong> after <DeployLink after={after} />
        {isCanary ? ', which went to a canary only' : ''}
        {outcome === undefined ? '' : `: ${outcomeWord(outcome)}`}
        {rolledBackAtMs === undefined ? '' : ', rolled back'}
      </p>
      {rollback === undefined || rolledBackAtMs !== undefined ? null : (
        <p class="hush">To roll back: {rollback}</p>
      )}
    </div>
  );
}

/** The same in a line of a list. */
export function AfterDeployLine({ after }: { after: IncidentDeploy | undefined }) {
  if (after === undefined) return <></>;
  return (
    <p class="last-error">
      {formatMs(after.afterMs)} after <DeployLink after={after} />
      {after.deploy.rolledBackAtMs === undefined ? '' : ', rolled back'}
    </p>
  );
}

function DeployLink({ after: { deploy } }: { after: IncidentDeploy }) {
  const { service, n, title, version, previousVersion } = deploy;
  return (
    <>
      <a href={deployPagePath(service, n)}>
        {title} {version}
      </a>
      {previousVersion === undefined ? '' : ` (was ${previousVersion})`}
    </>
  );
}

/** What happened to the deploy, in order. */
export function deployMoments(after: IncidentDeploy | undefined): DeployMoment[] {
  if (after === undefined) return [];
  const { deploy } = after;
  const name = `${deploy.title} ${deploy.version}`;
  const before = deploy.previousVersion ?? 'the version before';
  const moments: (DeployMoment | undefined)[] = [
    { kind: 'deployed', atMs: deploy.atMs, text: `${name} deployed${deploy.isCanary ? ' to a canary' : ''}` },
    deploy.decidedAtMs === undefined
      ? undefined
      : {
          kind: 'decided',
          atMs: deploy.decidedAtMs,
          text: `${name}: ${outcomeWord(deploy.outcome ?? 'decided')}`,
        },
    deploy.rolledBackAtMs === undefined
      ? undefined
      : { kind: 'rolled-back', atMs: deploy.rolledBackAtMs, text: `Rolled back to ${before}` },
  ];
  return moments.filter((moment) => moment !== undefined);
}
