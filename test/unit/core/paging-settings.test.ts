import { describe, expect, it } from 'vitest';
import { PAGING_DEFAULTS } from '#core/paging-settings.ts';
import { configOf, input, problemsOf } from './config-input.ts';

const CHANNELS = { oncall: { kind: 'x' }, phone: { kind: 'x' }, chat: { kind: 'x' } };

describe('paging', () => {
  it('is what the design says when the configuration says nothing', () => {
    expect(configOf().paging).toEqual(PAGING_DEFAULTS);
    expect(PAGING_DEFAULTS).toEqual({
      clearAfterMs: 120_000,
      resolveAfterMs: 300_000,
      burstGapMs: 1_000,
      lateness: { timesP99: 3, floorMs: 4_000, ceilingMs: 8_000 },
      latency: { timesMedian: 3, atLeastMs: 1_000 },
      fallback: [],
      escalation: [],
      escalateAfterMs: 300_000,
      breakGlass: [],
      drillEveryMs: 604_800_000,
    });
  });

  it('takes every setting, with its unit in the name', () => {
    const { paging } = configOf({
      channels: CHANNELS,
      paging: {
        clearAfter: '1m',
        resolveAfter: '2m',
        burstGap: '0s',
        lateness: { timesP99: 2, floor: '1s', ceiling: '5s' },
        latency: { timesMedian: 2, atLeast: '100ms' },
        fallback: ['phone'],
        escalation: ['oncall', 'phone'],
        escalateAfter: '3m',
        notices: ['chat'],
        breakGlass: ['phone'],
        drillEvery: '30d',
      },
    });
    expect(paging).toEqual({
      clearAfterMs: 60_000,
      resolveAfterMs: 120_000,
      burstGapMs: 0,
      lateness: { timesP99: 2, floorMs: 1_000, ceilingMs: 5_000 },
      latency: { timesMedian: 2, atLeastMs: 100 },
      fallback: ['phone'],
      escalation: ['oncall', 'phone'],
      escalateAfterMs: 180_000,
      notices: ['chat'],
      breakGlass: ['phone'],
      drillEveryMs: 2_592_000_000,
    });
  });

  it('escalates to the fallback when nothing else is said', () => {
    expect(configOf({ channels: CHANNELS, paging: { fallback: ['phone'] } }).paging.escalation).toEqual([
      'phone',
    ]);
    const none = configOf({ channels: CHANNELS, paging: { fallback: ['phone'], escalation: [] } });
    expect(none.paging.escalation).toEqual([]);
  });

  it.each([
    ['clearAfter', '99ms', '100 to 3600000 ms'],
    ['resolveAfter', '2d', '100 to 86400000 ms'],
    ['burstGap', '31s', '0 to 30000 ms'],
    ['lateness.floor', '499ms', '500 to 60000 ms'],
    ['lateness.ceiling', '11m', '500 to 600000 ms'],
    ['lateness.timesP99', 0.9, 'at least 1'],
    ['lateness.timesP99', 21, 'at most 20'],
    ['lateness.timesP99', '3', 'number'],
    ['latency.timesMedian', 1.2, 'at least 1.25'],
    ['latency.timesMedian', 101, 'at most 100'],
    ['latency.atLeast', '0s', '1 to 600000 ms'],
    ['escalateAfter', '500ms', '1000 to 86400000 ms'],
    ['escalateAfter', 300, 'string'],
    ['drillEvery', '30s', '60000 to 31622400000 ms'],
    ['fallback', 'phone', 'array'],
    ['notices', 'chat', 'array'],
  ])('refuses %s of %j, and names the field', (field, value, expected) => {
    const [outer = '', inner] = field.split('.');
    const paging = { [outer]: inner === undefined ? value : { [inner]: value } };
    expect(problemsOf(input({ channels: CHANNELS, paging }))).toEqual([
      `paging.${field}: expected ${expected}, got ${JSON.stringify(value)}`,
    ]);
  });

  it.each(['fallback', 'escalation', 'notices', 'breakGlass'])(
    'refuses a channel in %s that there is not, or that is there twice',
    (list) => {
      const paging = { [list]: ['phone', 'fax', 'phone'] };
      expect(problemsOf(input({ channels: CHANNELS, paging }))).toEqual([
        `paging.${list}.1: expected one of oncall, phone, chat, got "fax"`,
        `paging.${list}.2: expected one of oncall, phone, chat, got "phone"`,
      ]);
    },
  );

  it('refuses to resolve before it is clear', () => {
    expect(problemsOf(input({ paging: { clearAfter: '5m', resolveAfter: '1m' } }))).toEqual([
      'paging.resolveAfter: expected at least paging.clearAfter (300000 ms), got 60000',
    ]);
  });

  it('refuses a ceiling under the floor', () => {
    expect(problemsOf(input({ paging: { lateness: { floor: '9s' } } }))).toEqual([
      'paging.lateness.ceiling: expected at least paging.lateness.floor (9000 ms), got 8000',
    ]);
  });

  it.each([
    ['clearafter', { clearafter: '1m' }],
    ['lateness.times', { lateness: { times: 3 } }],
    ['latency.times', { latency: { times: 3 } }],
  ])('refuses the typo %s', (field, paging) => {
    expect(problemsOf(input({ paging }))[0]).toMatch(new RegExp(`^paging\\.${field}: expected no such key`));
  });
});
