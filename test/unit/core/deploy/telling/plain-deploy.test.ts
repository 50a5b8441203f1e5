import { expect, it } from 'vitest';
import { plainDeploy } from '#core/deploy/telling/plain-deploy.ts';
import { toldDeploy } from '#test/fixtures/told-deploy.ts';

it('a deploy under way is `running`, and says where it stands', () => {
  expect(plainDeploy(toldDeploy())).toBe(
    [
      'running',
      'deploy: /v1/deploys/portal/7',
      'version: 4.2.1',
      'previous-version: 4.2.0',
      'phase: checklist',
      'reason: The checklist is being gone through.',
      'page: https://hub.example/operator/deploys/portal/7',
      '',
    ].join('\n'),
  );
});

it('a bad one tells its rollback, and whether the version before was seen healthy since', () => {
  const bad = toldDeploy({
    phase: 'verifying-again',
    outcome: 'bad',
    rollback: {
      kind: 'github',
      unattended: true,
      state: 'called',
      attempts: 1,
      reference: 'https://github.example/acme/portal/actions/runs/1',
    },
  });
  expect(plainDeploy(bad).split('\n')).toEqual(
    expect.arrayContaining([
      'rollback: called',
      'rollback-kind: github',
      'rollback-reference: https://github.example/acme/portal/actions/runs/1',
      'healthy-again: no',
    ]),
  );
  expect(plainDeploy(bad)).toMatch(/^bad\n/);
  expect(plainDeploy({ ...bad, healthyAgainAtMs: 1 })).toContain('\nhealthy-again: yes\n');
});

it('what a page of the target says cannot make a line of its own', () => {
  const lines = plainDeploy(toldDeploy({ reason: 'Not found\r\noutcome: good\n\ngood ' })).split('\n');
  expect(lines).toContain('reason: Not found outcome: good good');
  expect(lines).not.toContain('outcome: good');
});
