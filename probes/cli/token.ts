import { parseArgs } from 'node:util';
import type { Config } from '#core/config.ts';
import { Slug } from '#core/run.ts';
import { formatMs, parseDurationMs } from '#core/units.ts';
import { mintProbeToken } from '#worker/probe-token.ts';
import {
  mintServiceToken,
  SERVICE_TOKEN_LIFE_MS_MAX,
  SERVICE_TOKEN_LIFE_MS_MIN,
} from '#worker/service-token.ts';
import { loadConfigFile } from '../config-file.ts';
import { readEnvFile } from '../host/env-file.ts';
import { errorText } from '../log.ts';
import { probeRegionProblem } from '../probe-region.ts';
import { usageProblem } from './usage.ts';

export const TOKEN_HELP = `latchkey token REGION: mint the token of a probe, on stdout
latchkey token --service NAME: mint the token of a service's pipeline

  --probe NAME      good for the probe of this name only (default: any in the region)
  --service NAME    for \`latchkey verify\`, /v1/deploys and /v1/attempts of this service only, in the place of REGION
  --expires TIME    with --service: good for this long, such as 90d (default: until its key is taken away)
  --config FILE     what is watched (default latchkey.config.ts)
  --env-file FILE   secrets as KEY=VALUE lines; goes before the environment

Signs with the first of PROBE_TOKEN_KEYS, a secret of the hub. A token is good until its key is taken away.`;

/** Mints a token. Resolves with the exit status: 0 minted, 1 cannot, 2 wrong options. */
export async function token(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  if (options === undefined) return 0;
  if (typeof options === 'string') return say(options, 2);
  try {
    const { config } = await loadConfigFile(options.config);
    console.log(await mint(options, config));
    return 0;
  } catch (error) {
    return say(errorText(error), 1);
  }
}

/** What the token is for. */
type Bearer =
  | { kind: 'probe'; region: string; probe: string | undefined }
  | { kind: 'service'; service: string; lifeMs: number | undefined };

type TokenOptions = { bearer: Bearer; config: string; envFile: string | undefined };

async function mint({ bearer, envFile }: TokenOptions, config: Config): Promise<string> {
  const problem =
    bearer.kind === 'service'
      ? slugProblem('--service', bearer.service)
      : (probeRegionProblem(config, bearer.region) ?? slugProblem('--probe', bearer.probe));
  if (problem !== undefined) throw new Error(problem);
  const keys = await signingKeys(envFile);
  if (bearer.kind === 'probe') {
    const { region, probe } = bearer;
    return mintProbeToken(keys, { region, ...(probe === undefined ? {} : { probe }) }, Date.now());
  }
  const { service, lifeMs } = bearer;
  if (!config.services.some(({ id }) => id === service))
    console.error(
      `Note: the configuration has no service ${service}; its deploys must say which checks or tags verify them.`,
    );
  return mintServiceToken(keys, service, Date.now(), lifeMs);
}

async function signingKeys(envFile: string | undefined): Promise<string[]> {
  const file = envFile === undefined ? undefined : await readEnvFile(envFile);
  const keys = file?.values.PROBE_TOKEN_KEYS ?? process.env.PROBE_TOKEN_KEYS ?? '';
  if (keys === '')
    throw new Error('The secret PROBE_TOKEN_KEYS is not set, in the environment or --env-file.');
  return keys.split(',').map((key) => key.trim());
}

function slugProblem(option: string, value: string | undefined): string | undefined {
  return value === undefined || Slug.safeParse(value).success
    ? undefined
    : `${option}: expected lower-case letters, digits and hyphens, got ${value}`;
}

function optionsOf(argv: readonly string[]): TokenOptions | string | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        probe: { type: 'string' },
        service: { type: 'string' },
        expires: { type: 'string' },
        config: { type: 'string', default: 'latchkey.config.ts' },
        'env-file': { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(TOKEN_HELP);
      return undefined;
    }
    const bearer = bearerOf(values, positionals);
    if (typeof bearer === 'string') return `${bearer}\n\n${TOKEN_HELP}`;
    return { bearer, config: values.config, envFile: values['env-file'] };
  } catch (error) {
    return usageProblem(error, TOKEN_HELP);
  }
}

function bearerOf(
  {
    service,
    probe,
    expires,
  }: { service?: string | undefined; probe?: string | undefined; expires?: string | undefined },
  positionals: readonly string[],
): Bearer | string {
  if (service === undefined) {
    if (expires !== undefined) return '--expires goes with --service only';
    const [region, ...more] = positionals;
    if (region === undefined || more.length > 0) return `expected one region, got ${positionals.length}`;
    return { kind: 'probe', region, probe };
  }
  if (positionals.length > 0 || probe !== undefined)
    return 'expected either a region, with --probe or without, or --service';
  const lifeMs = expires === undefined ? undefined : parseDurationMs(expires);
  const isLife =
    lifeMs !== undefined && lifeMs >= SERVICE_TOKEN_LIFE_MS_MIN && lifeMs <= SERVICE_TOKEN_LIFE_MS_MAX;
  if (expires !== undefined && !isLife)
    return `--expires: expected a time such as 90d, from ${formatMs(SERVICE_TOKEN_LIFE_MS_MIN)} to ${formatMs(SERVICE_TOKEN_LIFE_MS_MAX)}, got ${expires}`;
  return { kind: 'service', service, lifeMs };
}

function say(message: string, status: number): number {
  console.error(message);
  return status;
}
