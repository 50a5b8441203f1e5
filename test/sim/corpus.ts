import type { Scenario } from './scenario.ts';

/**
 * Scenarios that once showed a fault, as the shrinker left them, and which fault. `npm run sim` prints them with a
 * violation. They are run with every test.
 */
export const CORPUS: readonly { why: string; scenario: Scenario }[] = [
  {
    why: 'the first report after a silence resolved an incident: the dark had counted as clean',
    scenario: {
      seed: 571,
      regions: ['us-east'],
      intervalMs: 20_000,
      timeoutMs: 15_000,
      clearAfterMs: 120_000,
      resolveAfterMs: 300_000,
      passMs: [500, 4000],
      learnt: true,
      noise: {
        share: 0,
        correlation: 0.1,
        hangShare: 0.3,
      },
      clocks: [
        {
          offsetMs: 0,
          driftPpm: 0,
        },
      ],
      linkMs: [10, 60],
      pagerMs: [30, 600],
      breakGlass: false,
      mode: 'liveness',
      endMs: 1_131_523,
      outages: [
        {
          fromMs: 221_942,
          untilMs: 401_523,
          regions: ['us-east'],
          how: 'fail',
          share: 1,
        },
      ],
      faults: [
        {
          kind: 'probe-egress',
          region: 'us-east',
          atMs: 44_515,
          forMs: 33_209,
        },
        {
          kind: 'partition',
          region: 'us-east',
          atMs: 62_940,
          forMs: 19_796,
        },
        {
          kind: 'hub-cut-off',
          atMs: 229_087,
          forMs: 143_835,
        },
      ],
    },
  },
  {
    why: 'a pager that takes pages but answers too late kept its alert for ever: its resolve was dropped with the page that somebody had acknowledged',
    scenario: {
      seed: 1415,
      regions: ['eu-west'],
      intervalMs: 30_000,
      timeoutMs: 20_000,
      clearAfterMs: 30_000,
      resolveAfterMs: 60_000,
      passMs: [500, 4000],
      learnt: true,
      noise: {
        share: 0,
        correlation: 0.1,
        hangShare: 0.3,
      },
      clocks: [
        {
          offsetMs: 0,
          driftPpm: 0,
        },
      ],
      linkMs: [10, 500],
      pagerMs: [30, 600],
      breakGlass: false,
      human: {
        ackMs: 29_721,
        via: 'primary',
      },
      mode: 'liveness',
      endMs: 670_847,
      pageWithinMs: 42_800,
      outages: [
        {
          fromMs: 205_579,
          untilMs: 420_847,
          regions: ['eu-west'],
          how: 'fail',
          share: 1,
        },
      ],
      faults: [
        {
          kind: 'pager',
          channel: 'primary',
          does: 'late',
          atMs: 205_579,
          forMs: 240_000,
        },
      ],
    },
  },
];
