import { defineConfig, secret } from '#worker/config.ts';

const journey = {
  channels: ['pager'] as ['pager'],
  kind: 'journey',
  file: 'probes/journeys/any.journey.ts',
  interval: '30s',
  timeout: '20s',
  owner: 'Tests',
} as const;

/** What the replays watch: each story has checks of its own, all with the rules' defaults. */
export default defineConfig({
  publicUrl: 'https://hub.test',
  regions: { 'us-east': {}, 'us-west': {}, 'eu-west': {}, 'ap-south': {} },
  checks: {
    'clever-deploy': { ...journey, title: 'Portal to learning app' },
    'clever-sporadic': { ...journey, title: 'Portal login' },
    'college-login': { ...journey, title: 'Registration login' },
    'exam-launch': { ...journey, title: 'LTI launch' },
    'exam-portal': { ...journey, title: 'Portal behind the crashing server' },
    'api-shift': { ...journey, title: 'Lookup from outside' },
    'api-outlier': { ...journey, title: 'Lookup from afar' },
    'release-storm': { ...journey, title: 'Chart login' },
    'pager-down': { ...journey, title: 'Login while the pager is down' },
    'pager-refuses': { ...journey, title: 'Login while the pager refuses' },
    'pager-mute': { ...journey, title: 'Login while the pager tells nobody' },
    'pager-answered': { ...journey, title: 'Login that somebody takes' },
    'release-half': { ...journey, title: 'Chart login at its worst' },
  },
  channels: {
    pager: {
      kind: 'pagerduty',
      routingKey: secret('PAGERDUTY_ROUTING_KEY'),
      endpoint: 'https://pager.test/v2/enqueue',
    },
    phone: {
      kind: 'pushover',
      token: secret('PUSHOVER_TOKEN'),
      user: secret('PUSHOVER_USER'),
      endpoint: 'https://pager.test',
    },
  },
  paging: { fallback: ['phone'] },
});
