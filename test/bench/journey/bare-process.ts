import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { contenderEnv, type ContenderSettings } from './contender-settings.ts';

const SCRIPT = fileURLToPath(new URL('bare.ts', import.meta.url));
/** A login takes half a second; beside other work, a few. */
const PLAY_DEADLINE_MS = 30_000;

type Answer = { ready: true } | { wallMs: number } | { error: string };

/** The bare warm script in a process of its own. */
export interface BareProcess {
  readonly pid: number;
  /** Logs in once and gives the milliseconds it took. Rejects when it fails or takes over 30 s. */
  readonly play: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** Starts the script and its Chromium. Rejects when either does not come up; nothing is left running then. */
export async function startBare(settings: ContenderSettings): Promise<BareProcess> {
  const child = fork(SCRIPT, { env: { ...process.env, ...contenderEnv(settings) } });
  const exited = once(child, 'exit');
  const answer = async (): Promise<Answer> => {
    const deadline = AbortSignal.timeout(PLAY_DEADLINE_MS);
    const ended = exited.then(() => Promise.reject(new Error('the bare script ended')));
    const [message] = await Promise.race([once(child, 'message', { signal: deadline }), ended]);
    return message as Answer;
  };
  const stop = async (): Promise<void> => {
    // It closes its browser and ends when its parent lets go.
    if (child.connected) child.disconnect();
    await exited;
  };
  try {
    await answer();
    const { pid } = child;
    if (pid === undefined) throw new Error('the bare script did not start');
    return {
      pid,
      stop,
      play: async () => {
        const played = answer();
        child.send('play');
        const result = await played;
        if ('wallMs' in result) return result.wallMs;
        throw new Error(`the bare script: ${'error' in result ? result.error : 'no result'}`);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
