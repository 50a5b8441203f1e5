import { parseArgs } from 'node:util';
import { Slug } from '#core/run.ts';
import { mintProbeToken } from '#worker/probe-token.ts';
import { loadConfigFile } from '../config-file.ts';
import { readEnvFile } from '../host/env-file.ts';
import { errorText } from '../log.ts';
import { probeRegionProblem } from '../probe-region.ts';
import { usageProblem } from './usage.ts';

export const TOKEN_HELP = `latchkey token REGION: mint the token of a probe, on stdout

  --probe NAME      good for the probe of this name only (default: any in the region)
  --config FILE     what is watched (default latchkey.config.ts)
  --env-file FILE   secrets as KEY=VALUE lines; goes before the environment

Signs with the first of PROBE_TOKEN_KEYS, a secret of the hub. A token is good until its key is taken away.`;

/** Mints a token. Resolves with the exit status: 0 minted, 1 cannot, 2 wrong options. */
export async function token(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  if (options === undefined) return 0;
  if (typeof options === 'string') return say(options, 2);
  try {
    console.log(await mint(options));
    return 0;
  } catch (error) {
    return say(errorText(error), 1);
  }
}

type TokenOptions = {
  region: string;
  probe: string | undefined;
  config: string;
  envFile: string | undefined;
};

async function mint({ region, probe, config: configFile, envFile }: TokenOptions): Promise<string> {
  const { config } = await loadConfigFile(configFile);
  const wrongRegion = probeRegionProblem(config, region);
  if (wrongRegion !== undefined) throw new Error(wrongRegion);
  if (probe !== undefined && !Slug.safeParse(probe).success)
    throw new Error(`--probe: expected lower-case letters, digits and hyphens, got ${probe}`);
  const file = envFile === undefined ? undefined : await readEnvFile(envFile);
  const keys = file?.values.PROBE_TOKEN_KEYS ?? process.env.PROBE_TOKEN_KEYS ?? '';
  if (keys === '')
    throw new Error('The secret PROBE_TOKEN_KEYS is not set, in the environment or --env-file.');
  const identity = { region, ...(probe === undefined ? {} : { probe }) };
  return mintProbeToken(
    keys.split(',').map((key) => key.trim()),
    identity,
    Date.now(),
  );
}

function optionsOf(argv: readonly string[]): TokenOptions | string | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        probe: { type: 'string' },
        config: { type: 'string', default: 'latchkey.config.ts' },
        'env-file': { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(TOKEN_HELP);
      return undefined;
    }
    const [region, ...more] = positionals;
    if (region === undefined || more.length > 0)
      return `expected one region, got ${positionals.length}\n\n${TOKEN_HELP}`;
    return { region, probe: values.probe, config: values.config, envFile: values['env-file'] };
  } catch (error) {
    return usageProblem(error, TOKEN_HELP);
  }
}

function say(message: string, status: number): number {
  console.error(message);
  return status;
}
