import { appendFile } from 'node:fs/promises';
import type { ToldCheck, ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { formatMs } from '#core/units.ts';
import { errorText } from '../../log.ts';
import { workflowCommand } from '../workflow-command.ts';
import { EXIT, exitStatusOf } from './report.ts';
import { checkText, deployName, oneLine, outcomeText } from './words.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What became of it: the deploy as it was told last, and why it was not followed to its end. */
export type Result = { told?: ToldDeploy | undefined; error?: string | undefined };

/** A workflow command that GitHub shows with the run; `undefined` outside of its Actions. */
export function annotation({ told, error }: Result, env: Environment): string | undefined {
  if (env.GITHUB_ACTIONS !== 'true') return undefined;
  const isGood = told !== undefined && error === undefined && exitStatusOf(told) === EXIT.good;
  const title = told ? deployName(told) : 'latchkey verify';
  return workflowCommand(isGood ? 'notice' : 'error', { title }, resultText({ told, error }));
}

/**
 * Writes a summary of the step, and its outputs, to the files that GitHub Actions names. Gives what went wrong: a verdict is
 * not to be lost for that.
 */
export async function leaveForGithub(result: Result, env: Environment): Promise<string[]> {
  const texts: [path: string | undefined, text: string][] = [
    [env.GITHUB_STEP_SUMMARY, stepSummary(result)],
    [env.GITHUB_OUTPUT, outputs(result)],
  ];
  const left = texts.map(async ([path, text]): Promise<string[]> => {
    if (!path) return [];
    try {
      await appendFile(path, text);
      return [];
    } catch (error) {
      return [`${path}: cannot be written: ${errorText(error)}`];
    }
  });
  return (await Promise.all(left)).flat();
}

/** Markdown: what was decided, and the journeys behind it. */
export function stepSummary({ told, error }: Result): string {
  if (!told) return `### Post-deploy verification\n\n${markdown(resultText({ told, error }))}\n`;
  const { decidedAtMs, announcedAtMs, verification, again, operatorUrl } = told;
  const after = decidedAtMs === undefined ? '' : ` Decided after ${formatMs(decidedAtMs - announcedAtMs)}.`;
  const table = (checks: readonly ToldCheck[]): string =>
    [
      '| Journey | Runs | Outcome |',
      '|---|---|---|',
      ...checks.map(
        (check) =>
          `| ${markdown(check.title)} | ${markdown(checkText(check))} | ${markdown(check.outcome)} |`,
      ),
    ].join('\n');
  return [
    `### ${markdown(deployName(told))}`,
    `${markdown(resultText({ told, error }))}${after}`,
    ...(verification ? [table(verification.checks)] : []),
    ...(again ? ['After the rollback:', table(again.checks)] : []),
    `[The deploy on the operator’s page](<${linkTarget(operatorUrl)}>)`,
    '',
  ].join('\n\n');
}

function outputs({ told }: Result): string {
  const values = told
    ? { outcome: told.outcome ?? 'unknown', deploy: String(told.n), 'deploy-url': told.operatorUrl }
    : { outcome: 'unknown' };
  return Object.entries(values)
    .map(([name, value]) => `${name}=${oneLine(value)}\n`)
    .join('');
}

function resultText({ told, error }: Result): string {
  const outcome = told && outcomeText(told);
  const after = told?.rollback && told.outcome === 'bad' ? rollbackEnd(told) : undefined;
  return [outcome, after, error].filter((text) => text !== undefined).join(' ') || 'Nothing is known.';
}

function rollbackEnd({ rollback, healthyAgainAtMs, previousVersion }: ToldDeploy): string {
  if (healthyAgainAtMs !== undefined)
    return `Rolled back: ${previousVersion ?? 'the version before'} is healthy again.`;
  switch (rollback?.state) {
    case 'called':
      return 'Rolled back, but the version before was not seen healthy.';
    case 'failed':
      return `The rollback has failed: ${rollback.lastError ?? 'no reason given'}.`;
    case 'asked':
      return 'A rollback was asked for.';
    case 'offered':
    case undefined:
      return 'It was not rolled back.';
  }
}

/** What Markdown and HTML would take for their own, in a cell of a table. */
function markdown(text: string): string {
  return oneLine(text).replaceAll(/[\\`*_{}[\]<>|#&~]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Between angle brackets only these end an address (CommonMark, section 6.3). */
function linkTarget(url: string): string {
  return url.replaceAll(/[<>\s]/g, '');
}
