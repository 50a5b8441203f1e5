import type { Child } from 'hono/jsx';
import {
  deployPagePath,
  checkPath,
  freezeFormPath,
  OPERATOR_PATH,
  rollbackFormPath,
} from '#core/operator-path.ts';
import type { OutageFreeze } from '#core/deploy/deploy.ts';
import type { Rollback, RollbackSettings } from '#core/deploy/service/rollback.ts';
import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { Holder, NameField } from './acknowledge-form.tsx';
import type { AcknowledgeSubject } from './acknowledge-subject.ts';
import { isRollbackOffered, ROLLBACK_NAMES, versionBefore } from './deploy-headline.ts';
import { Mark } from './mark.tsx';
import { Clock, Moment } from './time.tsx';
import { viaWords } from './words.ts';

/** What somebody can do about a deploy, most urgent first; that there is nothing, where there is nothing. */
export function NextStep(props: {
  deploy: ToldDeploy;
  isLatest: boolean;
  settings: RollbackSettings | undefined;
  incident: AcknowledgeSubject | undefined;
  freeze: OutageFreeze | undefined;
  /** Of who looks, if known. */
  name: string | undefined;
  nowMs: number;
}) {
  const { deploy, isLatest, settings, incident, freeze, name, nowMs } = props;
  const page = deployPagePath(deploy.service, deploy.n);
  return (
    <section class="card next" aria-labelledby="next">
      <h2 id="next">What to do next</h2>
      {incident && incident.status !== 'resolved' ? (
        <Holder incident={incident} next={page} named={{ name }} nowMs={nowMs} />
      ) : null}
      {isLatest ? (
        <Advice deploy={deploy} settings={settings} nowMs={nowMs} />
      ) : (
        <p>Nothing here: a later deploy took its place.</p>
      )}
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

/** Of a bad version: take it back, or wait, and for what. */
function Bad(props: { deploy: ToldDeploy; settings: RollbackSettings | undefined; nowMs: number }) {
  const { deploy, settings, nowMs } = props;
  const { rollback, phase } = deploy;
  const before = versionBefore(deploy);
  if (deploy.healthyAgainAtMs !== undefined)
    return (
      <p>
        Nothing tonight: {before} was seen healthy at <Clock atMs={deploy.healthyAgainAtMs} nowMs={nowMs} />.
      </p>
    );
  if (isRollbackOffered(deploy))
    return (
      <>
        {rollback?.state === 'failed' ? <Failed rollback={rollback} nowMs={nowMs} /> : null}
        <p>
          <a class="button" href={rollbackFormPath(deploy.service, deploy.n)}>
            {rollback?.state === 'failed' ? 'Try again to roll back' : 'Roll back'} to {before}
          </a>
        </p>
        <p class="hush">
          {rollback?.state === 'failed' ? 'Or take it back by the way you deploy. ' : ''}You are asked once
          more before anything happens. <RollbackDoes deploy={deploy} settings={settings} />
        </p>
      </>
    );
  if (phase === 'verifying-again' || (phase === 'rolling-back' && rollback?.state === 'asked'))
    return <Waiting deploy={deploy} settings={settings} nowMs={nowMs} />;
  if (phase === 'ended' && rollback?.state === 'called')
    return (
      <p>
        Look whether {before} is there, and take {deploy.version} back by hand if it is not: it was not seen
        healthy after the rollback. <Asked rollback={rollback} nowMs={nowMs} />
      </p>
    );
  return (
    <>
      {rollback?.state === 'failed' ? <Failed rollback={rollback} nowMs={nowMs} /> : null}
      <ByHand deploy={deploy} settings={settings} />
    </>
  );
}

/** Where no button can do it: the command to run, or that there is no way but one's own. */
function ByHand(props: { deploy: ToldDeploy; settings: RollbackSettings | undefined }) {
  const { deploy, settings } = props;
  const command = commandOf(deploy, settings);
  if (command === undefined)
    return (
      <p>
        Take {deploy.version} back by the way you deploy: the configuration names no way that the hub could go
        by itself.
      </p>
    );
  return (
    <>
      <p>
        Roll back to {versionBefore(deploy)} by this command, where you deploy. The hub cannot run it; a
        pipeline does that waits in <code>latchkey verify --rollback</code>.
      </p>
      <pre>{commandText(command)}</pre>
    </>
  );
}

function Waiting(props: { deploy: ToldDeploy; settings: RollbackSettings | undefined; nowMs: number }) {
  const { deploy, settings, nowMs } = props;
  const { rollback } = deploy;
  if (rollback === undefined) return <></>;
  const command = rollback.state === 'asked' ? commandOf(deploy, settings) : undefined;
  return (
    <>
      <p>
        Wait. <Asked rollback={rollback} nowMs={nowMs} />
      </p>
      {command === undefined ? null : (
        <>
          <p>
            <code>latchkey verify</code> runs this where the pipeline runs. If the pipeline is gone, run it
            yourself:
          </p>
          <pre>{commandText(command)}</pre>
        </>
      )}
    </>
  );
}

/** That the rollback did not work, and why. */
function Failed({ rollback, nowMs }: { rollback: Rollback; nowMs: number }) {
  return (
    <>
      <p>
        The rollback did not work. <Asked rollback={rollback} nowMs={nowMs} />
      </p>
      {rollback.lastError === undefined ? null : <pre>{rollback.lastError}</pre>}
    </>
  );
}

/** Who asked for it, and when. */
function Asked({ rollback, nowMs }: { rollback: Rollback; nowMs: number }) {
  const { askedBy, askedAtMs, via } = rollback;
  if (askedAtMs === undefined) return <></>;
  return (
    <>
      Asked for {via === 'setting' || askedBy === undefined ? '' : `by ${askedBy} `}at{' '}
      <Clock atMs={askedAtMs} nowMs={nowMs} />
      {via === undefined ? '' : `, ${viaWords(via)}`}.
    </>
  );
}

/** What the button sets off. */
export function RollbackDoes(props: { deploy: ToldDeploy; settings: RollbackSettings | undefined }) {
  const { deploy, settings } = props;
  const { rollback } = deploy;
  if (rollback === undefined) return <></>;
  return (
    <>
      The hub calls the {ROLLBACK_NAMES[rollback.kind]}
      {settings?.kind === 'github' ? ` ${settings.workflow} of ${settings.repository}` : ''} that is
      configured for it, then looks whether {versionBefore(deploy)} is healthy, and pages people if it is not.
    </>
  );
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
