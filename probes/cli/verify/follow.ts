import { setTimeout as pause } from 'node:timers/promises';
import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { MS_PER_MINUTE, MS_PER_SECOND } from '#core/units.ts';
import { HubRequestError } from '../../hub-request.ts';
import type { DeploysClient } from './deploys-client.ts';
import type { VerifyOptions } from './options.ts';
import type { Patience } from './patience.ts';
import { rollbackEnv, runRollback } from './rollback-command.ts';
import type { Screen } from './screen.ts';

/** How often the hub is asked how the deploy does: runs end about as often. */
const ASK_EVERY_MS = 1_000;
/** What the hub says itself comes first; this is for one that has forgotten to. */
const END_GRACE_MS = 15 * MS_PER_SECOND;
/** Gates that others answer have half of it. */
const CHECKLIST_MS_MAX = MS_PER_MINUTE;
/** Of a rollback whose configuration says nothing (`RollbackInput.deadline`). */
const COMMAND_DEADLINE_MS = 5 * MS_PER_MINUTE;
/** A command gets at least this much of the deadline. */
const COMMAND_DEADLINE_MS_MIN = 10 * MS_PER_SECOND;

export type Follower = {
  client: DeploysClient;
  patience: Patience;
  screen: Screen;
  rollback: VerifyOptions['rollback'];
  env: NodeJS.ProcessEnv;
  /** The file descriptor that a command's output goes to. */
  output: number;
  signal: AbortSignal;
  /** Hears of the deploy each time. */
  onTold: (told: ToldDeploy) => void;
};

/**
 * Follows a deploy until nothing is left to wait for, and does what the rollback needs from here. Gives why that did not work,
 * if it did not.
 * @throws HubRequestError when the hub is lost, the signal's reason when that aborts
 */
export async function follow(begun: ToldDeploy, follower: Follower): Promise<string | undefined> {
  const { client, patience, screen, signal, onTold } = follower;
  const { service, n } = begun;
  let told = begun;
  let hasWished = false;
  let hasRun = false;
  for (;;) {
    onTold(told);
    screen.show(told);
    const next = nextOf(told, follower.rollback, { hasWished, hasRun });
    if (next.do === 'nothing') {
      const { why } = next;
      // It would be waited for until its deadline, and only then would people be paged.
      if (why !== undefined && told.rollback?.state === 'asked')
        await patience.ask(() => client.commandEnded(service, n, { state: 'failed', error: why }));
      return why;
    }
    if (next.do === 'wish') {
      hasWished = true;
      const refused = await wished(told, follower);
      if (refused !== undefined) return refused;
    } else if (next.do === 'run') {
      hasRun = true;
      await ran(told, next.command, follower);
    } else {
      if (told.nowMs > endOf(told) + END_GRACE_MS) return overdue(told);
      await pause(ASK_EVERY_MS, undefined, { signal });
    }
    told = await patience.ask(() => client.deploy(service, n, signal));
  }
}

type Next =
  | { do: 'wait' }
  | { do: 'wish' }
  | { do: 'run'; command: readonly string[] }
  | { do: 'nothing'; why?: string };

/** What there is to be done here. */
export function nextOf(
  told: ToldDeploy,
  wish: VerifyOptions['rollback'],
  { hasWished, hasRun }: { hasWished: boolean; hasRun: boolean },
): Next {
  const { phase, outcome, rollback } = told;
  if (phase === 'ended') return { do: 'nothing' };
  if (outcome !== 'bad' || !rollback || rollback.state === 'called') return { do: 'wait' };
  // People have been told, and whoever looks after it goes on from there.
  if (rollback.state === 'failed') return { do: 'nothing' };
  if (rollback.state === 'offered' && !hasWished)
    return wish.by === 'nobody' ? { do: 'nothing' } : { do: 'wish' };
  if (rollback.kind === 'command' && !hasRun) {
    const command = wish.by === 'command' ? wish.command : told.command;
    if (command) return { do: 'run', command };
    if (wish.by === 'hub' || rollback.state === 'offered')
      return {
        do: 'nothing',
        why: 'the configuration names no rollback, and no --rollback-command was given',
      };
  }
  return { do: 'wait' };
}

/** Asks for the rollback. Gives why there is none. */
async function wished(
  told: ToldDeploy,
  { client, patience, rollback }: Follower,
): Promise<string | undefined> {
  try {
    await patience.ask(() => client.rollBack(told.service, told.n));
    return undefined;
  } catch (error) {
    const isRefused = error instanceof HubRequestError && error.status !== undefined && !error.isAway;
    if (!isRefused) throw error;
    // Where the hub knows no way, ours is one; it is told of what becomes of it.
    if (rollback.by === 'command' && told.rollback?.kind === 'command') return undefined;
    return `the hub does not roll it back: ${error.message}`;
  }
}

async function ran(told: ToldDeploy, command: readonly string[], follower: Follower): Promise<void> {
  const { client, patience, screen, env, output, signal } = follower;
  const leftMs = (told.rollback?.deadlineAtMs ?? told.nowMs + COMMAND_DEADLINE_MS) - told.nowMs;
  screen.note(`rollback: runs ${command[0]} here`);
  screen.leave();
  const result = await runRollback(command, {
    env: rollbackEnv(told, env),
    deadlineMs: Math.max(COMMAND_DEADLINE_MS_MIN, leftMs),
    output,
    signal,
  });
  screen.note(
    result.state === 'called' ? 'rollback: the command has ended well' : `rollback: ${result.error}`,
  );
  const tell = (): Promise<void> => client.commandEnded(told.service, told.n, result);
  // Told even by one who is leaving: otherwise the hub waits until the deadline.
  await (signal.aborted ? tell() : patience.ask(tell));
  signal.throwIfAborted();
}

function overdue({ phase, previousVersion, operatorUrl }: ToldDeploy): string {
  return phase === 'verifying-again'
    ? `${previousVersion ?? 'the version before'} was not seen healthy by the rollback’s deadline; the hub looks on: ${operatorUrl}`
    : `the hub has not ended the phase ${phase} in time: ${operatorUrl}`;
}

/** When what goes on now is to have ended, by the hub's clock. */
function endOf({ phase, announcedAtMs, verification, rollback, nowMs }: ToldDeploy): number {
  switch (phase) {
    case 'checklist':
      return announcedAtMs + CHECKLIST_MS_MAX;
    case 'verifying':
      return verification?.deadlineAtMs ?? nowMs;
    // The hub looks on for an hour, for people; a pipeline is not kept for it.
    case 'rolling-back':
    case 'verifying-again':
      return rollback?.deadlineAtMs ?? nowMs;
    case 'ended':
      return nowMs;
  }
}
