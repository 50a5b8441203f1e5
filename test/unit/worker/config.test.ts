import { describe, expect, it } from 'vitest';
import { describeProblems } from '#core/problem.ts';
import { configHash, defineConfig, parseHubConfig, secret } from '#worker/config.ts';
import demo from '#config';

const written = defineConfig({
  publicUrl: 'https://hub.test/',
  regions: { north: {}, south: { title: 'South' } },
  checks: {
    login: {
      kind: 'journey',
      file: 'probes/journeys/login.journey.ts',
      owner: 'Team',
      regions: ['north'],
      channels: ['hook'],
    },
  },
  channels: {
    hook: { kind: 'webhook', url: 'https://hook.test/', signingSecret: secret('HOOK_SECRET') },
    pager: { kind: 'pagerduty', routingKey: secret('ROUTING_KEY') },
  },
});

describe('the hub’s configuration', () => {
  it('comes with its channels parsed and its defaults filled in', () => {
    const parsed = parseHubConfig(written);
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        publicUrl: 'https://hub.test',
        checks: [{ id: 'login', intervalMs: 30_000, regions: ['north'], channels: ['hook'] }],
        channels: { pager: { endpoint: 'https://events.pagerduty.com/v2/enqueue' } },
      },
    });
  });

  it('names every problem of a channel beside those of a check', () => {
    const parsed = parseHubConfig({
      ...written,
      channels: {
        hook: { kind: 'webhook', url: 'http://elsewhere.test/', signingSecret: 'plain text' },
        pager: { kind: 'carrier-pigeon' },
      },
    });
    const problems = parsed.ok ? '' : describeProblems(parsed.problems);
    expect(problems).toContain('channels.hook.url: expected an https address');
    expect(problems).toContain('channels.hook.signingSecret');
    expect(problems).toContain('channels.pager.kind');
  });

  it.each([
    ['url', { kind: 'webhook', url: 'http://elsewhere.test/', signingSecret: secret('A') }],
    ['url', { kind: 'webhook', url: 'https://user:pass@elsewhere.test/', signingSecret: secret('A') }],
    [
      'apiUrl',
      {
        kind: 'github',
        repository: 'a/b',
        workflow: 'r.yml',
        token: secret('A'),
        apiUrl: 'http://github.test',
      },
    ],
  ])('names the %s of a rollback that is not to be called: %j', (field, rollback) => {
    const parsed = parseHubConfig({ ...written, services: { shop: { checks: ['login'], rollback } } });
    expect(parsed.ok ? [] : parsed.problems).toMatchObject([
      { path: `services.shop.rollback.${field}`, expected: expect.stringContaining('an https address') },
    ]);
  });

  it.each([
    { kind: 'webhook', url: 'http://127.0.0.1:4400/hook', signingSecret: secret('A') },
    { kind: 'webhook', url: secret('ADDRESS'), signingSecret: secret('A') },
    { kind: 'github', repository: 'a/b', workflow: 'r.yml', token: secret('A') },
    { kind: 'command', command: ['./roll-back.sh'] },
  ])('takes a rollback by %j', (rollback) => {
    expect(parseHubConfig({ ...written, services: { shop: { checks: ['login'], rollback } } })).toMatchObject(
      {
        ok: true,
        value: { services: [{ id: 'shop', rollback }] },
      },
    );
  });

  it('has a hash that does not depend on the order it is written in', async () => {
    const turned = Object.fromEntries(Object.entries(written).toReversed());
    expect(await configHash(turned)).toBe(await configHash(written));
    expect(await configHash({ ...written, publicUrl: 'https://other.test/' })).not.toBe(
      await configHash(written),
    );
    expect(await configHash(written)).toMatch(/^[0-9a-f]{12}$/);
  });

  it('of the demo is valid', () => {
    const parsed = parseHubConfig(demo);
    expect(parsed.ok ? '' : describeProblems(parsed.problems)).toBe('');
  });
});
