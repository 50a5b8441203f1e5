import type { DnsInput } from '#core/checks/dns.ts';
import { defineConfig, secret } from '#worker/config.ts';

const journey = {
  channels: ['pager'] as ['pager'],
  kind: 'journey',
  file: 'probes/journeys/any.journey.ts',
  interval: '30s',
  timeout: '20s',
  owner: 'Tests',
} as const;

const dnsCheck = { channels: ['pager'] as ['pager'], kind: 'dns', owner: 'Tests' } as const;

/** A name of a zone of its own, watched at one of its servers and through one resolver. */
export const API_NAME = {
  name: 'us-street.api.example.com',
  zone: 'example.com',
  authorities: ['dns://192.0.2.53'],
  resolvers: ['dns://198.51.100.53'],
  aspects: ['resolvability', 'size', 'profiles', 'content'],
} satisfies Omit<DnsInput, 'kind'>;

/** The same, with the addresses promised to customers fourteen days ahead. */
export const API_POOL = {
  ...API_NAME,
  rotation: { addresses: 40, window: '1h' },
  allowList: { urls: ['https://api.example.com/ip-ranges.json'], service: 'API', notice: '14d' },
} satisfies Omit<DnsInput, 'kind'>;

const beta = { kind: 'header', name: 'x-lane', value: 'canary' } as const;
const unattended = {
  kind: 'webhook',
  url: 'https://ci.test/rollback',
  signingSecret: secret('ROLLBACK_SIGNING_SECRET'),
  unattended: true,
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
    'api-name': { ...dnsCheck, title: 'Name of the API', ...API_NAME },
    'api-pool': { ...dnsCheck, title: 'Pool of the API', ...API_POOL },
    'api-promised': { ...dnsCheck, title: 'Pool of the API, promised', ...API_POOL },
    'release-storm': { ...journey, title: 'Chart login' },
    'pager-down': { ...journey, title: 'Login while the pager is down' },
    'pager-refuses': { ...journey, title: 'Login while the pager refuses' },
    'pager-mute': { ...journey, title: 'Login while the pager tells nobody' },
    'pager-answered': { ...journey, title: 'Login that somebody takes' },
    'exam-release': { ...journey, title: 'LTI launch, released' },
    'exam-beta': { ...journey, title: 'LTI launch in beta' },
    'clever-canary': { ...journey, title: 'Portal to learning app, at a canary' },
    'clever-healthy': { ...journey, title: 'Portal to learning app, as ever' },
    'release-gated': { ...journey, title: 'Chart login, before the release' },
    'release-half': { ...journey, title: 'Chart login at its worst' },
  },
  // As the teams of those days might have had them.
  services: {
    exams: { title: 'Exams', checks: ['exam-release'], rollback: unattended },
    'exams-beta': { title: 'Exams', checks: ['exam-beta'], canary: beta, rollback: unattended },
    sso: { title: 'Single sign-on', checks: ['clever-canary'], canary: beta, rollback: unattended },
    'sso-healthy': {
      title: 'Single sign-on',
      checks: ['clever-healthy'],
      canary: beta,
      rollback: unattended,
    },
    app: {
      title: 'The app',
      checks: ['release-gated'],
      checklist: [
        { kind: 'cache-primed', id: 'updates', urls: ['https://cdn.example.com/app-2.0.js'] },
        { kind: 'confirmed', id: 'capacity', title: 'Capacity for everybody updating at once' },
      ],
    },
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
