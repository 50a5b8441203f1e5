import type { AnnouncementInput } from '#core/deploy/pipeline/announcement.ts';
import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { ConfigFileError } from '../config-file.ts';
import { EnvFileError } from '../host/env-file.ts';
import { stopSignal } from '../host/stop-signal.ts';
import { HubRequestError } from '../hub-request.ts';
import { errorText } from '../log.ts';
import { operatorHub, serviceToken } from './operator-hub.ts';
import { isPipeline } from './verify/ci.ts';
import { DeploysClient } from './verify/deploys-client.ts';
import { DnsPlanFileError, dnsPlanEvidence } from './verify/dns-plan-evidence.ts';
import { follow } from './verify/follow.ts';
import { annotation, leaveForGithub } from './verify/github.ts';
import { VERIFY_HELP } from './verify/help.ts';
import { LiveBlock } from './verify/live-block.ts';
import { verifyOptions, type VerifyOptions } from './verify/options.ts';
import { Patience } from './verify/patience.ts';
import { PlainLines } from './verify/plain-lines.ts';
import { EXIT, exitStatusOf, verifyReport, type ExitStatus } from './verify/report.ts';
import type { Screen } from './verify/screen.ts';
import { phaseWords } from './verify/words.ts';

/** Announces a deploy and waits for the verdict. Resolves with the exit status: `EXIT`. */
export async function verify(argv: readonly string[]): Promise<number> {
  const { env } = process;
  const options = verifyOptions(argv, env);
  if (options === 'help') {
    console.log(VERIFY_HELP);
    return EXIT.good;
  }
  if ('problem' in options) return say(options.problem);
  try {
    const token = await serviceToken(options, env);
    if (token === '')
      return say('The secret LATCHKEY_SERVICE_TOKEN is not set, in the environment or --env-file.');
    const hub = await operatorHub(options, env);
    if (hub === undefined)
      return say(`--hub: expected an http or https URL, got ${options.hub ?? env.LATCHKEY_HUB}`);
    const dnsPlans = await Promise.all(options.dnsPlans.map(dnsPlanEvidence));
    return await verified(new DeploysClient(hub, token), { ...options.announcement, dnsPlans }, options);
  } catch (error) {
    if (error instanceof ConfigFileError)
      return say(`--hub: expected the hub's address, here or in LATCHKEY_HUB.\n${error.message}`);
    const isKnown = [EnvFileError, DnsPlanFileError].some((known) => error instanceof known);
    return say(isKnown ? (error as Error).message : errorText(error));
  }
}

async function verified(
  client: DeploysClient,
  announcement: AnnouncementInput,
  { json, rollback }: VerifyOptions,
): Promise<ExitStatus> {
  const { env } = process;
  const signal = stopSignal();
  const stream = json ? process.stderr : process.stdout;
  const isLive = stream.isTTY && !isPipeline(env) && env.TERM !== 'dumb';
  const screen: Screen = isLive
    ? new LiveBlock(stream)
    : new PlainLines(json ? (line) => console.error(line) : (line) => console.log(line));
  const patience = new Patience((text) => screen.note(text), signal);
  let told: ToldDeploy | undefined;
  let error: string | undefined;
  try {
    const { deploy } = await patience.ask(() => client.announce(announcement));
    const onTold = (now: ToldDeploy): void => {
      told = now;
    };
    const output = json ? process.stderr.fd : process.stdout.fd;
    error = await follow(deploy, {
      client,
      patience,
      screen,
      rollback,
      env,
      output,
      signal,
      onTold,
    });
  } catch (thrown) {
    error = signal.aborted ? goesOn(told) : reasonOf(thrown);
  }
  screen.leave();
  if (error !== undefined) console.error(error);
  // A hub that is lost takes nothing back of what it has said.
  const exitStatus = signal.aborted || !told ? EXIT.unknown : exitStatusOf(told);
  if (json && told) console.log(JSON.stringify(verifyReport(told, exitStatus, error)));
  const noted = annotation({ told, error }, env);
  if (noted !== undefined) (json ? console.error : console.log)(noted);
  for (const problem of await leaveForGithub({ told, error }, env)) console.error(problem);
  return exitStatus;
}

/** What the hub does without us. */
function goesOn(told: ToldDeploy | undefined): string {
  if (!told) return 'interrupted; whether the hub knows of the deploy is not known';
  const { n, operatorUrl, rollback } = told;
  const isOurs = rollback?.kind === 'command' && rollback.state !== 'called';
  const except = isOurs ? '; a rollback by command is for you to run' : '';
  return `interrupted; the hub goes on with deploy ${n} (${phaseWords(told)})${except}: ${operatorUrl}`;
}

function reasonOf(error: unknown): string {
  return error instanceof HubRequestError ? error.message : errorText(error);
}

function say(message: string): ExitStatus {
  console.error(message);
  return EXIT.unknown;
}
