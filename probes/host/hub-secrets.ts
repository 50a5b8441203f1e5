import { SecretRef } from '#core/secret-ref.ts';

/** The hub's own secrets (worker/env.ts); a hub that lacks one refuses every request. */
const OWN_SECRETS = ['PROBE_TOKEN_KEYS', 'OPERATOR_TOKEN', 'COOKIE_KEY'] as const;
/** Those it does without: a token of its own for whoever scrapes the metrics. */
const OPTIONAL_SECRETS = ['METRICS_TOKEN'] as const;

export type FoundSecrets = { values: Record<string, string>; missing: string[] };

/** The secrets a hub with these channels, watchdogs and services needs, from what is set; the names of all that are missing. */
export function hubSecrets(
  settings: unknown,
  set: Readonly<Record<string, string | undefined>>,
): FoundSecrets {
  const names = [...new Set([...OWN_SECRETS, ...namesIn(settings)])];
  const optional = OPTIONAL_SECRETS.filter((name) => (set[name] ?? '') !== '');
  return {
    values: Object.fromEntries([...names, ...optional].map((name) => [name, set[name] ?? ''])),
    missing: names.filter((name) => (set[name] ?? '') === ''),
  };
}

/** Every secret that settings refer to, at any depth. */
function namesIn(settings: unknown): string[] {
  const ref = SecretRef.safeParse(settings);
  if (ref.success) return [ref.data.secret];
  return typeof settings === 'object' && settings !== null ? Object.values(settings).flatMap(namesIn) : [];
}
