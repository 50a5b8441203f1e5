import type { DeployOutcome } from '#core/deploy/deploy.ts';
import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { outcomeWord } from './deploy-outcome.ts';
import { count, type Tone } from './headline.ts';

/** As of the wall's headline; `running`: nothing is known yet, and nobody is needed. */
export type DeployTone = Tone | 'running';

/** How a deploy stands, for somebody who has just been woken. */
export type DeployHeadline = {
  tone: DeployTone;
  /** One sentence, the verdict first. */
  text: string;
  /** For the window's title and for lists: `bad, needs you`. */
  short: string;
  /** It goes on by itself, or waits for somebody. */
  isGoingOn: boolean;
  /** What it waits for, in a sentence, and what happens at the latest when, epoch ms. */
  awaited?: { text: string; last?: { text: string; atMs: number } | undefined } | undefined;
};

/** The version and its service: `Portal 4.2.1`. */
export function deployName({ title, version }: Pick<ToldDeploy, 'title' | 'version'>): string {
  return `${title} ${version}`;
}

/** What a rollback goes back to: `4.2.0`. */
export function versionBefore({ previousVersion }: Pick<ToldDeploy, 'previousVersion'>): string {
  return previousVersion ?? 'the version before';
}

/**
 * Whether a button may ask for the rollback: nobody has yet, or it was given up. A command runs where a pipeline is, which no
 * button can make it do.
 */
export function isRollbackOffered({ phase, rollback }: Pick<ToldDeploy, 'phase' | 'rollback'>): boolean {
  if (phase !== 'rolling-back' || rollback === undefined || rollback.kind === 'command') return false;
  return rollback.state === 'offered' || rollback.state === 'failed';
}

/**
 * The words somebody reads first. What is not known to be good is never called so. `isLatest`: no later deploy has taken its
 * place, which then is what people look after.
 */
export function deployHeadline(deploy: ToldDeploy, isLatest = true): DeployHeadline {
  const name = deployName(deploy);
  if (deploy.outcome === 'bad') return badHeadline(deploy, name, isLatest);
  if (deploy.outcome !== undefined)
    return { ...ENDS[deploy.outcome](name), short: outcomeWord(deploy.outcome), isGoingOn: false };
  if (deploy.phase === 'checklist')
    return {
      tone: 'running',
      text: `${name} waits for its checklist`,
      short: 'waits for its checklist',
      isGoingOn: true,
      awaited: { text: `Waits for ${waitedGates(deploy)}.` },
    };
  return {
    tone: 'running',
    text: `${name} is being verified`,
    short: 'being verified',
    isGoingOn: true,
    awaited: {
      text: `Waits for ${count(pendingRuns(deploy), 'run')} under way, and for more until it can be told.`,
      last: lastAt('It is decided at the latest at', deploy.verification?.deadlineAtMs),
    },
  };
}

const ENDS: Record<Exclude<DeployOutcome, 'bad'>, (name: string) => Pick<DeployHeadline, 'tone' | 'text'>> = {
  good: (name) => ({ tone: 'up', text: `${name} is good` }),
  'both-failing': (name) => ({ tone: 'down', text: `Both versions fail: an outage, not ${name}` }),
  'cannot-tell': (name) => ({ tone: 'blind', text: `Cannot tell whether ${name} is good` }),
  blocked: (name) => ({ tone: 'warning', text: `${name} was not verified: its checklist is not met` }),
  superseded: (name) => ({
    tone: 'blind',
    text: `${name} was not verified to its end: a later deploy took its place`,
  }),
  marked: (name) => ({ tone: 'blind', text: `${name} was only marked, not verified` }),
};

function badHeadline(deploy: ToldDeploy, name: string, isLatest: boolean): DeployHeadline {
  const { phase, rollback } = deploy;
  const before = versionBefore(deploy);
  if (deploy.healthyAgainAtMs !== undefined)
    return {
      tone: 'up',
      text: `${name} was bad and is rolled back: ${before} is healthy again`,
      short: 'bad, rolled back',
      isGoingOn: false,
    };
  if (!isLatest)
    return {
      tone: 'warning',
      text: `${name} was bad: a later deploy took its place`,
      short: 'bad, a later one took its place',
      isGoingOn: false,
    };
  if (phase === 'verifying-again')
    return {
      tone: 'warning',
      text: `${name} is bad: rolled back, and ${before} is being verified`,
      short: 'bad, rolled back, being verified again',
      isGoingOn: true,
      awaited: {
        text: `Waits for runs that show that ${before} is healthy.`,
        last: lastAt('People are paged if they do not come by', rollback?.deadlineAtMs),
      },
    };
  const needsYou = {
    tone: 'down',
    text: `${name} is bad and needs you`,
    short: 'bad, needs you',
    isGoingOn: phase !== 'ended',
  } as const;
  if (phase === 'ended' || rollback === undefined) return needsYou;
  switch (rollback.state) {
    case 'offered':
      return { ...needsYou, awaited: { text: 'Waits for somebody to ask for the rollback.' } };
    case 'failed':
      return {
        ...needsYou,
        text: `${name} is bad and its rollback failed: it needs you`,
        short: 'rollback failed, needs you',
      };
    case 'asked':
    case 'called':
      return {
        tone: 'warning',
        text: `${name} is bad and is being rolled back to ${before}`,
        short: 'bad, being rolled back',
        isGoingOn: true,
        awaited: {
          text:
            rollback.state === 'called'
              ? 'Whoever rolls it back has accepted.'
              : rollback.kind === 'command'
                ? 'Waits for `latchkey verify` to run the command, where the pipeline runs.'
                : `Waits for the ${ROLLBACK_NAMES[rollback.kind]} to accept${rollback.attempts > 1 ? `: attempt ${rollback.attempts}` : ''}.`,
          last: lastAt(`People are paged if ${before} is not healthy by`, rollback.deadlineAtMs),
        },
      };
  }
}

/** What does a rollback, by its kind. */
export const ROLLBACK_NAMES = {
  webhook: 'webhook',
  github: 'GitHub workflow',
  command: 'command of the pipeline',
} as const;

function lastAt(text: string, atMs: number | undefined): { text: string; atMs: number } | undefined {
  return atMs === undefined ? undefined : { text, atMs };
}

function waitedGates({ checklist }: ToldDeploy): string {
  const titles = checklist.filter(({ state }) => state === 'waiting').map(({ title }) => title);
  return titles.length === 0 ? 'its checklist' : titles.join(', ');
}

function pendingRuns({ verification }: ToldDeploy): number {
  return (verification?.checks ?? []).reduce((sum, { pending }) => sum + pending, 0);
}
