import { describe, expect, it } from 'vitest';
import { afterDeploy, deployWords, PageDeploy, pageDeployOf } from '#core/deploy/telling/page-deploy.ts';
import type { DeployMark } from '#core/deploy/telling/mark.ts';
import { aMark } from '#test/fixtures/builders.ts';

const AT_MS = Date.UTC(2026, 10, 21, 12, 0, 0);
const HUB = 'https://latchkey.example';

function told(over: Partial<DeployMark> = {}, afterMs: number | undefined = 12_345): PageDeploy {
  return pageDeployOf(HUB, aMark({ atMs: AT_MS, ...over }), afterMs);
}

describe('a deploy on a page', () => {
  it('is what the mark says, with the way to its own page', () => {
    expect(told({ commit: '9f2c1ab' })).toEqual({
      title: 'Portal',
      version: '4.2.1',
      previousVersion: '4.2.0',
      commit: '9f2c1ab',
      atMs: AT_MS,
      afterMs: 12_345,
      rollback: 'kubectl rollout undo deployment/portal',
      deployUrl: 'https://latchkey.example/operator/deploys/portal/31',
    });
  });

  it('has whole milliseconds whatever the mark has, and passes the schema of pages', () => {
    const deploy = told({ atMs: AT_MS + 0.4, rolledBackAtMs: AT_MS + 0.6, outcome: 'bad' }, 0.2);
    expect(PageDeploy.parse(deploy)).toMatchObject({ atMs: AT_MS, afterMs: 0, rolledBackAtMs: AT_MS + 1 });
  });

  it('leaves out what nobody has said', () => {
    const { previousVersion: _was, rollback: _way, ...bare } = aMark({ atMs: AT_MS });
    expect(deployWords(pageDeployOf(HUB, bare))).toBe('Portal 4.2.1');
  });

  it('is a canary’s until it was found good', () => {
    expect(told({ isCanary: true }).isCanary).toBe(true);
    expect(told({ isCanary: true, outcome: 'bad' }).isCanary).toBe(true);
    expect(told({ isCanary: true, outcome: 'good' }).isCanary).toBeUndefined();
  });
});

describe('what began after a deploy', () => {
  it.each<[number, string]>([
    [0, '0 s'],
    [499, '0 s'],
    [12_345, '12 s'],
    [59_400, '59 s'],
    [59_700, '1 min'],
    [65_000, '1 min 5 s'],
    [1_800_000, '30 min'],
  ])('%d ms later began %s after it', (afterMs, span) => {
    expect(afterDeploy(told({}, afterMs))).toBe(`${span} after Portal 4.2.1`);
  });

  it.each<[string, Partial<DeployMark>, string | undefined]>([
    ['a canary', { isCanary: true }, '12 s after Portal 4.2.1 went to a canary'],
    ['a canary that was promoted', { isCanary: true, outcome: 'good' }, '12 s after Portal 4.2.1'],
    [
      'a deploy taken back before',
      { rolledBackAtMs: AT_MS + 9_000 },
      '3 s after Portal 4.2.1 was rolled back',
    ],
    ['a deploy taken back after', { rolledBackAtMs: AT_MS + 90_000 }, '12 s after Portal 4.2.1'],
    ['a deploy whose predecessor fails, too', { outcome: 'both-failing' }, undefined],
  ])('of %s says so', (_what, over, expected) => {
    expect(afterDeploy(told(over))).toBe(expected);
  });

  it('is not said of a page about the deploy itself', () => {
    expect(afterDeploy(pageDeployOf(HUB, aMark()))).toBeUndefined();
  });
});

it.each<[Partial<DeployMark>, string]>([
  [{ commit: '9f2c1ab' }, 'Portal 4.2.1 (was 4.2.0, commit 9f2c1ab), 12 s before'],
  [{ isCanary: true }, 'Portal 4.2.1 (was 4.2.0), 12 s before; only a canary has it'],
  [{ outcome: 'good' }, 'Portal 4.2.1 (was 4.2.0), 12 s before; verified as good'],
  [{ outcome: 'both-failing' }, 'Portal 4.2.1 (was 4.2.0), 12 s before; the version before fails as well'],
  [{ outcome: 'superseded' }, 'Portal 4.2.1 (was 4.2.0), 12 s before'],
  [
    { isCanary: true, outcome: 'bad', rolledBackAtMs: AT_MS + 30_000 },
    'Portal 4.2.1 (was 4.2.0), 12 s before; verified as bad; rolled back 2026-11-21T12:00:30.000Z',
  ],
])('the deploy in words: %j', (over, words) => {
  expect(deployWords(told(over))).toBe(words);
});
