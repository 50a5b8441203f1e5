import { expect, test } from 'vitest';
import { PAGING_DEFAULTS } from '#core/paging-settings.ts';
import { glassChannels } from '#probes/break-glass/glass-channels.ts';

const CHANNELS = {
  oncall: { kind: 'pagerduty', routingKey: { secret: 'ROUTING_KEY' } },
  chat: { kind: 'slack', url: { secret: 'CHAT_URL' } },
  odd: { kind: 'webhook', url: 'ftp://example.com' },
};
const configOf = (...breakGlass: string[]) => ({
  channels: CHANNELS,
  paging: { ...PAGING_DEFAULTS, breakGlass },
});

test('the channels of paging.breakGlass are there with their traits, and no others', () => {
  const found = glassChannels(configOf('oncall'), { ROUTING_KEY: 'k'.repeat(32) });
  expect(found.ok && [...found.value].map(([name, { traits }]) => [name, traits.wakes])).toEqual([
    ['oncall', true],
  ]);
  expect(glassChannels(configOf(), {})).toEqual({ ok: true, value: new Map() });
});

test('each secret that is missing and each channel that is wrong is named, all at once', () => {
  const found = glassChannels(configOf('oncall', 'chat', 'odd'), { CHAT_URL: '' });
  const problems = found.ok ? [] : found.problems;
  expect(problems.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['ROUTING_KEY', 'CHAT_URL', expect.stringMatching(/^channels\.odd\./)]),
  );
  expect(problems[0]).toEqual({
    path: 'ROUTING_KEY',
    expected: 'an environment variable of the probe, as paging.breakGlass names channel oncall',
    received: 'nothing',
  });
});
