import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { StartingLine } from '#probes/starting-line.ts';

/** Which places have begun so far. */
function aLine(runs: number) {
  const line = new StartingLine(runs);
  const begun: number[] = [];
  const reach = (place: number): void => void line.reached(place).then(() => begun.push(place));
  const settled = async (): Promise<number[]> => {
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
    return begun;
  };
  return { line, reach, settled };
}

test.each([[[0, 1]], [[1, 0]]])(
  'they begin in the order of their places, whoever is there first: %j',
  async (order) => {
    const { reach, settled } = aLine(2);
    const [first = 0, second = 0] = order;
    reach(first);
    expect(await settled()).toEqual([]);
    reach(second);
    expect(await settled()).toEqual([0, 1]);
  },
);

test('one that is out is not waited for, whenever it leaves', async () => {
  const late = aLine(2);
  late.reach(0);
  late.line.left(1);
  expect(await late.settled()).toEqual([0]);
  const early = aLine(2);
  early.line.left(0);
  early.line.left(0);
  early.reach(1);
  expect(await early.settled()).toEqual([1]);
});

test('one that stopped waiting there does not hold the other up', async () => {
  const { line, reach, settled } = aLine(2);
  reach(0);
  line.left(0);
  reach(1);
  expect(await settled()).toEqual([0, 1]);
});

test('one alone waits for nobody', async () => {
  const { reach, settled } = aLine(1);
  reach(0);
  expect(await settled()).toEqual([0]);
});
