import { z } from 'zod';
import { keyText, secretNames, secretOf } from './secrets.ts';
import { config } from './settings.ts';
import { TOKEN_KEY_BYTES_MIN, TOKEN_KEYS_MAX } from './signed-token.ts';

/** Characters of the token operators sign in with: 24 random ones cannot be guessed. */
const OPERATOR_TOKEN_CHARS_MIN = 24;
/** Bytes of the key that signs operators' cookies: as long as its hash. */
const COOKIE_KEY_BYTES_MIN = 32;

const Secrets = z.object({
  PROBE_TOKEN_KEYS: z
    .string('expected one or two keys, separated by a comma')
    .transform((text) => text.split(',').map((key) => key.trim()))
    .pipe(z.array(keyText(TOKEN_KEY_BYTES_MIN)).min(1).max(TOKEN_KEYS_MAX)),
  OPERATOR_TOKEN: z
    .string(`expected ${OPERATOR_TOKEN_CHARS_MIN} or more characters`)
    .min(OPERATOR_TOKEN_CHARS_MIN, `expected ${OPERATOR_TOKEN_CHARS_MIN} or more characters`),
  COOKIE_KEY: keyText(COOKIE_KEY_BYTES_MIN),
});

/** The hub's own secrets, parsed. */
export type HubSecrets = { probeTokenKeys: string[]; operatorToken: string; cookieKey: string };

/** A secret that is missing or cannot be used: its name and what was expected. Never its value. */
export type SecretProblem = { name: string; expected: string };

export type ParsedEnv = { ok: true; secrets: HubSecrets } | { ok: false; problems: SecretProblem[] };

const parsed = new WeakMap<object, ParsedEnv>();

/** The hub's secrets, or every one that is missing or unusable. Worked out once for each environment object. */
export function parseEnv(env: object): ParsedEnv {
  const known = parsed.get(env);
  if (known) return known;
  const fresh = parse(env);
  parsed.set(env, fresh);
  return fresh;
}

function parse(env: object): ParsedEnv {
  const result = Secrets.safeParse(env);
  const own = result.success
    ? []
    : result.error.issues.map((issue) => ({
        name: String(issue.path[0]),
        expected: stripped(issue.message),
      }));
  const ofConfig = secretNames([config.channels, config.watchdogs, config.services])
    .filter((name) => secretOf(env, name) === undefined)
    .map((name) => ({ name, expected: 'a value: a channel, a watchdog or a rollback needs it' }));
  if (!result.success || ofConfig.length > 0) return { ok: false, problems: [...own, ...ofConfig] };
  const { PROBE_TOKEN_KEYS, OPERATOR_TOKEN, COOKIE_KEY } = result.data;
  return {
    ok: true,
    secrets: { probeTokenKeys: PROBE_TOKEN_KEYS, operatorToken: OPERATOR_TOKEN, cookieKey: COOKIE_KEY },
  };
}

function stripped(message: string): string {
  return message.replace(/^expected /, '');
}
