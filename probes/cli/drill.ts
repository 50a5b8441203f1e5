import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DRILL_WAIT_MS_MAX, ToldDrill } from '#core/network/drill.ts';
import { DRILL_PATH } from '#core/operator-path.ts';
import { formatMs, parseDurationMs } from '#core/units.ts';
import { ConfigFileError } from '../config-file.ts';
import { EnvFileError } from '../host/env-file.ts';
import { HubRequestError } from '../hub-request.ts';
import { HubSession } from '../hub-session.ts';
import { errorText } from '../log.ts';
import { drillLines, drillReport } from './drill-words.ts';
import { operatorHub, operatorToken } from './operator-hub.ts';
import { usageProblem } from './usage.ts';

export const DRILL_HELP = `latchkey drill: send a real page to every channel, measure its way, and resolve it

  --hub URL                     the hub (default LATCHKEY_HUB, else publicUrl of the configuration)
  --channel NAME                only to this channel; may be given several times (default: the page channels of all checks)
  --wait-acknowledged DURATION  leave it open until somebody has acknowledged it, such as 5m; at most ${formatMs(DRILL_WAIT_MS_MAX)}
  --config FILE                 what is watched; read for publicUrl only (default latchkey.config.ts)
  --env-file FILE               secrets as KEY=VALUE lines; goes before the environment
  --json                        one object on stdout at the end: drill, passed, decidedAtMs, channels, acknowledged

Needs OPERATOR_TOKEN. It says DRILL, and wakes whoever its channels wake.
Exit status: 0 every channel has accepted in time (and somebody has acknowledged, if you waited for it), 1 not so or it
could not be tried, 2 wrong options.`;

/** How often the hub is asked how the drill does: a person looks on. */
const ASK_INTERVAL_MS = 300;
/** Past its end the hub has this long to say so; it may be starting again. */
const END_GRACE_MS = 20_000;

type DrillOptions = {
  hub: string | undefined;
  channels: string[];
  waitMs: number;
  config: string;
  envFile: string | undefined;
  json: boolean;
};

/** Holds a drill. Resolves with the exit status: 0 passed, 1 failed or not possible, 2 wrong options. */
export async function drill(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  if (options === undefined) return 0;
  if (typeof options === 'string') return say(options, 2);
  try {
    const token = await operatorToken(options, process.env);
    if (token === '')
      return say('The secret OPERATOR_TOKEN is not set, in the environment or --env-file.', 1);
    const hub = await operatorHub(options, process.env);
    if (hub === undefined) return say(`--hub: expected an http or https URL, got ${options.hub}`, 2);
    return await hold(hub, token, options);
  } catch (error) {
    const known = [HubRequestError, ConfigFileError, EnvFileError].some((known) => error instanceof known);
    // The hub knows the channels' names.
    const isUsage = error instanceof HubRequestError && error.status === 400;
    return say(known ? (error as Error).message : errorText(error), isUsage ? 2 : 1);
  }
}

async function hold(hub: URL, token: string, { channels, waitMs, json }: DrillOptions): Promise<number> {
  const session = await HubSession.signIn(hub, token);
  const wish = { ...(channels.length > 0 ? { channels } : {}), waitMs };
  const begun = await session.post(DRILL_PATH, wish, ToldDrill);
  const said = new Set<string>();
  const ended = await followed(session, begun, (drill) => {
    for (const [key, line] of drillLines(drill)) {
      if (said.has(key)) continue;
      said.add(key);
      if (!json) console.log(line);
    }
  });
  if (json) console.log(JSON.stringify(drillReport(ended)));
  return ended.passed ? 0 : 1;
}

/** The drill once it is over; `look` sees it each time. @throws HubRequestError when the hub does not say so in time */
async function followed(
  session: HubSession,
  begun: ToldDrill,
  look: (drill: ToldDrill) => void,
): Promise<ToldDrill> {
  const giveUpAtMs = performance.now() + (begun.endsAtMs - begun.decidedMs) + END_GRACE_MS;
  let drill = begun;
  for (;;) {
    look(drill);
    if (drill.passed !== undefined) return drill;
    await pause(ASK_INTERVAL_MS);
    try {
      drill = await session.get(`${DRILL_PATH}/${begun.n}`, ToldDrill);
    } catch (error) {
      // A hub that starts again in the middle goes on with the drill; one that refuses will go on refusing.
      const isAway = error instanceof HubRequestError && error.isAway;
      if (!isAway || performance.now() >= giveUpAtMs) throw error;
    }
    if (drill.passed === undefined && performance.now() >= giveUpAtMs)
      throw new HubRequestError(`the hub has not ended drill ${begun.n} in time; see the operator's page`);
  }
}

function optionsOf(argv: readonly string[]): DrillOptions | string | undefined {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        hub: { type: 'string' },
        channel: { type: 'string', multiple: true, default: [] },
        'wait-acknowledged': { type: 'string' },
        config: { type: 'string', default: 'latchkey.config.ts' },
        'env-file': { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(DRILL_HELP);
      return undefined;
    }
    const wait = values['wait-acknowledged'];
    const waitMs = wait === undefined ? 0 : parseDurationMs(wait);
    if (waitMs === undefined || waitMs > DRILL_WAIT_MS_MAX || (wait !== undefined && waitMs === 0))
      return `--wait-acknowledged: expected a duration up to ${formatMs(DRILL_WAIT_MS_MAX)}, such as 5m, got ${wait}\n\n${DRILL_HELP}`;
    return {
      hub: values.hub,
      channels: values.channel,
      waitMs,
      config: values.config,
      envFile: values['env-file'],
      json: values.json,
    };
  } catch (error) {
    return usageProblem(error, DRILL_HELP);
  }
}

function say(message: string, status: number): number {
  console.error(message);
  return status;
}
