import { PAGING_DEFAULTS } from '#core/paging-settings.ts';
import { routesOf, type ChannelTraits, type Policy } from '#core/policy.ts';
import { CHANNELS, type Channel, type Scenario } from './scenario.ts';

/** The only check of a simulation. */
export const CHECK = 'login';

/** What decisions know of the channels: a pager, chat, and a second vendor's pager. */
const TRAITS: Record<Channel, ChannelTraits> = {
  primary: { wakes: true, acknowledges: true },
  chat: { wakes: false, acknowledges: false },
  backup: { wakes: true, acknowledges: false },
};

/** Channels that wake somebody. */
export const WAKING = CHANNELS.filter((channel) => TRAITS[channel].wakes);

/** The policy that a scenario's hub decides by. */
export function policyOf(scenario: Scenario): Policy {
  const { regions, intervalMs, timeoutMs, clearAfterMs, resolveAfterMs } = scenario;
  const check: Policy['check'] = {
    id: CHECK,
    title: 'Login',
    kind: 'journey',
    file: 'login.journey.ts',
    vars: {},
    secrets: [],
    intervalMs,
    timeoutMs,
    regions,
    channels: ['primary', 'chat'],
    dependsOn: [],
    tags: [],
    owner: 'identity team',
    severity: 'critical',
  };
  const paging = {
    ...PAGING_DEFAULTS,
    clearAfterMs,
    resolveAfterMs,
    fallback: ['backup'],
    escalation: ['backup'],
    notices: ['chat'],
    breakGlass: scenario.breakGlass ? ['primary'] : [],
  };
  return {
    config: {
      publicUrl: 'https://latchkey.example',
      regions: regions.map((id) => ({ id, title: id })),
      paging,
      maintenance: [],
    },
    check,
    routes: routesOf({ paging }, check, TRAITS),
  };
}
