import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { parseWith, type Parsed, type Problem } from '#core/problem.ts';
import { Slug } from '#core/run.ts';
import { CONCURRENCY_DEFAULT } from './agent.ts';
import { SPOOL_BYTES_MAX, SPOOL_RUNS_MAX } from './spool/spool.ts';

/** Runs at once: above this, one machine's latency says nothing about the target. */
const CONCURRENCY_MAX = 32;

/** What a probe is told from outside. */
export type ProbeConfig = {
  hubUrl: string;
  token: string;
  region: string;
  probe: string;
  configFile: string;
  spoolDirectory: string;
  concurrency: number;
  spoolRunsMax: number;
  spoolBytesMax: number;
};

/**
 * Options of `latchkey probe`, each with the environment variable that stands in for it. The token has no option:
 * a command line is there for every user of the machine to see.
 */
export const PROBE_OPTIONS = {
  hub: { env: 'LATCHKEY_HUB', help: 'address of the hub, such as https://latchkey.example.workers.dev' },
  region: { env: 'LATCHKEY_REGION', help: "the region; the token's when absent" },
  name: { env: 'LATCHKEY_PROBE', help: "name of this probe; the token's, else the host's when absent" },
  config: { env: 'LATCHKEY_CONFIG', help: 'what is watched; latchkey.config.ts when absent' },
  spool: {
    env: 'LATCHKEY_SPOOL',
    help: 'directory for runs not yet sent; .latchkey/spool/<name> when absent',
  },
  concurrency: {
    env: 'LATCHKEY_CONCURRENCY',
    help: `runs of the schedule at once, and as many beside them that verify a deploy; ${CONCURRENCY_DEFAULT} when absent`,
  },
  'spool-runs': { env: 'LATCHKEY_SPOOL_RUNS', help: `runs kept at most; ${SPOOL_RUNS_MAX} when absent` },
  'spool-bytes': { env: 'LATCHKEY_SPOOL_BYTES', help: `bytes kept at most; ${SPOOL_BYTES_MAX} when absent` },
} as const;
type OptionName = keyof typeof PROBE_OPTIONS;
const TOKEN_ENV = 'LATCHKEY_TOKEN';
/** Three parts of a JWT; no token of a hub is longer. */
const TOKEN = /^(?=.{1,1024}$)[\w-]+\.[\w-]+\.[\w-]+$/;

function wholeNumber(min: number, max: number, fallback: number) {
  const expected = `expected a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected)
    .default(fallback);
}

const Settings = z.strictObject({
  hub: z
    .string()
    .default('')
    .pipe(z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).max(2_000)),
  token: z
    .string()
    .default('')
    .refine((token) => TOKEN.test(token), 'expected a token minted by `latchkey token REGION`'),
  region: Slug.optional(),
  name: Slug.optional(),
  config: z.string().min(1).default('latchkey.config.ts'),
  spool: z.string().min(1).optional(),
  concurrency: wholeNumber(1, CONCURRENCY_MAX, CONCURRENCY_DEFAULT),
  'spool-runs': wholeNumber(1, 1_000_000, SPOOL_RUNS_MAX),
  'spool-bytes': wholeNumber(1_024, 16 * 1024 ** 3, SPOOL_BYTES_MAX),
});

/** What the token says of itself; the hub verifies it, the probe only reads it. */
const TokenClaims = z.object({ region: Slug, probe: Slug.optional() });

/**
 * Reads a probe's settings: options first, then the environment. All problems at once, each named after the option.
 * Never throws.
 */
export function readProbeConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Parsed<ProbeConfig> {
  const given = optionsOf(argv);
  if (!given.ok) return given;
  const names = Object.keys(PROBE_OPTIONS) as OptionName[];
  const settings: Record<string, string | undefined> = Object.fromEntries(
    names.map((name) => [name, given.value[name] ?? (env[PROBE_OPTIONS[name].env] || undefined)]),
  );
  const parsed = parseWith(Settings, { ...settings, token: env[TOKEN_ENV] || undefined });
  if (!parsed.ok) return { ok: false, problems: parsed.problems.map(readable) };
  return withToken(parsed.value);
}

function withToken(settings: z.infer<typeof Settings>): Parsed<ProbeConfig> {
  const claims = claimsOf(settings.token);
  const problems: Problem[] = [];
  if (claims === undefined)
    problems.push({
      path: TOKEN_ENV,
      expected: 'a token minted by `latchkey token REGION`',
      received: 'another text',
    });
  for (const [path, claimed] of [
    ['region', claims?.region],
    ['name', claims?.probe],
  ] as const) {
    const asked = settings[path];
    if (asked !== undefined && claimed !== undefined && asked !== claimed)
      problems.push({ path, expected: `${claimed}, which the token is for`, received: asked });
  }
  if (claims === undefined || problems.length > 0) return { ok: false, problems };
  const probe = settings.name ?? claims.probe ?? slugOf(hostname());
  return {
    ok: true,
    value: {
      hubUrl: settings.hub,
      token: settings.token,
      region: claims.region,
      probe,
      configFile: settings.config,
      spoolDirectory: settings.spool ?? `.latchkey/spool/${probe}`,
      concurrency: settings.concurrency,
      spoolRunsMax: settings['spool-runs'],
      spoolBytesMax: settings['spool-bytes'],
    },
  };
}

function optionsOf(argv: readonly string[]): Parsed<Partial<Record<OptionName, string>>> {
  const options = Object.fromEntries(
    Object.keys(PROBE_OPTIONS).map((name) => [name, { type: 'string' as const }]),
  );
  try {
    return { ok: true, value: parseArgs({ args: [...argv], options, strict: true }).values };
  } catch (error) {
    const expected = Object.keys(PROBE_OPTIONS).map((name) => `--${name}`);
    return {
      ok: false,
      problems: [{ path: 'options', expected: expected.join(', '), received: (error as Error).message }],
    };
  }
}

/** The payload of a JWT (RFC 7519), unverified. */
function claimsOf(token: string): z.infer<typeof TokenClaims> | undefined {
  const payload = token.split('.')[1];
  if (payload === undefined) return undefined;
  try {
    return TokenClaims.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A host's name as a slug: `Probe_1.example.com` → `probe-1`. */
export function slugOf(name: string): string {
  const slug = (name.split('.')[0] ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replaceAll(/^-+|-+$/g, '');
  return slug === '' ? 'probe' : slug;
}

/** A secret is never echoed, and what was not given is called that. */
function readable(problem: Problem): Problem {
  const received = problem.received === '""' ? 'nothing' : problem.received;
  if (problem.path !== 'token') return { ...problem, received };
  return { ...problem, path: TOKEN_ENV, received: received === 'nothing' ? received : 'another text' };
}
