import { randomBytes } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../log.ts';
import { readEnvFile } from './env-file.ts';

/** The secrets of a hub on this machine, made up. PagerDuty's routing keys have 32 characters. */
const MADE_UP: Readonly<Record<string, () => string>> = {
  PROBE_TOKEN_KEYS: () => randomBytes(32).toString('base64url'),
  OPERATOR_TOKEN: () => randomBytes(24).toString('base64url'),
  COOKIE_KEY: () => randomBytes(32).toString('base64url'),
  PAGERDUTY_ROUTING_KEY: () => randomBytes(16).toString('hex'),
  // Pushover's tokens have 30 letters and digits.
  PUSHOVER_TOKEN: () => randomBytes(15).toString('hex'),
  PUSHOVER_USER: () => randomBytes(15).toString('hex'),
  WEBHOOK_SIGNING_SECRET: signingSecret,
  ROLLBACK_SIGNING_SECRET: signingSecret,
};

/**
 * The secrets in a file that only its owner can read. Those that are not in it yet are made up and written there, so
 * that they are the same next time.
 */
export async function demoSecrets(path: string): Promise<Record<string, string>> {
  await mkdir(dirname(path), { recursive: true });
  const present = await valuesIn(path);
  const missing = Object.entries(MADE_UP).flatMap(([name, make]): [string, string][] =>
    present[name] === undefined ? [[name, make()]] : [],
  );
  if (missing.length > 0)
    await appendFile(path, missing.map(([name, value]) => `${name}=${value}\n`).join(''), { mode: 0o600 });
  return { ...present, ...Object.fromEntries(missing) };
}

async function valuesIn(path: string): Promise<Record<string, string>> {
  try {
    return (await readEnvFile(path)).values;
  } catch (error) {
    if (error instanceof Error && errorCode(error.cause) === 'ENOENT') return {};
    throw error;
  }
}

function signingSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}
