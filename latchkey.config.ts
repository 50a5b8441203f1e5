import { defineConfig, secret } from '#worker/config.ts';

/** What is watched. This one is the demo that `npm start` brings up; replace it by your own logins. */
const portal = { baseUrl: 'http://127.0.0.1:4400', username: 'ada' };

export default defineConfig({
  publicUrl: 'http://127.0.0.1:4300',
  regions: {
    'us-east': { title: 'US East' },
    'us-west': { title: 'US West' },
    'eu-west': { title: 'EU West' },
    'ap-south': { title: 'Asia South' },
  },
  checks: {
    'portal-login': {
      kind: 'journey',
      title: 'Portal login',
      file: 'probes/journeys/portal-login.journey.ts',
      tags: ['portal'],
      interval: '30s',
      timeout: '20s',
      channels: ['pager', 'webhook', 'chat'],
      dependsOn: ['single-sign-on'],
      vars: portal,
      secrets: ['PORTAL_PASSWORD'],
      runbook: 'https://example.com/runbooks/portal-login',
      owner: 'Identity team',
      severity: 'critical',
    },
    'lti-launch': {
      kind: 'journey',
      title: 'LTI launch',
      file: 'probes/journeys/lti-launch.journey.ts',
      tags: ['portal'],
      interval: '30s',
      timeout: '20s',
      channels: ['pager', 'webhook', 'chat'],
      dependsOn: ['single-sign-on'],
      vars: portal,
      secrets: ['PORTAL_PASSWORD'],
      runbook: 'https://example.com/runbooks/lti-launch',
      owner: 'Learning apps team',
      severity: 'error',
    },
    'expired-session': {
      kind: 'journey',
      title: 'Login after an expired session',
      file: 'probes/journeys/expired-session.journey.ts',
      tags: ['portal'],
      interval: '30s',
      timeout: '20s',
      channels: ['pager', 'webhook', 'chat'],
      dependsOn: ['single-sign-on'],
      vars: portal,
      secrets: ['PORTAL_PASSWORD'],
      runbook: 'https://example.com/runbooks/expired-session',
      owner: 'Identity team',
      severity: 'error',
    },
  },
  services: {
    portal: {
      title: 'School portal',
      owner: 'Identity team',
      tags: ['portal'],
      runbook: 'https://example.com/runbooks/portal-release',
      canary: { kind: 'header', name: 'x-lane', value: 'canary' },
      checklist: [{ kind: 'confirmed', id: 'support-told', title: 'Support knows of the release' }],
      // Not unattended: the pipeline asks for it, or somebody on the deploy's page does.
      rollback: {
        kind: 'webhook',
        url: 'http://127.0.0.1:4400/admin/rollback',
        signingSecret: secret('ROLLBACK_SIGNING_SECRET'),
      },
    },
  },
  channels: {
    pager: {
      kind: 'pagerduty',
      routingKey: secret('PAGERDUTY_ROUTING_KEY'),
      endpoint: 'http://127.0.0.1:4500/v2/enqueue',
    },
    webhook: {
      kind: 'webhook',
      url: 'http://127.0.0.1:4500/webhook',
      signingSecret: secret('WEBHOOK_SIGNING_SECRET'),
    },
    chat: { kind: 'slack', url: secret('SLACK_WEBHOOK_URL') },
    phone: {
      kind: 'pushover',
      token: secret('PUSHOVER_TOKEN'),
      user: secret('PUSHOVER_USER'),
      endpoint: 'http://127.0.0.1:4500',
    },
  },
  paging: {
    // What the pager does not take in 8 s, or nobody acknowledges in 5 min, goes to the phone.
    fallback: ['phone'],
    notices: ['chat'],
    breakGlass: ['pager'],
  },
});
