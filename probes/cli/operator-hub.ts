import { loadConfigFile } from '../config-file.ts';
import { readEnvFile } from '../host/env-file.ts';

/** Where an operator's command finds the hub and its token. */
export type OperatorHubOptions = { hub: string | undefined; config: string; envFile: string | undefined };

/** The operator's token: of the file, else of the environment; empty when neither has it. @throws EnvFileError */
export function operatorToken(
  options: Pick<OperatorHubOptions, 'envFile'>,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  return tokenNamed('OPERATOR_TOKEN', options, env);
}

/** A pipeline's or an application's token: of the file, else of the environment; empty when neither has it. @throws EnvFileError */
export function serviceToken(
  options: Pick<OperatorHubOptions, 'envFile'>,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  return tokenNamed('LATCHKEY_SERVICE_TOKEN', options, env);
}

async function tokenNamed(
  name: string,
  { envFile }: Pick<OperatorHubOptions, 'envFile'>,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const file = envFile === undefined ? undefined : await readEnvFile(envFile);
  return file?.values[name] ?? env[name] ?? '';
}

/** The hub: as given, else of the environment, else the one of the configuration. `undefined`: no address. @throws ConfigFileError */
export async function operatorHub(
  { hub, config }: OperatorHubOptions,
  env: NodeJS.ProcessEnv,
): Promise<URL | undefined> {
  const text = hub ?? env.LATCHKEY_HUB ?? (await loadConfigFile(config)).config.publicUrl;
  const url = URL.parse(text);
  return url && ['http:', 'https:'].includes(url.protocol) ? url : undefined;
}
