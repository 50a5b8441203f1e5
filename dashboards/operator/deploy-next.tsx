import type { Child } from 'hono/jsx';
import {
  deployPagePath,
  checkPath,
  freezeFormPath,
  OPERATOR_PATH,
  rollbackFormPath,
} from '#core/operator-path.ts';
import type { OutageFreeze } from '#core/deploy/deploy.ts';
import type { RollbackSettings } from '#core/deploy/rollback.ts';
import type { ToldDeploy } from '#core/deploy/told-deploy.ts';
import { Holder, NameField } from './acknowledge-form.tsx';
import type { AcknowledgeSubject } from './acknowledge-subject.ts';
import { isRollbackOffered, ROLLBACK_NAMES, versionBefore } from './deploy-headline.ts';
import { Mark } from './mark.tsx';
import { Clock, Moment } from './time.tsx';

/** What somebody can do about a deploy, most urgent first; that there is nothing, where there is nothing. */
export function NextStep(props: {
  deploy: ToldDeploy;
  settings: RollbackSettings | undefined;
  incident: AcknowledgeSubject | undefined;
  freeze: OutageFreeze | undefined;
  /** Of who looks, if known. */
  name: string | undefined;
  nowMs: number;
}) {
  const { deploy, settings, incident, freeze, name, nowMs } = props;
  const page = deployPagePath(deploy.service, deploy.n);
  return (
    <section class="card next" aria-labelledby="next">
      <h2 id="next">What to do next</h2>
      {incident && incident.status !== 'resolved' ? (
        <Holder incident={incident} next={page} named={{ name }} nowMs={nowMs} />
      ) : null}
      <Advice deploy={deploy} settings={settings} nowMs={nowMs} />
      {freeze ? <FreezeForm service={deploy.service} freeze={freeze} next={page} nowMs={nowMs} /> : null}
    </section>
  );
}

function Advice(props: { deploy: ToldDeploy; settings: RollbackSettings | undefined; nowMs: number }) {
  const { deploy, settings, nowMs } = props;
  switch (deploy.outcome) {
    case 'bad':
      return <Bad deploy={deploy} settings={settings} nowMs={nowMs} />;
    case 'both-failing':
      return (
        <p>
          Look after the outage: its incidents are on <a href={OPERATOR_PATH}>the wall</a>, its journeys are{' '}
          <CheckLinks deploy={deploy} />. Going back to {versionBefore(deploy)} would not help: it fails, too.
        </p>
      );
    case 'cannot-tell':
      return (
        <p>
          Nothing is rolled back on a guess. See below which runs were lost or invalid, then verify again by
          announcing {deploy.version} once more.
        </p>
      );
    case 'blocked':
      return (
        <p>
          Meet what <a href="#checklist">the checklist</a> asks for, then announce {deploy.version} again.
          {deploy.version} may be out there all the same: nothing has looked at it.
        </p>
      );
    case 'good':
    case 'superseded':
    case 'marked':
      return <p>Nothing: there is nothing to do about this deploy.</p>;
    case undefined:
      return <p>Nothing yet: this page tells when that changes, and pages go out if somebody is needed.</p>;
  }
}

function Bad(props: { deploy: ToldDeploy; settings: RollbackSettings | undefined; nowMs: number }) {
  const { deploy, settings, nowMs } = props;
  const { rollback } = deploy;
  const before = versionBefore(deploy);
  if (deploy.healthyAgainAtMs !== undefined)
    return (
      <p>
        Nothing tonight: {before} was seen healthy at <Clock atMs={deploy.healthyAgainAtMs} nowMs={nowMs} />.
      </p>
    );
  if (rollback === undefined)
    return (
      <p>
        Take {deploy.version} back by the way you deploy: the configuration names no way of rolling it back.
      </p>
    );
  if (isRollbackOffered(deploy))
    return (
      <>
        <p>
          <a class="button" href={rollbackFormPath(deploy.service, deploy.n)}>
            Roll back to {before}
          </a>
        </p>
        <p class="hush">
          Nobody has asked for it yet. You are asked once more before anything happens.{' '}
          <RollbackDoes deploy={deploy} settings={settings} />
        </p>
      </>
    );
  const asked = (
    <>
      {rollback.askedBy === undefined ? 'Somebody' : <strong>{rollback.askedBy}</strong>} asked for it
      {rollback.askedAtMs === undefined ? null : (
        <>
          {' '}
          <Moment atMs={rollback.askedAtMs} nowMs={nowMs} />
        </>
      )}
      .
    </>
  );
  if (rollback.state === 'failed')
    return (
      <>
        <p>
          Roll back by hand, by the way you deploy. {asked} It did not work
          {rollback.lastError === undefined ? '.' : ':'}
        </p>
        {rollback.lastError === undefined ? null : <pre>{rollback.lastError}</pre>}
        <CommandLine command={commandOf(deploy, settings)} />
      </>
    );
  if (deploy.phase === 'ended')
    return (
      <p>
        Look whether {before} is there, and roll back by hand if it is not. {asked} It was not seen healthy
        afterwards.
      </p>
    );
  return (
    <>
      <p>
        Wait: {asked}
        {rollback.deadlineAtMs === undefined ? null : (
          <>
            {' '}
            If {before} is not seen healthy by <Clock atMs={rollback.deadlineAtMs} nowMs={nowMs} />, people
            are paged.
          </>
        )}
      </p>
      {rollback.kind === 'command' && rollback.state === 'asked' ? (
        <>
          <p>
            <code>latchkey verify</code> runs this where the pipeline runs. If the pipeline has gone, run it
            yourself:
          </p>
          <CommandLine command={commandOf(deploy, settings)} />
        </>
      ) : null}
    </>
  );
}

/** What the button sets off, by the kind of the rollback. */
export function RollbackDoes(props: { deploy: ToldDeploy; settings: RollbackSettings | undefined }) {
  const { deploy, settings } = props;
  const { rollback } = deploy;
  const before = versionBefore(deploy);
  if (rollback === undefined) return <></>;
  const after = ` Then ${before} is verified, and people are paged if it is not healthy.`;
  if (rollback.kind !== 'command')
    return (
      <>
        The hub calls the {ROLLBACK_NAMES[rollback.kind]}
        {settings?.kind === 'github' ? ` ${settings.workflow} of ${settings.repository}` : ''} that is
        configured for it.{after}
      </>
    );
  const command = commandOf(deploy, settings);
  return (
    <>
      <code>latchkey verify</code> runs {command ? <code>{commandText(command)}</code> : 'the command'} where
      the pipeline runs, as long as it is running there; the hub itself cannot.{after}
    </>
  );
}

function CommandLine({ command }: { command: readonly string[] | undefined }) {
  return command ? <pre>{commandText(command)}</pre> : <></>;
}

function commandOf(
  { command }: ToldDeploy,
  settings: RollbackSettings | undefined,
): readonly string[] | undefined {
  return command ?? (settings?.kind === 'command' ? settings.command : undefined);
}

/** As somebody may paste it into a shell. */
export function commandText(command: readonly string[]): string {
  return command
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))
    .join(' ');
}

function CheckLinks({ deploy }: { deploy: ToldDeploy }) {
  const titles = new Map(deploy.verification?.checks.map(({ check, title }) => [check, title]));
  return (
    <>
      {deploy.checks.map((check, index): Child => (
        <>
          {index === 0 ? '' : ', '}
          <a href={checkPath(check)}>{titles.get(check) ?? check}</a>
        </>
      ))}
    </>
  );
}

/** That nothing is to be deployed, since when and why, and the button that ends it. */
export function FreezeForm(props: { service: string; freeze: OutageFreeze; next: string; nowMs: number }) {
  const { service, freeze, next, nowMs } = props;
  return (
    <form method="post" action={freezeFormPath(service)} class="holder freeze">
      <p>
        <span class="sign sign-warning">
          <Mark shape="warning" /> <strong>Deploys are frozen</strong>
        </span>{' '}
        since <Moment atMs={freeze.sinceMs} nowMs={nowMs} />: {freeze.why}
      </p>
      <input type="hidden" name="next" value={next} />
      <button type="submit" class="quiet">
        Lift the freeze
      </button>
      <p class="hush">Only once the outage is over: the next deploy is then verified again.</p>
    </form>
  );
}

/** The name, and the button that means it. */
export function RollbackForm({ deploy, name }: { deploy: ToldDeploy; name: string | undefined }) {
  return (
    <form method="post" action={rollbackFormPath(deploy.service, deploy.n)} class="deed">
      <NameField id="name" name={name} />
      <button type="submit" class="danger">
        Yes, roll back to {versionBefore(deploy)}
      </button>
    </form>
  );
}
