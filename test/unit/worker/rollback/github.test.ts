import { expect, it, onTestFinished } from 'vitest';
import { RollbackInput, rollbackSettings } from '#core/deploy/service/rollback.ts';
import { startGithub, type GithubFault, type StandInGithub } from '#test/fixtures/stand-in-github.ts';
import type { RollbackCalled } from '#worker/rollback/caller.ts';
import { callRollback } from '#worker/rollback/index.ts';

const TOKEN = 'github_pat_that_nobody_may_see_0001';
const INPUTS = ['key', 'service', 'deploy', 'version', 'previous_version', 'commit', 'reason', 'url'];
const DEPLOY = {
  service: 'portal',
  n: 7,
  version: '4.2.1',
  previousVersion: '4.2.0',
  reason: 'Logins fail more often on the canary.',
  operatorUrl: 'https://hub.test/operator/deploys/portal/7',
};

type Overrides = { token?: string; ref?: string; workflow?: string; apiUrl?: string };

async function github(settings: Partial<Parameters<typeof startGithub>[0]> = {}): Promise<{
  site: StandInGithub;
  call: (attempt?: number, overrides?: Overrides) => Promise<RollbackCalled>;
}> {
  const site = await startGithub({
    repository: 'acme/portal',
    workflow: 'rollback.yml',
    token: TOKEN,
    branches: ['main'],
    inputs: INPUTS,
    runName: ({ service, key }) => `Roll back ${service} (${key})`,
    knowsRunDetails: true,
    ...settings,
  });
  onTestFinished(site.stop);
  return {
    site,
    call: (attempt = 1, { token = TOKEN, ref, workflow = 'rollback.yml', apiUrl = site.url } = {}) =>
      callRollback(
        rollbackSettings(
          RollbackInput.parse({
            kind: 'github',
            repository: 'acme/portal',
            workflow,
            token: { secret: 'GITHUB_TOKEN' },
            apiUrl,
            ...(ref === undefined ? {} : { ref }),
          }),
        ),
        { key: 'portal.7', attempt, timeoutMs: 500, deploy: DEPLOY },
        { fetch, nowMs: Date.now(), secret: (name) => (name === 'GITHUB_TOKEN' ? token : undefined) },
      ),
  };
}

it('dispatches the workflow with what it must know, and gives the address of its run', async () => {
  const { site, call } = await github();
  expect(await call()).toEqual({ ok: true, reference: 'https://github.example/acme/portal/actions/runs/1' });
  expect(site.dispatched()).toEqual([
    {
      key: 'portal.7',
      service: 'portal',
      deploy: '7',
      version: '4.2.1',
      previous_version: '4.2.0',
      commit: '',
      reason: 'Logins fail more often on the canary.',
      url: 'https://hub.test/operator/deploys/portal/7',
    },
  ]);
  expect(site.asked()).toEqual(['POST /repos/acme/portal/actions/workflows/rollback.yml/dispatches']);
});

it('an Enterprise Server that does not know the details of runs is asked without them', async () => {
  const { site, call } = await github({ knowsRunDetails: false });
  expect(await call()).toEqual({ ok: true });
  expect(site.dispatched()).toHaveLength(1);
});

it.each<[GithubFault, string]>([
  ['after-500', 'http 500'],
  ['after-reset', ''],
  ['after-hang', 'no answer within 500 ms'],
  ['after-html', "not in GitHub's words"],
])('a dispatch that was taken though its answer said %s is found, not repeated', async (fault, words) => {
  const { site, call } = await github();
  site.failDispatch(fault);
  expect(await call(1)).toEqual({ ok: false, refused: false, error: expect.stringContaining(words) });
  expect(await call(2)).toEqual({ ok: true, reference: site.runs()[0]?.html_url });
  expect(site.dispatched()).toHaveLength(1);
});

it.each<GithubFault>(['before-500', 'rate-limit'])(
  'a dispatch that was not taken (%s) is made again',
  async (fault) => {
    const { site, call } = await github();
    site.failDispatch(fault);
    expect(await call(1)).toMatchObject({ ok: false, refused: false });
    expect(site.dispatched()).toHaveLength(0);
    expect(await call(2)).toMatchObject({ ok: true });
    expect(site.dispatched()).toHaveLength(1);
  },
);

it('runs of other rollbacks, of other events and of long ago are not ours', async () => {
  const { site, call } = await github();
  site.addRun({ display_title: 'Roll back portal (portal.71)' });
  site.addRun({ display_title: 'Roll back portal (big-portal.7)' });
  site.addRun({ display_title: 'Roll back portal (portal.7.2)' });
  site.addRun({ display_title: 'a:portal.7' });
  site.addRun({ display_title: 'portal.7', event: 'push' });
  site.addRun({ display_title: 'portal.7', created_at: new Date(Date.now() - 3_600_000).toISOString() });
  expect(await call(2)).toEqual({ ok: true, reference: site.runs()[0]?.html_url });
  expect(site.dispatched()).toHaveLength(1);
});

it.each(['portal.7', 'Portal.7? No: portal.7.', 'Roll back portal to 4.2.0 [portal.7]'])(
  'a run named “%s” is ours',
  async (name) => {
    const { site, call } = await github();
    site.addRun({ display_title: name });
    expect(await call(2)).toEqual({ ok: true, reference: site.runs()[0]?.html_url });
    expect(site.dispatched()).toHaveLength(0);
  },
);

it('while it cannot be told whether one was taken, none is dispatched', async () => {
  const { site, call } = await github();
  site.failList(502);
  expect(await call(2)).toEqual({
    ok: false,
    refused: false,
    error: expect.stringMatching(/^cannot tell whether an earlier call was taken.*http 502/),
  });
  expect(site.dispatched()).toHaveLength(0);
  expect(await call(3)).toMatchObject({ ok: true });
});

it.each<[string, Overrides, Partial<Parameters<typeof startGithub>[0]>, string]>([
  ['of a token that is not right', { token: 'github_pat_wrong_0000000000' }, {}, 'http 401'],
  ['of a workflow that is not there', { workflow: 'gone.yml' }, {}, 'http 404'],
  ['of a branch that is not there', { ref: 'trunk' }, {}, 'No ref found for: trunk'],
  ['of an input that the workflow does not have', {}, { inputs: ['key'] }, 'Unexpected inputs provided'],
  ['of an address that is not https', { apiUrl: 'http://github.example' }, {}, 'not an https address'],
])('is refused for good because %s', async (_why, overrides, settings, words) => {
  const { site, call } = await github(settings);
  const called = await call(1, overrides);
  expect(called).toEqual({ ok: false, refused: true, error: expect.stringContaining(words) });
  expect(JSON.stringify(called)).not.toMatch(/github_pat/);
  expect(site.dispatched()).toHaveLength(0);
});

it('a secret that is not set is named, and may come to be set', async () => {
  const { site, call } = await github();
  expect(await call(1, { token: '' })).toEqual({
    ok: false,
    refused: false,
    error: 'the hub has no secret GITHUB_TOKEN',
  });
  expect(site.asked()).toEqual([]);
});
