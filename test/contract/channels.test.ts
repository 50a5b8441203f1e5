import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AttemptResult } from '#core/outbox.ts';
import { Page } from '#core/page.ts';
import type { SendContext } from '#worker/channels/channel.ts';
import {
  CHANNELS,
  channelSettings,
  sendPage,
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
  rule: 'unanimous',
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

/** Sends to `origin` as the hub does. */
function send(
  kind: ChannelKind,
  page: Page,
  origin: string,
  attemptTimeoutMs = 5_000,
): Promise<AttemptResult> {
  const secrets = EXAMPLES[kind].secrets(origin);
  const context: SendContext = {
    fetch,
    secret: ({ secret }) => {
      const value = secrets[secret];
      if (value === undefined) throw new Error(`secret ${secret} is not set`);
      return value;
    },
    nowMs: NOW_MS,
    attemptTimeoutMs,
    deliveryId: `${page.dedupKey}:${page.event}:${kind}`,
  };
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
    }
    pager.break({ fault: 'status', status: 429, retryAfterS: 7 });
    expect(await send(kind, TRIGGER, pagerOrigin())).toMatchObject({ verdict: 'retry', retryAfterMs: 7_000 });
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
    const gone = await withServer(
      () => undefined,
      async (server) => server.url,
    );
    expect(await send(kind, TRIGGER, gone)).toMatchObject({ ok: false, verdict: 'retry' });
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
      for (const secret of [ROUTING_KEY, WEBHOOK_SECRET.slice(6), 'xoxSlackSecretToken99'])
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

describe('webhook', () => {
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
