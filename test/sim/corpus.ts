/** Seeds that once showed a fault, and which: they are run with every test. Say when the scenarios that seeds give change. */
export const CORPUS: readonly { seed: number; why: string }[] = [
  {
    seed: 571,
    why: 'an incident was resolved by the first report after a silence: the dark had counted as clean',
  },
  { seed: 988, why: 'the same, with the hub cut off for two minutes of an outage in the only region' },
  {
    seed: 1415,
    why: 'a pager that took pages but answered too late kept its alert for ever: its resolve was superseded with the page',
  },
  { seed: 2779, why: 'the same, acknowledged by its webhook while its attempts still timed out' },
];
