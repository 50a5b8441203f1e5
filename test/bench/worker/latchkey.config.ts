import { defineConfig, secret } from '#worker/config.ts';

const regions = { 'us-east': {}, 'us-west': {}, 'eu-west': {}, 'ap-south': {} };
const CHECKS = 50;

const check = {
  kind: 'journey',
  file: 'probes/journeys/portal-login.journey.ts',
  owner: 'Benchmark',
} as const;

/** What the hub watches while runs are poured into it: `login`, and `login-1` to `login-50`. */
export default defineConfig({
  publicUrl: 'http://127.0.0.1',
  regions,
  checks: {
    login: check,
    ...Object.fromEntries(Array.from({ length: CHECKS }, (_, index) => [`login-${index + 1}`, check])),
  },
  channels: { oncall: { kind: 'pagerduty', routingKey: secret('PAGERDUTY_ROUTING_KEY') } },
});
