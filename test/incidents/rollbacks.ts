import type { HookCall } from '#test/fixtures/hook-call.ts';

/** The rollbacks of a service that were ordered, oldest first. */
export async function rollbacksOf(service: string): Promise<HookCall[]> {
  const response = await fetch('https://ci.test/calls');
  const calls = await response.json<HookCall[]>();
  return calls.filter(({ id }) => id.startsWith(`${service}.`));
}
