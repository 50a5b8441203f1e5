import { describe, expect, it } from 'vitest';
import { Announcement } from '#core/deploy/pipeline/announcement.ts';
import { isPipeline, pipelineFacts } from '#probes/cli/verify/ci.ts';
import { verifyOptions, type VerifyOptions } from '#probes/cli/verify/options.ts';

const NAMED = ['--service', 'portal', '--version', '4.2.1'];

function options(args: string[], env: NodeJS.ProcessEnv = {}): VerifyOptions {
  const given = verifyOptions(args, env);
  if (given === 'help' || 'problem' in given) throw new Error(`refused: ${JSON.stringify(given)}`);
  return given;
}

function problem(args: string[], env: NodeJS.ProcessEnv = {}): string {
  const given = verifyOptions(args, env);
  if (given === 'help' || !('problem' in given)) throw new Error('taken');
  return given.problem.split('\n')[0] ?? '';
}

it('makes an announcement of what is given', () => {
  const { announcement, rollback, dnsPlans } = options([
    ...NAMED,
    '--previous-version',
    '4.2.0',
    '--commit',
    'abc1234',
    '--url',
    'https://ci.example/1',
    '--check',
    'portal-login',
    '--check',
    'lti-launch',
    '--tag',
    'front-door',
    '--timeout',
    '180s',
    '--canary-header',
    'x-lane:  canary: two ',
    '--baseline-cookie',
    'lane=a=b',
    '--confirm',
    'backup=https://runs.example/?id=9',
    '--dns-plan',
    'a.json',
    '--dns-plan',
    'b.json',
    '--during-incident',
    '--key',
    'run-9',
    '--rollback',
  ]);
  expect(announcement).toEqual({
    service: 'portal',
    version: '4.2.1',
    previousVersion: '4.2.0',
    commit: 'abc1234',
    url: 'https://ci.example/1',
    key: 'run-9',
    checks: ['portal-login', 'lti-launch'],
    tags: ['front-door'],
    canary: { kind: 'header', name: 'x-lane', value: 'canary: two' },
    baseline: { kind: 'cookie', name: 'lane', value: 'a=b' },
    timeout: '180s',
    confirmations: { backup: 'https://runs.example/?id=9' },
    duringIncident: true,
    markOnly: false,
  });
  expect(Announcement.safeParse(announcement).success).toBe(true);
  expect([rollback, dnsPlans]).toEqual([{ by: 'hub' }, ['a.json', 'b.json']]);
});

it('gives each announcement a key of its own, so that a repeat of it is known as one', () => {
  const [first, second] = [options(NAMED), options(NAMED)];
  expect(first.announcement.key).toMatch(/^[0-9a-f-]{36}$/);
  expect(first.announcement.key).not.toBe(second.announcement.key);
});

it('takes a selector out of the environment, where no other user sees it, unless an option names one', () => {
  const env = { LATCHKEY_CANARY_HEADER: 'x-lane: sécret', LATCHKEY_BASELINE_COOKIE: 'lane=stable' };
  const wrong = verifyOptions(NAMED, env);
  expect(wrong).toMatchObject({
    problem: expect.stringContaining('--canary-header: value: expected') as string,
  });
  expect(JSON.stringify(wrong)).not.toContain('sécret');
  const given = verifyOptions(NAMED, { ...env, LATCHKEY_CANARY_HEADER: 'x-lane: canary' });
  expect(given).toMatchObject({
    announcement: {
      canary: { kind: 'header', name: 'x-lane', value: 'canary' },
      baseline: { kind: 'cookie', name: 'lane', value: 'stable' },
    },
  });
  expect(verifyOptions([...NAMED, '--canary-cookie', 'lane=canary'], env)).toMatchObject({
    announcement: { canary: { kind: 'cookie', name: 'lane', value: 'canary' } },
  });
});

it('takes the variable that an address replaces from behind the #', () => {
  expect(options([...NAMED, '--canary-url', 'https://b.example/#portalUrl']).announcement.canary).toEqual({
    kind: 'url',
    url: 'https://b.example/',
    var: 'portalUrl',
  });
  expect(options([...NAMED, '--canary-url', 'https://b.example']).announcement.canary).toMatchObject({
    var: 'baseUrl',
  });
});

it('takes a command with its own options from behind --', () => {
  const { rollback } = options([...NAMED, '--rollback-command', '--', './back.sh', '--to', '4.2.0']);
  expect(rollback).toEqual({ by: 'command', command: ['./back.sh', '--to', '4.2.0'] });
});

it.each([
  [['--version', '1'], '--service: expected the name of what is deployed'],
  [['--service', 'portal'], '--version: expected what is deployed, such as 4.2.1'],
  [[...NAMED, 'stray'], 'stray: expected an option'],
  [[...NAMED, '--surprise'], "Unknown option '--surprise'"],
  [[...NAMED, '--timeout', 'soon'], '--timeout: expected a duration such as'],
  [[...NAMED, '--timeout', '2h'], '--timeout: expected 10000 to 3600000 ms'],
  [[...NAMED, '--check', 'Not A Slug'], '--check (0): expected'],
  [[...NAMED, '--url', 'ftp://x'], '--url: expected'],
  [[...NAMED, '--previous-version', 'a\nb'], '--previous-version: expected visible ASCII'],
  [[...NAMED, '--confirm', 'backup'], '--confirm: expected ID=EVIDENCE, got backup'],
  [[...NAMED, '--confirm', 'a=1', '--confirm', 'a=2'], '--confirm: expected a once'],
  [[...NAMED, '--canary-header', 'x: 1', '--canary-url', 'https://b'], '--canary-header and --canary-url'],
  [[...NAMED, '--baseline-header', 'x: 1'], '--baseline-…: expected --canary-… beside it'],
  [[...NAMED, '--canary-header', 'host: evil'], '--canary-header: name: expected a header of your own'],
  [[...NAMED, '--rollback-command'], '--rollback-command: expected the command behind --'],
  [[...NAMED, '--', './back.sh'], './back.sh: expected --rollback-command before --'],
  [
    [...NAMED, '--rollback', '--rollback-command', '--', 'x'],
    '--rollback and --rollback-command: expected one',
  ],
  [[...NAMED, '--mark-only', '--rollback'], '--mark-only: verifies nothing'],
])('refuses %j in one sentence', (args, sentence) => {
  expect(problem(args)).toContain(sentence);
});

it('says nothing of a selector’s value, which may be a secret', () => {
  for (const args of [
    ['--canary-header', 'x-lane: sécret'],
    ['--canary-header', 'no-colon-sécret'],
    ['--canary-cookie', 'lane=sécret;'],
    ['--canary-cookie', '=sécret'],
    ['--canary-url', 'sécret'],
  ]) {
    const given = verifyOptions([...NAMED, ...args], {});
    expect(given).toHaveProperty('problem');
    expect(JSON.stringify(given)).not.toContain('cret');
  }
});

describe('in a pipeline', () => {
  const GITHUB = {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
    GITHUB_REF_TYPE: 'branch',
    GITHUB_REF_NAME: 'main',
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_REPOSITORY: 'acme/portal',
    GITHUB_RUN_ID: '42',
  };
  const GITLAB = {
    GITLAB_CI: 'true',
    CI_COMMIT_SHA: 'abcdef0123456789',
    CI_COMMIT_BEFORE_SHA: '9876543210fedcba',
    CI_PIPELINE_URL: 'https://gitlab.example/p/1',
  };

  it('takes what is not given from its variables', () => {
    expect(options(['--service', 'portal'], GITHUB).announcement).toMatchObject({
      version: '01234567',
      commit: GITHUB.GITHUB_SHA,
      url: 'https://github.example/acme/portal/actions/runs/42',
    });
    expect(
      options([...NAMED, '--commit', 'other12', '--url', 'https://x.example'], GITHUB).announcement,
    ).toMatchObject({ version: '4.2.1', commit: 'other12', url: 'https://x.example' });
  });

  it.each([
    [
      'a tag is the version',
      { ...GITHUB, GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v4.2.1' },
      { version: 'v4.2.1' },
    ],
    [
      'GitLab',
      GITLAB,
      { version: 'abcdef01', previousVersion: '98765432', url: 'https://gitlab.example/p/1' },
    ],
    ['GitLab, a tag', { ...GITLAB, CI_COMMIT_TAG: '5.0' }, { version: '5.0', previousVersion: undefined }],
    [
      'GitLab, nothing before',
      { ...GITLAB, CI_COMMIT_BEFORE_SHA: '0'.repeat(40) },
      { previousVersion: undefined },
    ],
    [
      'Buildkite without a commit',
      { BUILDKITE: 'true', BUILDKITE_COMMIT: 'HEAD', BUILDKITE_BUILD_URL: 'https://b' },
      { version: undefined, url: 'https://b' },
    ],
    ['CircleCI', { CIRCLECI: 'true', CIRCLE_SHA1: 'fedcba98765' }, { version: 'fedcba98' }],
    [
      'Jenkins',
      { JENKINS_URL: 'https://j', GIT_COMMIT: 'fedcba98765', BUILD_URL: 'https://j/1' },
      { url: 'https://j/1' },
    ],
    ['a laptop', { GITHUB_SHA: GITHUB.GITHUB_SHA }, {}],
  ])('%s', (_name, env, facts) => {
    expect(pipelineFacts(env)).toMatchObject(facts);
  });

  it('says no version before that is of another kind than the version', () => {
    expect(options([...NAMED], GITLAB).announcement.previousVersion).toBeUndefined();
    expect(options(['--service', 'portal'], GITLAB).announcement.previousVersion).toBe('98765432');
  });

  it('knows that nobody watches', () => {
    expect([{ CI: 'true' }, { CI: '1' }, GITLAB].map(isPipeline)).toEqual([true, true, true]);
    expect([{}, { CI: '' }, { CI: 'false' }, { CI: '0' }].map(isPipeline)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
