import journey from '#probes/journeys/portal-login.journey.ts';
import type { JourneyTools } from '#probes/journey.ts';
import { DEMO } from '../../fixtures/portal/accounts.ts';

/**
 * The probe's own journey with nothing of the probe around it: a step is only its body. Every contender plays this, so
 * that all do the same actions.
 */
export async function playLogin(
  tools: Pick<JourneyTools, 'page' | 'context' | 'expect'>,
  baseUrl: string,
): Promise<void> {
  await journey.run({
    ...tools,
    step: async (_title, body) => body(),
    secret: () => DEMO.password,
    expectCacheHit: () => notHere('expectCacheHit'),
    stormGuard: () => notHere('stormGuard'),
    vars: { baseUrl, username: DEMO.username },
  });
}

/** What the journey does not use, and a bare script does not have. */
function notHere(tool: string): Promise<never> {
  return Promise.reject(new Error(`${tool}: not in this benchmark`));
}
