import { parseConfig, type Config } from '#core/config.ts';
import { describeProblems } from '#core/problem.ts';

/** A configuration as people write it: two regions, one check, one channel, anything overridden. */
export function input(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    publicUrl: 'https://latchkey.example/',
    regions: { 'us-east': {}, 'eu-west': { title: 'Frankfurt' } },
    checks: { 'portal-login': login() },
    channels: { oncall: { kind: 'anything' } },
    ...over,
  };
}

export function login(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    kind: 'journey',
    file: 'probes/journeys/portal-login.journey.ts',
    interval: '30s',
    timeout: '20s',
    owner: 'identity team',
    severity: 'critical',
    ...over,
  };
}

/** What is wrong with it, a line each; nothing when it is sound. */
export function problemsOf(value: unknown): string[] {
  const parsed = parseConfig(value);
  return parsed.ok ? [] : describeProblems(parsed.problems).split('\n');
}

/** The configuration of a sound input. */
export function configOf(over: Record<string, unknown> = {}): Config {
  const parsed = parseConfig(input(over));
  if (!parsed.ok) throw new Error(describeProblems(parsed.problems));
  return parsed.value;
}
