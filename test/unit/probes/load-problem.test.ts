import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadJourney } from '#probes/runners/journey/journey-file.ts';
import { loadProblem } from '#probes/load-problem.ts';
import { temporaryDirectory } from '#test/fixtures/temporary-directory.ts';

const DEADLINE_MS = 5_000;

test('a file that is not there is called that, and one that asks for another that is not there names it', async () => {
  const path = join(await temporaryDirectory(), 'gone.journey.ts');
  await expect(loadJourney(path, DEADLINE_MS)).rejects.toThrow(/cannot be loaded: there is no such file$/);
  const other = Object.assign(new Error(`Cannot find module '/elsewhere.ts' imported from ${path}`), {
    code: 'ERR_MODULE_NOT_FOUND',
  });
  expect(loadProblem(import.meta.filename, other)).toContain("Cannot find module '/elsewhere.ts'");
});

test.each([
  ['/journeys/a.ts:3\n  awai page;\n       ^^^^', '/journeys/a.ts:3'],
  ['file:///journeys/a%20b.ts:12\nimport { x }', '/journeys/a b.ts:12'],
  ['Error: not today\n    at file:///journeys/a.ts:7:19\n    at node:internal/x:1:1', '/journeys/a.ts:7'],
])('the line of a mistake is said with it: %s', (stack, place) => {
  const error = new SyntaxError('not today');
  error.stack = stack;
  expect(loadProblem('/journeys/a.ts', error)).toBe(`not today, at ${place}`);
});

test('an error without a place is told as it is', () => {
  const error = new Error('not today');
  error.stack = 'Error: not today';
  expect(loadProblem('/journeys/a.ts', error)).toBe('not today');
  expect(loadProblem('/journeys/a.ts', 'a text')).toBe('a text');
});
