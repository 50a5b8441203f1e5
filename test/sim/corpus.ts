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
  {
    why: 'chat had taken the page, which wakes nobody, and the probes then did not page by themselves when the hub was gone',
    scenario: {
      seed: 6290,
      regions: ['us-east', 'eu-west', 'ap-south'],
      intervalMs: 15_000,
      timeoutMs: 10_000,
      clearAfterMs: 20_000,
      resolveAfterMs: 30_000,
      passMs: [500, 4000],
      learnt: false,
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
        {
          offsetMs: 0,
          driftPpm: 0,
        },
        {
          offsetMs: 0,
          driftPpm: 0,
        },
      ],
      linkMs: [10, 250],
      pagerMs: [30, 600],
      breakGlass: true,
      mode: 'liveness',
      endMs: 495_315,
      outages: [
        {
          fromMs: 123_843,
          untilMs: 305_315,
          regions: ['us-east', 'eu-west', 'ap-south'],
          how: 'fail',
          share: 1,
        },
      ],
      faults: [
        {
          kind: 'hub-cut-off',
          atMs: 134_994,
          forMs: 3_600_000,
        },
        {
          kind: 'pager',
          channel: 'primary',
          does: 'late',
          atMs: 123_843,
          forMs: 240_000,
          attempts: 1,
        },
      ],
    },
  },
  {
    why: 'a region that reported while its object did not answer was called silent by what was known before the question',
    scenario: {
      seed: 6691,
      regions: ['us-east', 'us-west'],
      intervalMs: 15_000,
      timeoutMs: 10_000,
      clearAfterMs: 30_000,
      resolveAfterMs: 60_000,
      passMs: [500, 4000],
      learnt: true,
      noise: {
        share: 0,
        correlation: 0.1,
        hangShare: 0.4444743113126606,
      },
      clocks: [
        {
          offsetMs: 0,
          driftPpm: 0,
        },
        {
          offsetMs: 0,
          driftPpm: 0,
        },
      ],
      linkMs: [10, 500],
      pagerMs: [30, 150],
      breakGlass: true,
      mode: 'safety',
      endMs: 330_314,
      outages: [
        {
          fromMs: 94_258,
          untilMs: 200_314,
          regions: ['us-east', 'us-west'],
          how: 'fail',
          share: 0.9,
          flap: {
            onMs: 52_479,
            offMs: 27_155,
          },
        },
      ],
      faults: [
        {
          kind: 'hub-cut-off',
          atMs: 3246,
          forMs: 90_000,
        },
        {
          kind: 'link',
          region: 'us-east',
          atMs: 30_673,
          forMs: 87_248,
          loss: 0,
          duplicates: 0,
          delayMaxMs: 3000,
          reorders: true,
        },
        {
          kind: 'burst-lost',
          region: 'us-east',
          atMs: 80_126,
          forMs: 68_277,
        },
      ],
    },
  },
  {
    why: 'a region whose object did not answer stayed live as long as it was asked: each question counted as a sign of life',
    scenario: {
      seed: 5965,
      regions: ['us-east', 'us-west'],
      intervalMs: 20_000,
      timeoutMs: 15_000,
      clearAfterMs: 120_000,
      resolveAfterMs: 300_000,
      passMs: [500, 4000],
      learnt: true,
      noise: {
        share: 0,
        correlation: 0.9,
        hangShare: 0.35668363189324737,
      },
      clocks: [
        {
          offsetMs: 0,
          driftPpm: 0,
        },
        {
          offsetMs: 0,
          driftPpm: 0,
        },
      ],
      linkMs: [10, 250],
      pagerMs: [30, 600],
      breakGlass: true,
      mode: 'safety',
      endMs: 445_637,
      outages: [
        {
          fromMs: 105_468,
          untilMs: 196_689,
          regions: ['us-west'],
          how: 'hang',
          share: 0.5,
        },
      ],
      faults: [
        {
          kind: 'probe-crash',
          region: 'us-east',
          atMs: 119_927,
          forMs: 137_653,
        },
        {
          kind: 'burst-lost',
          region: 'us-east',
          atMs: 86_481,
          forMs: 109_391,
        },
      ],
    },
  },
];
