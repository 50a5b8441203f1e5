import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AttemptResult } from '#core/delivery.ts';
import { PAGE_EVENTS, Page } from '#core/page.ts';
import type { SendContext } from '#worker/channels/channel.ts';
import {
  CHANNELS,
  channelSettings,
  pollReceipt,
  sendingSecrets,
  sendPage,
  traitsOf,
  type ChannelInput,
  type ChannelKind,
} from '#worker/channels/index.ts';
import { retryAfterMsOf } from '#worker/channels/retry-after.ts';
import { webhookHeaders } from '#worker/channels/webhook.ts';
import { listenOnLoopback, type LoopbackServer } from '#test/fixtures/loopback-server.ts';
import { startPager, type Pager } from '#test/fixtures/pager/pager.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 12, 0, 0);
const WEBHOOK_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const ROUTING_KEY = 'r0ut1ngkey-0123456789-abcdefghij';
const SLACK_PATH = '/slack/T00000000/B00000000/xoxSlackSecretToken99';
const PUSHOVER_TOKEN = 'azGDORePK8gMaC0QOYAMyEEuzJnyUi';
const PUSHOVER_USER = 'uQiRzpo4DXghDmr9QzzfQu27cmVRsG';
const BEARER = 'b3arerT0ken-0123456789-abcdef';

type Example = {
  /** Settings that send to `origin`; what secret they need there. */
  settings(origin: string): ChannelInput;
  secrets(origin: string): Record<string, string>;
  /** Bytes the provider takes (its documentation). */
  bodyBytesMax: number;
  /** What a 2xx is worth whose body is not the provider's. */
  strangeBody: 'accepted' | 'retry';
};

/** One per channel: forgetting one does not compile. */
const EXAMPLES: Record<ChannelKind, Example> = {
  pagerduty: {
    settings: (origin) => ({
      kind: 'pagerduty',
      routingKey: { secret: 'PAGERDUTY_ROUTING_KEY' },
      endpoint: `${origin}/v2/enqueue`,
    }),
    secrets: () => ({ PAGERDUTY_ROUTING_KEY: ROUTING_KEY }),
    bodyBytesMax: 512_000,
    strangeBody: 'retry',
  },
  webhook: {
    settings: (origin) => ({
      kind: 'webhook',
      url: `${origin}/webhook`,
      signingSecret: { secret: 'WEBHOOK_SECRET' },
    }),
    secrets: () => ({ WEBHOOK_SECRET }),
    bodyBytesMax: 20_000,
    strangeBody: 'accepted',
  },
  slack: {
    settings: () => ({ kind: 'slack', url: { secret: 'SLACK_WEBHOOK_URL' } }),
    secrets: (origin) => ({ SLACK_WEBHOOK_URL: origin + SLACK_PATH }),
    bodyBytesMax: 40_000,
    strangeBody: 'retry',
  },
  pushover: {
    settings: (origin) => ({
      kind: 'pushover',
      token: { secret: 'PUSHOVER_TOKEN' },
      user: { secret: 'PUSHOVER_USER' },
      endpoint: origin,
    }),
    secrets: () => ({ PUSHOVER_TOKEN, PUSHOVER_USER }),
    // 1,024 characters of four bytes and the other fields.
    bodyBytesMax: 8_000,
    strangeBody: 'retry',
  },
  alertmanager: {
    settings: (origin) => ({
      kind: 'alertmanager',
      members: [`${origin}/alertmanager`],
      authorization: { bearer: { secret: 'ALERTMANAGER_TOKEN' } },
    }),
    secrets: () => ({ ALERTMANAGER_TOKEN: BEARER }),
    bodyBytesMax: 100_000,
    strangeBody: 'retry',
  },
};

const TRIGGER = Page.parse({
  event: 'trigger',
  dedupKey: 'portal-login:7',
  check: 'portal-login',
  title: 'Portal login',
  seq: 7,
  severity: 'critical',
  owner: 'identity team',
  summary: 'Portal login fails in 2 of 3 regions — http 502 at “sign in”',
  reason: 'unanimous',
  step: 'sign in › submit',
  errorClass: 'http 502',
  error: 'expected the home page & <main>, got “Bad gateway”',
  regions: [
    {
      region: 'us-east',
      title: 'Virginia',
      vote: 'fail',
      failure: 'http 502: Bad gateway',
      failuresInRow: 3,
    },
    { region: 'eu-west', title: 'Dublin', vote: 'fail', failure: 'http 502: Bad gateway', failuresInRow: 2 },
    { region: 'ap-south', title: 'Mumbai', vote: 'silent', failuresInRow: 0 },
  ],
  sinceMs: NOW_MS - 60_000,
  decidedAtMs: NOW_MS - 1_000,
  lastGoodAtMs: NOW_MS - 95_000,
  incidentUrl: 'https://hub.example/operator/checks/portal-login/incidents/7',
  runUrl: 'https://hub.example/operator/runs/us-east-1',
  screenshotUrl: 'https://hub.example/operator/runs/us-east-1/screenshot',
  runbookUrl: 'https://wiki.example/runbook?page=login&v=2',
});

const RESOLVE: Page = {
  ...TRIGGER,
  event: 'resolve',
  summary: 'Portal login works again after 12 min 5 s',
  sinceMs: NOW_MS - 725_000,
  resolvedAtMs: NOW_MS,
};

const UPDATE: Page = {
  ...TRIGGER,
  event: 'update',
  flapping: true,
  summary: 'Portal login and 1 other fail in 3 of 3 regions',
  checks: [
    {
      check: 'lti-launch',
      title: 'LTI launch',
      seq: 4,
      incidentUrl: 'https://hub.example/operator/checks/lti-launch/incidents/4',
    },
  ],
  acknowledgeUrl: 'https://hub.example/acknowledge/portal-login:7?signature=c2lnbmF0dXJl',
};

const ACKNOWLEDGE: Page = { ...UPDATE, event: 'acknowledge', acknowledgedBy: 'Ada Lovelace' };

const NOTICE: Page = {
  ...TRIGGER,
  event: 'notice',
  dedupKey: 'portal-login:7:broken:pager',
  reason: 'channel-broken',
  severity: 'critical',
  summary: 'Channel pager does not take pages: http 401',
  regions: [],
};

const DEPLOY: Page['deploy'] = {
  title: 'Portal',
  version: '4.2.1',
  previousVersion: '4.2.0',
  commit: '9f2c1ab',
  atMs: NOW_MS - 72_000,
  rollback: 'kubectl rollout undo deployment/portal',
  deployUrl: 'https://hub.example/operator/deploys/portal/31',
};

/** An incident that began soon after a deploy. */
const AFTER_DEPLOY: Page = { ...TRIGGER, deploy: { ...DEPLOY, afterMs: 12_000 } };

const CHANGE: Page = Page.parse({
  event: 'change',
  dedupKey: 'deploy.portal:31:change',
  check: 'deploy.portal',
  title: 'Portal',
  seq: 31,
  severity: 'info',
  owner: 'identity team',
  summary: 'Portal 4.2.1 deployed (was 4.2.0) <!channel>',
  reason: 'deploy',
  deploy: DEPLOY,
  regions: [],
  sinceMs: NOW_MS - 72_000,
  decidedAtMs: NOW_MS - 71_000,
  incidentUrl: 'https://hub.example/operator/deploys/portal/31',
});

const MESSAGES: Record<Page['event'], Page> = {
  trigger: TRIGGER,
  update: UPDATE,
  acknowledge: ACKNOWLEDGE,
  resolve: RESOLVE,
  notice: NOTICE,
  change: CHANGE,
};

/** Longer than any provider takes, everywhere a text may be long. */
const OVERSIZED: Page = {
  ...TRIGGER,
  title: 'T<'.repeat(2_000),
  summary: '<&>"\u0001😀'.repeat(20_000),
  step: '→ step '.repeat(3_000),
  errorClass: 'class'.repeat(1_000),
  error: '&<>"\\\u0000😀'.repeat(100_000),
  owner: 'ö'.repeat(5_000),
  regions: Array.from({ length: 20 }, (_, index) => ({
    region: `region-${index}`,
    title: '"region"'.repeat(200),
    vote: 'fail',
    failure: '<timeout>'.repeat(10_000),
    failuresInRow: index,
  })),
};

let pager: Pager;
beforeAll(async () => {
  pager = await startPager({ webhookSecret: WEBHOOK_SECRET, nowMs: () => NOW_MS });
});
afterAll(() => pager.stop());
afterEach(() => {
  pager.mend();
  pager.clear();
});

function contextOf(kind: ChannelKind, page: Page, origin: string): SendContext {
  const secrets = EXAMPLES[kind].secrets(origin);
  return {
    fetch,
    secret: ({ secret }) => {
      const value = secrets[secret];
      if (value === undefined) throw new Error(`secret ${secret} is not set`);
      return value;
    },
    nowMs: NOW_MS,
    attemptTimeoutMs: 5_000,
    deliveryId: `${page.dedupKey}:${page.event}:${kind}`,
  };
}

/** Sends to `origin` as the hub does. */
function send(
  kind: ChannelKind,
  page: Page,
  origin: string,
  attemptTimeoutMs = 5_000,
  receipt?: string,
): Promise<AttemptResult> {
  const context = { ...contextOf(kind, page, origin), attemptTimeoutMs, receipt };
  return sendPage(page, channelSettings.parse(EXAMPLES[kind].settings(origin)), context);
}

function pagerOrigin(): string {
  return new URL(pager.urls.inbox).origin;
}

/** What the pager has, as text a person would search. */
function receivedText(): string {
  return pager
    .received()
    .map(({ body }) => JSON.stringify(body))
    .join('\n')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

/** Bodies of the given shape that one door has taken, in order. */
function bodiesAt<Body>(door: 'pagerduty' | 'pushover' | 'alertmanager' | 'slack' | 'webhook'): Body[] {
  return pager
    .received()
    .filter((request) => request.door === door)
    .map(({ body }) => body as Body);
}

/** The part of it that is written for people: a webhook's fields repeat for programs what its text says. */
function shownText(kind: ChannelKind): string {
  if (kind !== 'webhook') return receivedText();
  const [{ data }] = pager.received().map(({ body }) => body) as [{ data: { text: string } }];
  return data.text;
}

async function withServer<T>(
  answer: (response: ServerResponse, body: string, path: string) => void,
  use: (server: LoopbackServer) => Promise<T>,
): Promise<T> {
  const server = await listenOnLoopback(0, async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    answer(response, body, request.url ?? '');
  });
  try {
    return await use(server);
  } finally {
    await server.close();
  }
}

/** An origin where nobody listens. */
function nobody(): Promise<string> {
  return withServer(
    () => undefined,
    async (server) => server.url,
  );
}

const KINDS = Object.keys(CHANNELS) as ChannelKind[];

describe.each(KINDS)('channel %s', (kind) => {
  it('brings a page to its provider with every fact', async () => {
    expect(await send(kind, TRIGGER, pagerOrigin())).toMatchObject({ ok: true });
    expect(pager.received()).toHaveLength(1);
    const text = receivedText();
    for (const fact of [
      'Portal login',
      'sign in › submit',
      'http 502',
      'expected the home page & <main>',
      'Virginia',
      'us-east',
      'Dublin',
      'Mumbai',
      'silent',
      '2026-11-21T11:59:00.000Z',
      '2026-11-21T11:58:25.000Z',
      TRIGGER.incidentUrl,
      'https://hub.example/operator/runs/us-east-1/screenshot',
      'https://wiki.example/runbook?page=login&v=2',
    ])
      expect(text).toContain(fact);
  });

  it('says once what several regions failed with, and names each with its vote', async () => {
    await send(kind, TRIGGER, pagerOrigin());
    const shown = shownText(kind);
    expect(shown).toContain('2 of 3 regions: http 502: Bad gateway');
    expect(shown.match(/http 502: Bad gateway/g)).toHaveLength(1);
    for (const line of ['Virginia (us-east): fail, 3 in a row', 'Dublin (eu-west): fail, 2 in a row'])
      expect(shown).toContain(line);
    expect(shown).toContain('Mumbai (ap-south): silent');
  });

  it('says the page’s own error once, when it is what every region failed with', async () => {
    const regions = TRIGGER.regions.map((line) => ({
      ...line,
      vote: 'fail',
      failure: `${TRIGGER.errorClass}: ${TRIGGER.error}`,
    }));
    await send(kind, { ...TRIGGER, regions }, pagerOrigin());
    const shown = shownText(kind);
    expect(shown).toContain('all 3 regions: the same error, http 502');
    expect(shown.match(/expected the home page/g)).toHaveLength(1);
  });

  it('keeps the failures of regions apart when they differ', async () => {
    const regions = TRIGGER.regions.map((line, index) => ({ ...line, failure: `timeout: ${index} s` }));
    await send(kind, { ...TRIGGER, regions }, pagerOrigin());
    expect(shownText(kind)).toContain('Virginia (us-east): fail, 3 in a row — timeout: 0 s');
    expect(shownText(kind)).toContain('Mumbai (ap-south): silent — timeout: 2 s');
  });

  it.each(PAGE_EVENTS)('takes every kind of message: %s', async (event) => {
    expect(await send(kind, MESSAGES[event], pagerOrigin())).toMatchObject({ ok: true });
  });

  it('tells in an update what else went down and that it flaps, and how to acknowledge', async () => {
    await send(kind, UPDATE, pagerOrigin());
    const text = receivedText();
    for (const fact of ['LTI launch', 'lti-launch:4', 'Flapping', UPDATE.acknowledgeUrl])
      expect(text).toContain(fact);
    expect(text).toMatch(/acknowledge(?!\/)/i);
  });

  it('offers to acknowledge only what is open', async () => {
    for (const page of [ACKNOWLEDGE, { ...RESOLVE, acknowledgeUrl: UPDATE.acknowledgeUrl }])
      await send(kind, page, pagerOrigin());
    expect(receivedText()).not.toContain('c2lnbmF0dXJl');
  });

  it('says who has acknowledged, where it can be said at all', async () => {
    await send(kind, ACKNOWLEDGE, pagerOrigin());
    if (traitsOf(channelSettings.parse(EXAMPLES[kind].settings(pagerOrigin()))).acknowledges)
      expect(receivedText()).toContain('Ada Lovelace');
    else expect(pager.received()).toEqual([]);
  });

  it('says in a notice why it was sent, and nothing of a last good run that it knows nothing of', async () => {
    const { lastGoodAtMs: _unknown, ...notice } = NOTICE;
    await send(kind, notice, pagerOrigin());
    expect(receivedText()).toContain('channel-broken (a channel does not take pages)');
    expect(receivedText()).not.toContain('none known');
  });

  it('names the deploy before an incident, and how it is taken back', async () => {
    await send(kind, AFTER_DEPLOY, pagerOrigin());
    const text = receivedText();
    for (const fact of [
      'Portal 4.2.1 (was 4.2.0, commit 9f2c1ab), 12 s before',
      'Roll back',
      'kubectl rollout undo deployment/portal',
      'https://hub.example/operator/deploys/portal/31',
    ])
      expect(text).toContain(fact);
  });

  it('tells a way back whole, or where it is told: half a command is worse than none', async () => {
    const rollback = `kubectl rollout undo ${'x'.repeat(180)} --namespace portal`;
    await send(kind, { ...AFTER_DEPLOY, deploy: { ...DEPLOY, afterMs: 12_000, rollback } }, pagerOrigin());
    const shown = shownText(kind);
    expect(shown.includes('kubectl')).toBe(shown.includes('--namespace portal'));
    expect(shown.includes('the deploy’s page says how')).toBe(!shown.includes('kubectl'));
  });

  it('asks nobody to take back what is taken back, and says that only a canary has a deploy', async () => {
    const { rollback, ...deploy } = { ...DEPLOY, afterMs: 12_000, isCanary: true };
    await send(kind, { ...TRIGGER, deploy }, pagerOrigin());
    expect(receivedText()).toContain('12 s before; only a canary has it');
    pager.clear();
    const rolledBackAtMs = NOW_MS - 30_000;
    await send(kind, { ...TRIGGER, deploy: { ...deploy, rollback, rolledBackAtMs } }, pagerOrigin());
    expect(receivedText()).toContain('rolled back 2026-11-21T11:59:30.000Z');
    expect(shownText(kind)).not.toContain('kubectl');
  });

  it('says of a page about a deploy whose it is, and nothing of a last good run', async () => {
    await send(kind, { ...CHANGE, event: 'trigger', severity: 'critical' }, pagerOrigin());
    const text = receivedText();
    for (const fact of ['Service', 'deploy (of a deploy)', CHANGE.incidentUrl]) expect(text).toContain(fact);
    expect(text).not.toContain('none known');
  });

  it('wakes nobody by a change, and shows it with its link where it is to be shown', async () => {
    expect(await send(kind, CHANGE, pagerOrigin())).toMatchObject({ ok: true });
    for (const rings of [pager.alerts(), pager.emergencies(), pager.memberAlerts()])
      expect(rings).toEqual([]);
    if (!traitsOf(channelSettings.parse(EXAMPLES[kind].settings(pagerOrigin()))).changes) return;
    for (const fact of [CHANGE.summary, CHANGE.incidentUrl]) expect(receivedText()).toContain(fact);
  });

  it('shortens an oversized change, and never refuses it', async () => {
    const page = { ...OVERSIZED, ...CHANGE, summary: OVERSIZED.summary, owner: OVERSIZED.owner };
    expect(await send(kind, page, pagerOrigin())).toMatchObject({ ok: true });
  });

  it('asks for the secrets of sending and no others', async () => {
    const asked = new Set<string>();
    const context = contextOf(kind, TRIGGER, pagerOrigin());
    const settings = channelSettings.parse(EXAMPLES[kind].settings(pagerOrigin()));
    await sendPage(TRIGGER, settings, {
      ...context,
      secret: (ref) => {
        asked.add(ref.secret);
        return context.secret(ref);
      },
    });
    expect([...asked].toSorted()).toEqual(sendingSecrets(settings).toSorted());
  });

  it('says in the resolve how long it lasted', async () => {
    expect(await send(kind, RESOLVE, pagerOrigin())).toMatchObject({ ok: true });
    expect(receivedText()).toContain('12 min 5 s');
  });

  it('shortens an oversized page to what the provider takes, and never refuses it', async () => {
    let bytes = 0;
    await withServer(
      (response, body) => {
        bytes = Buffer.byteLength(body);
        response.writeHead(204).end();
      },
      (server) => send(kind, OVERSIZED, server.url),
    );
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(EXAMPLES[kind].bodyBytesMax);
    expect(await send(kind, OVERSIZED, pagerOrigin())).toMatchObject({ ok: true });
    expect(receivedText()).toContain(OVERSIZED.incidentUrl);
  });

  it('takes 400 and other 4xx for a refusal', async () => {
    for (const status of [400, 401, 404, 410, 413]) {
      pager.break({ fault: 'status', status });
      expect(await send(kind, TRIGGER, pagerOrigin())).toMatchObject({ ok: false, verdict: 'refused' });
    }
  });

  it('retries 408, 425, 429 and 5xx, and honours Retry-After', async () => {
    for (const status of [408, 425, 500, 502, 503]) {
      pager.break({ fault: 'status', status });
      const result = await send(kind, TRIGGER, pagerOrigin());
      expect(result).toMatchObject({
        ok: false,
        verdict: 'retry',
        error: expect.stringContaining(`${status}`),
      });
      expect(result).not.toHaveProperty('retryAfterMs');
      expect(result).not.toHaveProperty('limited');
    }
    pager.break({ fault: 'status', status: 429, retryAfterS: 7 });
    expect(await send(kind, TRIGGER, pagerOrigin())).toMatchObject({
      verdict: 'retry',
      retryAfterMs: 7_000,
      limited: true,
    });
  });

  it('gives up at its deadline when the provider hangs', async () => {
    pager.break({ fault: 'hang' });
    expect(await send(kind, TRIGGER, pagerOrigin(), 200)).toEqual({
      ok: false,
      verdict: 'retry',
      error: 'no answer within 200 ms',
    });
  });

  it('retries a reset connection and a port nobody listens on', async () => {
    pager.break({ fault: 'reset' });
    expect(await send(kind, TRIGGER, pagerOrigin())).toMatchObject({ ok: false, verdict: 'retry' });
    expect(await send(kind, TRIGGER, await nobody())).toMatchObject({ ok: false, verdict: 'retry' });
  });

  it('does not follow a redirect', async () => {
    const paths: string[] = [];
    const result = await withServer(
      (response, _body, path) => {
        paths.push(path);
        response.writeHead(307, { location: '/elsewhere' }).end();
      },
      (server) => send(kind, TRIGGER, server.url),
    );
    expect(result).toMatchObject({ ok: false, verdict: 'retry' });
    expect(paths).toHaveLength(1);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['garbage', (response) => response.writeHead(200).end('{"status":"succ')],
    ['a login wall', (response) => response.writeHead(200).end('<html>Sign in</html>')],
    ['an endless body', (response) => void response.writeHead(200).write('ok')],
    ['a huge body', (response) => response.writeHead(200).end('x'.repeat(1_000_000))],
  ])('decides what a 2xx with %s is worth, within its deadline', async (_name, answer) => {
    const result = await withServer(answer, (server) => send(kind, TRIGGER, server.url, 500));
    expect(result).toMatchObject(
      EXAMPLES[kind].strangeBody === 'accepted' ? { ok: true } : { ok: false, verdict: 'retry' },
    );
  });

  it('reads no more of a refusal than it quotes', async () => {
    const result = await withServer(
      (response) => response.writeHead(400).end('no '.repeat(1_000_000)),
      (server) => send(kind, TRIGGER, server.url),
    );
    expect(result).toMatchObject({ ok: false, verdict: 'refused' });
    expect(JSON.stringify(result).length).toBeLessThan(500);
  });

  it('keeps its secrets out of every error, even when the provider quotes them', async () => {
    const results = await withServer(
      (response, _body, path) => {
        const secrets = Object.values(EXAMPLES[kind].secrets('')).flatMap((secret) => [
          secret,
          secret.replace('whsec_', ''),
          encodeURIComponent(secret),
        ]);
        // The last one is where a quotation is cut.
        response.writeHead(403).end(`no ${path} ${secrets.join(' ')} ${'.'.repeat(60)} ${secrets[0]}`);
      },
      async (server) => [
        await send(kind, TRIGGER, server.url),
        await send(kind, TRIGGER, 'http://127.0.0.1:1'),
      ],
    );
    for (const result of results) {
      expect(result.ok).toBe(false);
      for (const secret of [
        ROUTING_KEY,
        WEBHOOK_SECRET.slice(6),
        'xoxSlackSecretToken99',
        PUSHOVER_TOKEN,
        PUSHOVER_USER,
        BEARER,
      ])
        expect(JSON.stringify(result)).not.toContain(secret.slice(0, 12));
    }
  });

  it('refuses, naming the secret, when it is not set', async () => {
    const settings = channelSettings.parse(EXAMPLES[kind].settings('https://provider.example'));
    const [name = ''] = Object.keys(EXAMPLES[kind].secrets(''));
    const result = await sendPage(TRIGGER, settings, {
      fetch,
      secret: (ref) => {
        throw new Error(`secret ${ref.secret} is not set`);
      },
      nowMs: NOW_MS,
      attemptTimeoutMs: 1_000,
      deliveryId: 'x',
    });
    expect(result).toMatchObject({ ok: false, verdict: 'refused', error: expect.stringContaining(name) });
  });

  it('refuses settings with an unknown key', () => {
    const settings = { ...EXAMPLES[kind].settings('https://provider.example'), extra: true };
    expect(channelSettings.safeParse(settings).success).toBe(false);
  });
});

describe('pagerduty', () => {
  it('opens and closes the same alert', async () => {
    await send('pagerduty', TRIGGER, pagerOrigin());
    expect(pager.alerts()).toMatchObject([{ dedupKey: 'portal-login:7', status: 'triggered' }]);
    const accepted = await send('pagerduty', RESOLVE, pagerOrigin());
    expect(accepted).toEqual({ ok: true, providerId: 'portal-login:7' });
    expect(pager.alerts()).toMatchObject([{ dedupKey: 'portal-login:7', status: 'resolved' }]);
  });

  it('tries again when the answer to an accepted event is lost, and still wakes once', async () => {
    pager.break({ fault: 'accept-then-hang', count: 1 });
    expect(await send('pagerduty', TRIGGER, pagerOrigin(), 200)).toMatchObject({
      ok: false,
      verdict: 'retry',
    });
    expect(await send('pagerduty', TRIGGER, pagerOrigin())).toMatchObject({ ok: true });
    expect(pager.alerts()).toHaveLength(1);
  });
});

describe('pagerduty, what follows a trigger', () => {
  it('adds an update to the alert, and acknowledges it', async () => {
    for (const page of [TRIGGER, UPDATE, ACKNOWLEDGE]) await send('pagerduty', page, pagerOrigin());
    expect(pager.alerts()).toMatchObject([
      {
        status: 'acknowledged',
        events: [{ action: 'trigger' }, { action: 'trigger' }, { action: 'acknowledge' }],
      },
    ]);
  });

  it('opens an alert of its own for a notice, no more severe than a warning', async () => {
    await send('pagerduty', TRIGGER, pagerOrigin());
    await send('pagerduty', NOTICE, pagerOrigin());
    await send('pagerduty', { ...NOTICE, dedupKey: 'x', severity: 'info' }, pagerOrigin());
    expect(pager.alerts().map(({ dedupKey, opening }) => [dedupKey, opening.payload.severity])).toEqual([
      ['portal-login:7', 'critical'],
      ['portal-login:7:broken:pager', 'warning'],
      ['x', 'info'],
    ]);
  });

  it('tells a deploy as a change event, which is no alert', async () => {
    expect(await send('pagerduty', CHANGE, pagerOrigin())).toEqual({ ok: true });
    expect(pager.alerts()).toEqual([]);
    const [change] = pager.changes();
    expect(pager.changes()).toHaveLength(1);
    expect(change?.event).toEqual({
      routing_key: ROUTING_KEY,
      payload: {
        summary: CHANGE.summary,
        timestamp: '2026-11-21T11:58:48.000Z',
        source: 'deploy.portal',
        custom_details: expect.objectContaining({
          Deploy: 'Portal 4.2.1 (was 4.2.0, commit 9f2c1ab)',
          'Roll back': 'kubectl rollout undo deployment/portal',
        }),
      },
      links: [{ href: CHANGE.incidentUrl, text: 'Deploy' }],
    });
  });

  it.each<[string, Partial<ChannelInput>, string]>([
    ['PagerDuty itself', {}, 'https://events.pagerduty.com/v2/change/enqueue'],
    [
      'the EU service region',
      { endpoint: 'https://events.eu.pagerduty.com/v2/enqueue' },
      'https://events.eu.pagerduty.com/v2/change/enqueue',
    ],
    [
      'a relay',
      { endpoint: 'https://relay.example/pagerduty/v2/enqueue' },
      'https://relay.example/pagerduty/v2/change/enqueue',
    ],
    [
      'a relay with a path of its own',
      { endpoint: 'https://relay.example/pages' },
      'https://relay.example/v2/change/enqueue',
    ],
    [
      'where the settings say',
      { endpoint: 'https://relay.example/pages', changeEndpoint: 'https://relay.example/changes' },
      'https://relay.example/changes',
    ],
  ])('sends change events to %s', async (_where, over, expected) => {
    const urls: string[] = [];
    const settings = channelSettings.parse({
      kind: 'pagerduty',
      routingKey: { secret: 'PAGERDUTY_ROUTING_KEY' },
      ...over,
    });
    await sendPage(CHANGE, settings, {
      ...contextOf('pagerduty', CHANGE, ''),
      fetch: async (url) => {
        urls.push(url instanceof Request ? url.url : String(url));
        return Response.json({ status: 'success', message: 'Change event processed' }, { status: 202 });
      },
    });
    expect(urls).toEqual([expected]);
  });

  it('does not need the secret of its webhook to send', async () => {
    const settings = channelSettings.parse({
      ...EXAMPLES.pagerduty.settings(pagerOrigin()),
      webhookSecret: [{ secret: 'PAGERDUTY_WEBHOOK_NEXT' }, { secret: 'PAGERDUTY_WEBHOOK' }],
    });
    expect(sendingSecrets(settings)).toEqual(['PAGERDUTY_ROUTING_KEY']);
    expect(await sendPage(TRIGGER, settings, contextOf('pagerduty', TRIGGER, pagerOrigin()))).toMatchObject({
      ok: true,
    });
  });
});

describe('webhook', () => {
  it('names each kind of message by its type', async () => {
    for (const event of PAGE_EVENTS) await send('webhook', MESSAGES[event], pagerOrigin());
    expect(bodiesAt<{ type: string }>('webhook').map(({ type }) => type)).toEqual([
      'incident.triggered',
      'incident.updated',
      'incident.acknowledged',
      'incident.resolved',
      'notice.raised',
      'change.made',
    ]);
  });

  it('has for programs what its text says to people', async () => {
    await send('webhook', ACKNOWLEDGE, pagerOrigin());
    expect(bodiesAt('webhook')).toMatchObject([
      {
        timestamp: '2026-11-21T11:59:59.000Z',
        data: {
          reason: 'unanimous',
          flapping: true,
          acknowledgedBy: 'Ada Lovelace',
          checks: [{ check: 'lti-launch', seq: 4 }],
        },
      },
    ]);
  });

  it('has a deploy for programs', async () => {
    await send('webhook', AFTER_DEPLOY, pagerOrigin());
    expect(bodiesAt('webhook')).toMatchObject([{ data: { deploy: AFTER_DEPLOY.deploy } }]);
  });

  it('wakes, unless its settings say that nobody hears it, and gets changes only then', () => {
    const settings = EXAMPLES.webhook.settings('https://provider.example');
    expect(traitsOf(channelSettings.parse(settings))).toMatchObject({ wakes: true, changes: false });
    expect(traitsOf(channelSettings.parse({ ...settings, wakes: false }))).toMatchObject({
      wakes: false,
      changes: true,
    });
  });

  it('signs the published vector of Standard Webhooks', () => {
    const headers = webhookHeaders(
      WEBHOOK_SECRET,
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1_614_265_330_000,
      '{"test": 2432232314}',
    );
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('keeps the id of a delivery over its attempts, so that a receiver can drop the second', async () => {
    await send('webhook', TRIGGER, pagerOrigin());
    await send('webhook', TRIGGER, pagerOrigin());
    expect(pager.received()).toMatchObject([
      { id: 'portal-login:7:trigger:webhook', duplicate: false },
      { id: 'portal-login:7:trigger:webhook', duplicate: true },
    ]);
  });
});

describe('slack', () => {
  it('shows a deploy as one line that mentions nobody', async () => {
    await send('slack', CHANGE, pagerOrigin());
    expect(bodiesAt('slack')).toMatchObject([
      {
        text: '⚪ Portal 4.2.1 deployed (was 4.2.0) &lt;!channel&gt;',
        blocks: [
          {
            type: 'section',
            text: {
              text: `⚪ Portal 4.2.1 deployed (was 4.2.0) &lt;!channel&gt; · <${CHANGE.incidentUrl}|Deploy>`,
            },
          },
        ],
      },
    ]);
  });

  it('names what an address longer than a section would link to', async () => {
    const page = { ...UPDATE, runbookUrl: `https://wiki.example/?${'&'.repeat(1_900)}` };
    expect(await send('slack', page, pagerOrigin())).toMatchObject({ ok: true });
    expect(receivedText()).toContain('Runbook');
    expect(receivedText()).not.toContain('wiki.example');
  });

  it('keeps every text within its limit and escapes what could mention or link', async () => {
    const page = { ...OVERSIZED, error: '<!channel> & <https://evil.example|click>' };
    expect(await send('slack', page, pagerOrigin())).toMatchObject({ ok: true });
    const [{ blocks }] = pager.received().map(({ body }) => body) as [
      { blocks: { type: string; text: { text: string } }[] },
    ];
    expect(blocks.length).toBeLessThanOrEqual(50);
    for (const block of blocks)
      expect(block.text.text.length).toBeLessThanOrEqual(block.type === 'header' ? 150 : 3_000);
    const text = JSON.stringify(blocks);
    expect(text).toContain('&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;');
  });
});

type PushoverBody = { title: string; message: string; priority: number; url?: string; tags?: string };

describe('pushover', () => {
  /** Sends a trigger; its receipt. */
  async function ring(): Promise<string> {
    const result = await send('pushover', TRIGGER, pagerOrigin());
    return result.ok ? (result.receipt ?? '') : '';
  }

  function ask(receipt: string, attemptTimeoutMs = 5_000): ReturnType<typeof pollReceipt> {
    const settings = channelSettings.parse(EXAMPLES.pushover.settings(pagerOrigin()));
    return pollReceipt(settings, receipt, {
      ...contextOf('pushover', TRIGGER, pagerOrigin()),
      attemptTimeoutMs,
    });
  }

  it('rings until acknowledged, and says who has', async () => {
    const receipt = await ring();
    expect(pager.emergencies()).toMatchObject([
      { receipt, message: { priority: 2, retry: 30, expire: 10_800, url: TRIGGER.incidentUrl } },
    ]);
    expect(await ask(receipt)).toEqual({ state: 'waiting' });
    pager.acknowledgeReceipt(receipt, 'adas-phone');
    expect(await ask(receipt)).toEqual({
      state: 'acknowledged',
      by: 'Pushover (adas-phone)',
      atMs: NOW_MS,
    });
  });

  it('rings as its settings say', async () => {
    const settings = channelSettings.parse({
      ...EXAMPLES.pushover.settings(pagerOrigin()),
      retry: '90s',
      expire: '1h',
      device: 'phone,tablet',
      sound: 'siren',
    });
    await sendPage(TRIGGER, settings, contextOf('pushover', TRIGGER, pagerOrigin()));
    expect(bodiesAt('pushover')).toMatchObject([
      { retry: 90, expire: 3_600, device: 'phone,tablet', sound: 'siren' },
    ]);
  });

  it.each([
    ['retry', '29s'],
    ['expire', '3h1s'],
    ['expire', '29s'],
    ['device', 'my phone'],
    ['sound', 'a b'],
  ])('refuses settings with %s %s', (name, value) => {
    const settings = { ...EXAMPLES.pushover.settings('https://provider.example'), [name]: value };
    expect(channelSettings.safeParse(settings).success).toBe(false);
  });

  it('refuses to stop ringing before the first repetition', () => {
    const settings = { ...EXAMPLES.pushover.settings('https://x.example'), retry: '10m', expire: '5m' };
    expect(channelSettings.safeParse(settings).error?.issues).toMatchObject([{ path: ['expire'] }]);
  });

  it('wakes by nothing but a trigger', async () => {
    for (const event of PAGE_EVENTS) await send('pushover', MESSAGES[event], pagerOrigin());
    await send('pushover', { ...NOTICE, severity: 'info' }, pagerOrigin());
    expect(bodiesAt<PushoverBody>('pushover').map(({ priority }) => priority)).toEqual([
      2, 0, -1, 0, 0, -2, -1,
    ]);
  });

  it.each([ACKNOWLEDGE, RESOLVE])('ends the ringing by an $event, twice as well as once', async (page) => {
    const receipt = await ring();
    for (let sent = 0; sent < 2; sent += 1)
      expect(await send('pushover', page, pagerOrigin(), 5_000, receipt)).toMatchObject({ ok: true });
    expect(pager.emergencies()).toMatchObject([{ receipt, cancelledAtMs: NOW_MS }]);
    expect(await ask(receipt)).toEqual({ state: 'expired' });
  });

  it('ends the ringing of an attempt whose answer was lost, by no receipt', async () => {
    pager.break({ fault: 'accept-then-hang', count: 1 });
    await send('pushover', TRIGGER, pagerOrigin(), 200);
    const receipt = await ring();
    expect(pager.emergencies()).toHaveLength(2);
    await send('pushover', RESOLVE, pagerOrigin(), 5_000, receipt);
    expect(pager.emergencies().every(({ cancelledAtMs }) => cancelledAtMs === NOW_MS)).toBe(true);
  });

  it('leaves other incidents ringing', async () => {
    await ring();
    await send('pushover', { ...TRIGGER, dedupKey: 'portal-login:8' }, pagerOrigin());
    await send('pushover', RESOLVE, pagerOrigin());
    expect(pager.emergencies().map(({ cancelledAtMs }) => cancelledAtMs)).toEqual([NOW_MS, undefined]);
  });

  it('takes a receipt that is gone for the end of the ringing', async () => {
    expect(await send('pushover', RESOLVE, pagerOrigin(), 5_000, 'r'.repeat(30))).toMatchObject({ ok: true });
    expect(bodiesAt('pushover')).toHaveLength(1);
  });

  it('does not say that it is over while it cannot end the ringing', async () => {
    await ring();
    pager.break({ fault: 'status', status: 503, path: 'receipts' });
    expect(await send('pushover', RESOLVE, pagerOrigin())).toMatchObject({ ok: false, verdict: 'retry' });
    expect(bodiesAt('pushover')).toHaveLength(1);
  });

  it('says that it is over even when it is refused to end the ringing, and tells of that', async () => {
    await ring();
    pager.break({ fault: 'status', status: 403, path: 'receipts' });
    expect(await send('pushover', RESOLVE, pagerOrigin())).toMatchObject({ ok: false, verdict: 'refused' });
    expect(bodiesAt('pushover')).toHaveLength(2);
  });

  it('keeps the message within its limit by whole lines, and the way to acknowledge in it', async () => {
    const page = {
      ...OVERSIZED,
      acknowledgeUrl: UPDATE.acknowledgeUrl,
      runbookUrl: `https://wiki.example/${'x'.repeat(1_500)}`,
      incidentUrl: `https://hub.example/${'y'.repeat(600)}`,
    };
    expect(await send('pushover', page, pagerOrigin())).toMatchObject({ ok: true });
    const [body] = bodiesAt<PushoverBody>('pushover');
    expect(body?.message.length).toBeLessThanOrEqual(1_024);
    expect(body?.title.length).toBeLessThanOrEqual(250);
    expect(body?.message).toContain(`Acknowledge: ${UPDATE.acknowledgeUrl}`);
    expect(body?.message).not.toContain('wiki.example');
    expect(body).not.toHaveProperty('url');
  });

  it('asks about a receipt within its time, and says so when it learns nothing', async () => {
    const receipt = await ring();
    expect(await ask('unknown0receipt')).toMatchObject({ state: 'unknown', error: /not found/ });
    pager.break({ fault: 'hang', path: 'receipts' });
    expect(await ask(receipt, 200)).toEqual({ state: 'unknown', error: 'no answer within 200 ms' });
    pager.break({ fault: 'bad-body', path: 'receipts' });
    expect(await ask(receipt)).toMatchObject({ state: 'unknown', error: /not in Pushover's words/ });
  });

  it('knows of no receipts elsewhere', async () => {
    for (const kind of KINDS.filter((kind) => kind !== 'pushover'))
      expect(
        await pollReceipt(
          channelSettings.parse(EXAMPLES[kind].settings(pagerOrigin())),
          'r',
          contextOf(kind, TRIGGER, pagerOrigin()),
        ),
      ).toMatchObject({ state: 'unknown' });
  });
});

describe('alertmanager', () => {
  /** Sends to these members, without a word who we are. */
  function sendTo(members: string[], page: Page, attemptTimeoutMs = 5_000): Promise<AttemptResult> {
    const settings = channelSettings.parse({ kind: 'alertmanager', members });
    return sendPage(page, settings, {
      ...contextOf('alertmanager', page, pagerOrigin()),
      attemptTimeoutMs,
    });
  }

  it('is one alert from trigger to resolve, which fires until then', async () => {
    for (const page of [TRIGGER, UPDATE]) await send('alertmanager', page, pagerOrigin());
    expect(pager.memberAlerts()).toMatchObject([
      {
        labels: {
          alertname: 'LatchkeyIncident',
          check: 'portal-login',
          seq: '7',
          severity: 'critical',
          owner: 'identity team',
        },
        annotations: {
          summary: UPDATE.summary,
          reason: 'unanimous',
          runbook_url: TRIGGER.runbookUrl,
          failed_run_url: TRIGGER.runUrl,
          acknowledge_url: UPDATE.acknowledgeUrl,
        },
        generatorURL: TRIGGER.incidentUrl,
        startsAtMs: TRIGGER.sinceMs,
        endsAtMs: NOW_MS + 300_000,
      },
    ]);
    await send('alertmanager', RESOLVE, pagerOrigin());
    expect(pager.memberAlerts()).toMatchObject([
      { endsAtMs: NOW_MS, posts: [{ resolved: false }, { resolved: false }, { resolved: true }] },
    ]);
  });

  it('is told of nothing when somebody acknowledges: it has no word for that', async () => {
    expect(await send('alertmanager', ACKNOWLEDGE, pagerOrigin())).toEqual({ ok: true });
    expect(pager.attempts()).toEqual([]);
  });

  it('ends a notice by itself, and keeps it apart from the incident', async () => {
    for (const page of [TRIGGER, NOTICE, { ...NOTICE, dedupKey: 'portal-login:7:broken:chat' }])
      await send('alertmanager', page, pagerOrigin());
    expect(pager.memberAlerts()).toMatchObject([
      { labels: { alertname: 'LatchkeyIncident' } },
      { labels: { alertname: 'LatchkeyNotice' }, endsAtMs: NOW_MS + 300_000 },
      { labels: { alertname: 'LatchkeyNotice' } },
    ]);
  });

  it('never ends an alert before it began, or it would be refused', async () => {
    const page = { ...RESOLVE, sinceMs: NOW_MS + 5_000 };
    expect(await send('alertmanager', page, pagerOrigin())).toMatchObject({ ok: true });
  });

  it('tells every member', async () => {
    const members = ['a', 'b', 'c'].map((name) => `${pagerOrigin()}/${name}/`);
    expect(await sendTo(members, TRIGGER)).toEqual({ ok: true, providerId: '3 of 3 members' });
    expect(
      pager
        .memberAlerts()
        .map(({ member }) => member)
        .toSorted(),
    ).toEqual(['/a', '/b', '/c']);
  });

  it('is accepted when one member took it, and says which did not, and why', async () => {
    const gone = await nobody();
    const result = await withServer(
      () => undefined,
      (hanging) => sendTo([gone, `${pagerOrigin()}/b`, hanging.url], TRIGGER, 300),
    );
    expect(result).toMatchObject({ ok: true, providerId: expect.stringContaining('1 of 3 members, not ') });
    expect(result).toMatchObject({ providerId: expect.stringContaining(`${gone}: `) });
    expect(result).toMatchObject({ providerId: expect.stringContaining(': no answer within 300 ms') });
    expect(pager.memberAlerts()).toMatchObject([{ member: '/b' }]);
  });

  it('is refused only when every member refused', async () => {
    const members = ['a', 'b'].map((name) => `${pagerOrigin()}/${name}`);
    pager.break({ fault: 'status', status: 400 });
    expect(await sendTo(members, TRIGGER)).toMatchObject({ ok: false, verdict: 'refused' });
    expect(await sendTo([`${pagerOrigin()}/a`, await nobody()], TRIGGER)).toMatchObject({
      ok: false,
      verdict: 'retry',
      error: expect.stringContaining('/a: http 400'),
    });
  });

  it('says who it is by name and password, and keeps both forms out of errors', async () => {
    const settings = channelSettings.parse({
      kind: 'alertmanager',
      members: ['https://am.example'],
      authorization: { username: 'latchkey', password: { secret: 'ALERTMANAGER_TOKEN' } },
    });
    const encoded = btoa(`latchkey:${BEARER}`);
    const headers: string[] = [];
    const result = await sendPage(TRIGGER, settings, {
      ...contextOf('alertmanager', TRIGGER, ''),
      fetch: async (_url, init) => {
        headers.push(new Headers(init?.headers).get('authorization') ?? '');
        return new Response(`not you: Basic ${encoded} ${BEARER}`, { status: 401 });
      },
    });
    expect(headers).toEqual([`Basic ${encoded}`]);
    expect(result).toMatchObject({
      ok: false,
      verdict: 'refused',
      error: expect.stringContaining('http 401'),
    });
    expect(JSON.stringify(result)).not.toContain(encoded);
    expect(JSON.stringify(result)).not.toContain(BEARER);
  });

  it.each([
    ['no members', []],
    ['more than five', Array.from({ length: 6 }, (_, index) => `https://am${index}.example`)],
    ['one twice', ['https://am.example', 'https://am.example/']],
    ['a query', ['https://am.example/?x=1']],
  ])('refuses %s', (_name, members) => {
    expect(channelSettings.safeParse({ kind: 'alertmanager', members }).success).toBe(false);
  });
});

describe('addresses', () => {
  it.each([
    'http://provider.example/x',
    'ftp://127.0.0.1/x',
    'https://user:pass@provider.example',
    'no address',
  ])('refuses %s', (url) => {
    const settings = { kind: 'webhook', url, signingSecret: { secret: 'WEBHOOK_SECRET' } };
    expect(channelSettings.safeParse(settings).success).toBe(false);
  });

  it('refuses a secret address over plain http without quoting it', async () => {
    const result = await send('slack', TRIGGER, 'http://slack.example');
    expect(result).toMatchObject({ ok: false, verdict: 'refused' });
    expect(JSON.stringify(result)).not.toContain('slack.example');
  });
});

it('reads Retry-After in seconds and as an HTTP date, and nothing else', () => {
  expect(retryAfterMsOf('12', NOW_MS)).toBe(12_000);
  expect(retryAfterMsOf('Sat, 21 Nov 2026 12:00:09 GMT', NOW_MS)).toBe(9_000);
  for (const header of [null, '', '-5', '1.5', 'soon', 'Sat, 21 Nov 2026 11:59:00 GMT'])
    expect(retryAfterMsOf(header, NOW_MS)).toBeUndefined();
});
