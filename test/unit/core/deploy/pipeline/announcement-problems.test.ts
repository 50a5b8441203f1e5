import { expect, it } from 'vitest';
import { Announcement } from '#core/deploy/pipeline/announcement.ts';
import { tellableProblems } from '#core/deploy/pipeline/announcement-problems.ts';
import { parseWith } from '#core/problem.ts';

const VALUE = 'open-sesame';

function problemsOf(announcement: unknown): Record<string, string> {
  const parsed = parseWith(Announcement, announcement);
  const told = tellableProblems(parsed.ok ? [] : parsed.problems);
  return Object.fromEntries(told.map(({ path, received }) => [path, received]));
}

it('what is no secret is quoted', () => {
  expect(
    problemsOf({ version: 42, timeout: 'soon', canary: { kind: 'ip' }, baseline: { kind: 'url', url: 'x' } }),
  ).toEqual({
    service: 'nothing',
    version: '42',
    timeout: '"soon"',
    'canary.kind': '"ip"',
    'baseline.url': '"x"',
  });
});

it.each([
  [{ canary: { kind: 'header', name: 'x-lane', value: `${VALUE}\n` } }, 'canary.value'],
  [{ canary: { kind: 'header', name: 'x-lane', value: '1', [VALUE]: VALUE } }, `canary.${VALUE}`],
  [{ canary: { kind: 'header', name: 'x-lane', value: [VALUE] } }, 'canary.value'],
  [{ canary: VALUE }, 'canary'],
  [{ baseline: [{ value: VALUE }] }, 'baseline'],
  [{ cannary: { value: VALUE } }, 'cannary'],
  [{ constructor: { value: VALUE } }, 'constructor'],
])('what may be the value of a selector is not: %j', (selectors, path) => {
  const problems = problemsOf({ service: 'shop', version: '1', ...selectors });
  expect(Object.keys(problems)).toContain(path);
  expect(Object.values(problems).join(' ')).not.toContain(VALUE);
});

it('a body that is no announcement at all is not quoted', () => {
  expect(problemsOf([{ canary: VALUE }])).toEqual({ '(root)': 'what is not shown here' });
});
