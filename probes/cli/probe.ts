import { log } from '../log.ts';
import { EXIT, runProbe } from '../main.ts';
import { PROBE_OPTIONS } from '../probe-config.ts';
import { createRunner } from '../runners/index.ts';

const options = Object.entries(PROBE_OPTIONS).map(
  ([name, { env, help }]) => `  --${name.padEnd(12)} ${env.padEnd(20)} ${help}`,
);

export const PROBE_HELP = `latchkey probe: run the checks of a region and report to a hub

  option         or variable          what it says
${options.join('\n')}
                 LATCHKEY_TOKEN       the token, minted by latchkey token REGION; no option, as others could see it

The secrets of the journeys are environment variables by their own names, as are those of the channels that it pages by
itself when the hub is gone (paging.breakGlass). Logs are JSON lines on stderr.
End it with SIGTERM or Ctrl-C: it ends its runs and sends what it has, within 10 seconds or so.
Exit status: ${EXIT.stopped} stopped, ${EXIT.failed} failed, ${EXIT.badConfig} settings it cannot use, ${EXIT.spoolLocked} another probe uses the spool.`;

/** Runs a probe until it is told to stop. Resolves with the exit status. */
export async function probe(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log(PROBE_HELP);
    return EXIT.stopped;
  }
  const { env } = process;
  return runProbe(argv, env, ({ directory, config: { services } }) =>
    createRunner({ directory, services, env, log }),
  );
}
