import { parseArgs } from 'node:util';
import { ToldBaseline } from '#core/dns/memory/told-baseline.ts';
import { dnsBaselinePath } from '#core/operator-path.ts';
import { ConfigFileError } from '../../config-file.ts';
import { EnvFileError } from '../../host/env-file.ts';
import { HubRequestError } from '../../hub-request.ts';
import { HubSession } from '../../hub-session.ts';
import { errorText } from '../../log.ts';
import { operatorHub, operatorToken } from '../operator-hub.ts';
import { usageProblem } from '../usage.ts';
import { acceptReport, baselineLines } from './accept-words.ts';

export const DNS_ACCEPT_HELP = `latchkey dns accept CHECK: call a check's present sizes right, so that B15 warns against these

  --show           only print the accepted and the present figures; changes nothing
  --hub URL        the hub (default LATCHKEY_HUB, else publicUrl of the configuration)
  --config FILE    what is watched; read for publicUrl only (default latchkey.config.ts)
  --env-file FILE  secrets as KEY=VALUE lines; goes before the environment
  --json           one object on stdout: check, name, accepted, before, after

Needs OPERATOR_TOKEN; what is accepted is noted in the hub's audit log.
Exit status: 0 accepted (or shown), 1 it could not be, 2 wrong options or no such DNS check.`;

type AcceptOptions = {
  check: string;
  show: boolean;
  hub: string | undefined;
  config: string;
  envFile: string | undefined;
  json: boolean;
};

/** Accepts a baseline. Resolves with the exit status: 0 done, 1 not possible, 2 wrong options or no such DNS check. */
export async function dnsAccept(
  argv: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const options = optionsOf(argv);
  if (options === undefined) return 0;
  if (typeof options === 'string') return say(options, 2);
  try {
    const token = await operatorToken(options, env);
    if (token === '')
      return say('The secret OPERATOR_TOKEN is not set, in the environment or --env-file.', 1);
    const hub = await operatorHub(options, env);
    if (hub === undefined) return say(`--hub: expected an http or https URL, got ${options.hub}`, 2);
    return await accept(hub, token, options);
  } catch (error) {
    const known = [HubRequestError, ConfigFileError, EnvFileError].some((known) => error instanceof known);
    // The hub knows which checks there are.
    const isUsage = error instanceof HubRequestError && [400, 404].includes(error.status ?? 0);
    return say(known ? (error as Error).message : errorText(error), isUsage ? 2 : 1);
  }
}

async function accept(hub: URL, token: string, { check, show, json }: AcceptOptions): Promise<number> {
  const session = await HubSession.signIn(hub, token);
  const path = dnsBaselinePath(check);
  const before = await session.get(path, ToldBaseline);
  const after = show ? undefined : await session.post(path, {}, ToldBaseline);
  if (json) console.log(JSON.stringify(acceptReport(before, after)));
  else for (const line of baselineLines(before, after !== undefined)) console.log(line);
  return 0;
}

function optionsOf(argv: readonly string[]): AcceptOptions | string | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        show: { type: 'boolean', default: false },
        hub: { type: 'string' },
        config: { type: 'string', default: 'latchkey.config.ts' },
        'env-file': { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(DNS_ACCEPT_HELP);
      return undefined;
    }
    const [check, ...others] = positionals;
    if (check === undefined || others.length > 0)
      return `expected the id of one check, got ${positionals.length === 0 ? 'none' : positionals.join(' ')}\n\n${DNS_ACCEPT_HELP}`;
    return {
      check,
      show: values.show,
      hub: values.hub,
      config: values.config,
      envFile: values['env-file'],
      json: values.json,
    };
  } catch (error) {
    return usageProblem(error, DNS_ACCEPT_HELP);
  }
}

function say(message: string, status: number): number {
  console.error(message);
  return status;
}
