import { defineConfig, secret } from '#worker/config.ts';

const journey = {
  kind: 'journey',
  file: 'probes/journeys/any.journey.ts',
  interval: '30s',
  timeout: '20s',
  owner: 'Tests',
  runbook: 'https://runbooks.test/login',
} as const;

const dns = {
  kind: 'dns',
  interval: '30s',
  timeout: '20s',
  owner: 'Tests',
} as const;
const regions: ('us-east' | 'us-west' | 'eu-west' | 'ap-south')[] = [
  'us-east',
  'us-west',
  'eu-west',
  'ap-south',
];

/** Asked by the hub itself, from a region of its own. */
const edge = {
  kind: 'dns',
  interval: '1h',
  timeout: '20s',
  owner: 'Tests',
  name: 'edge.example.test',
} as const;
const RESOLVER = 'https://resolver.test/dns-query';
/** Cloudflare's own address, which a Worker does not even try. */
const BLOCKED = 'dns://1.1.1.1';

/** Verified in a moment: two runs that fail reject a version, one that passes accepts it. */
const quick = {
  canary: { kind: 'header', name: 'x-canary', value: 'a-door-for-few' },
  verification: { healthyRate: 0.01, brokenRate: 0.9, alpha: 0.001, beta: 0.4, pairTimeout: '2s' },
  pairEvery: '1s',
} as const;
const rollback = {
  kind: 'webhook',
  url: 'https://pager.test/webhook',
  signingSecret: secret('ROLLBACK_SIGNING_SECRET'),
  unattended: true,
} as const;

/** What the hub under test watches. Each test takes a check of its own: its object and its pages are nobody else's. */
export default defineConfig({
  publicUrl: 'https://hub.test',
  regions: {
    'us-east': {},
    'us-west': {},
    'eu-west': {},
    'ap-south': {},
    'edge-test': { title: 'Edge', worker: { locationHint: 'weur' } },
    'edge-often': { worker: {} },
    'edge-idle': { worker: {} },
  },
  checks: {
    login: { ...journey, channels: ['pager'] },
    outage: { ...journey, title: 'Portal login', channels: ['pager', 'hook'] },
    retry: { ...journey, channels: ['pager'] },
    evicted: { ...journey, channels: ['pager'] },
    history: { ...journey, channels: ['pager'] },
    'no-history': { ...journey, channels: ['pager'] },
    order: { ...journey, channels: ['pager'] },
    seen: { ...journey, title: 'Seen <b>login</b>', channels: ['pager'] },
    'link-look': { ...journey, title: 'Link <b>look</b>', channels: ['pager'] },
    'link-press': { ...journey, channels: ['pager'] },
    'link-no-history': { ...journey, channels: ['pager'] },
    button: { ...journey, channels: ['pager'] },
    told: { ...journey, channels: ['pager'] },
    unseen: { ...journey, channels: ['pager'] },
    leased: { ...journey, channels: ['pager'] },
    broken: { ...journey, channels: ['pager'] },
    command: { ...journey, regions: ['us-east'], channels: ['pager'] },
    misnumbered: { ...journey, channels: ['pager'] },
    'group-login': { ...journey, title: 'Group login', channels: ['pager'], dependsOn: ['identity'] },
    'group-launch': { ...journey, title: 'Group launch', channels: ['pager'], dependsOn: ['identity'] },
    'group-profile': { ...journey, title: 'Group profile', channels: ['pager'] },
    'lone-login': { ...journey, channels: ['pager'] },
    'lone-launch': { ...journey, channels: ['pager'] },
    'untold-login': { ...journey, channels: ['pager'] },
    'untold-launch': { ...journey, channels: ['pager'] },
    'lost-login': { ...journey, channels: ['pager'] },
    'lost-launch': { ...journey, channels: ['pager'] },
    'gone-login': { ...journey, channels: ['pager'] },
    'gone-launch': { ...journey, channels: ['pager'] },
    'dns-baseline': { ...dns, regions, name: 'baseline.example.test', channels: ['pager'] },
    'dns-page': { ...dns, regions, name: 'page.example.test', channels: ['pager'] },
    'dns-rows': { ...dns, regions, name: 'rows.example.test', channels: ['pager'] },
    'dns-kept': { ...dns, regions, name: 'kept.example.test', channels: ['pager'] },
    'dns-listed': {
      ...dns,
      regions,
      name: 'listed.example.test',
      channels: ['pager'],
      allowList: { urls: ['https://ranges.test/ip-ranges.json'], notice: '2s' },
    },
    'dns-retired': {
      ...dns,
      regions,
      name: 'retired.example.test',
      channels: ['pager'],
      allowList: { urls: ['https://ranges.test/ip-ranges.json'] },
    },
    'dns-warned': { ...dns, regions, name: 'warned.example.test', channels: ['pager'] },
    'edge-told': {
      ...edge,
      regions: ['edge-test'],
      channels: ['pager'],
      resolvers: [RESOLVER],
      authorities: [BLOCKED],
      aspects: ['resolvability'],
    },
    'edge-blocked': {
      ...edge,
      regions: ['edge-test'],
      channels: ['pager'],
      resolvers: [],
      authorities: [BLOCKED],
      aspects: ['resolvability'],
    },
    'edge-404': {
      ...edge,
      regions: ['edge-test'],
      channels: ['pager'],
      resolvers: ['https://no-resolver.test/dns-query'],
      authorities: [BLOCKED],
      aspects: ['resolvability'],
    },
    'edge-silent': {
      ...edge,
      regions: ['edge-test'],
      channels: ['pager'],
      resolvers: ['https://resolver.test/silent/dns-query'],
      authorities: [BLOCKED],
      aspects: ['resolvability'],
      exchangeTimeout: '10s',
      timeout: '12s',
    },
    'edge-cut': {
      ...edge,
      regions: ['edge-test'],
      channels: ['pager'],
      resolvers: ['https://resolver.test/silent/dns-query'],
      authorities: [BLOCKED],
      aspects: ['resolvability'],
      exchangeTimeout: '10s',
      timeout: '12s',
    },
    'edge-often': {
      ...edge,
      regions: ['edge-often'],
      channels: ['pager'],
      resolvers: [RESOLVER],
      authorities: [BLOCKED],
      aspects: ['resolvability'],
      interval: '2s',
      timeout: '1900ms',
    },
    deployed: { ...journey, channels: ['pager'] },
    'deployed-apart': { ...journey, channels: ['pager'] },
    'portal-login': { ...journey, title: 'Portal login', channels: ['pager'] },
    'cut-login': { ...journey, channels: ['pager'] },
    'hung-login': { ...journey, channels: ['pager'] },
    'primed-login': { ...journey, channels: ['pager'] },
    'counted-login': { ...journey, channels: ['pager'] },
    'stored-login': { ...journey, channels: ['pager'] },
    'unmarked-login': { ...journey, channels: ['pager'] },
    'two-regions': { ...journey, regions: ['eu-west', 'us-west'], channels: ['pager'] },
    'shown-login': { ...journey, title: 'Shown login', channels: ['pager'] },
    'outage-login': { ...journey, channels: ['pager'] },
    'typed-login': { ...journey, channels: ['pager'] },
    'shop-login': { ...journey, channels: ['pager'], vars: { shopUrl: 'https://shop.test' } },
    'shop-pay': { ...journey, channels: ['pager'], tags: ['money'] },
  },
  // Each test deploys a service of its own, as it takes a check of its own.
  services: {
    portal: { ...quick, title: 'Portal', checks: ['portal-login'], rollback },
    'portal-cut': { ...quick, checks: ['cut-login'], rollback },
    'portal-hung': { ...quick, checks: ['hung-login'], rollback },
    'portal-stored': { checks: ['stored-login'], pairEvery: '1s', canary: quick.canary },
    'portal-counted': { checks: ['counted-login'], pairEvery: '30s', canary: quick.canary },
    'portal-unmarked': { checks: ['unmarked-login'] },
    'portal-primed': {
      checks: ['primed-login'],
      checklist: [{ kind: 'cache-primed', id: 'assets', urls: ['https://portal.test/app.js'] }],
    },
    'pages-shown': {
      ...quick,
      title: 'Shown',
      checks: ['shown-login'],
      rollback: { ...rollback, unattended: false },
    },
    'pages-outage': { ...quick, checks: ['outage-login'] },
    'pages-typed': {
      ...quick,
      title: 'Typed',
      checks: ['typed-login'],
      rollback: { kind: 'command', command: ['./roll-back.sh'] },
    },
    shop: { title: 'The shop', checks: ['shop-login'] },
    'shop-told': { checks: ['shop-login'] },
    'shop-waited': { checks: ['shop-login'] },
    'shop-hooked': {
      checks: ['shop-login'],
      rollback: {
        kind: 'webhook',
        url: 'https://pager.test/webhook',
        signingSecret: secret('ROLLBACK_SIGNING_SECRET'),
      },
    },
    'shop-commanded': {
      checks: ['shop-login'],
      rollback: { kind: 'command', command: ['./roll-back.sh'] },
    },
  },
  channels: {
    pager: {
      kind: 'pagerduty',
      routingKey: secret('PAGERDUTY_ROUTING_KEY'),
      endpoint: 'https://pager.test/v2/enqueue',
      webhookSecret: secret('PAGERDUTY_WEBHOOK_SECRET'),
    },
    hook: {
      kind: 'webhook',
      url: 'https://pager.test/webhook',
      signingSecret: secret('WEBHOOK_SIGNING_SECRET'),
    },
  },
  // The pager's own answers stand in for two watchdogs: one that is content, one that knows no such address.
  watchdogs: [
    { url: 'https://watchdog.test/api/received', every: '1s' },
    { url: 'https://watchdog.test/hush-hush', every: '1s' },
  ],
  paging: { clearAfter: '200ms', resolveAfter: '400ms', burstGap: '100ms' },
});
