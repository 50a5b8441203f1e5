import { expect, it } from 'vitest';
import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { annotation, stepSummary } from '#probes/cli/verify/github.ts';
import { LiveBlock } from '#probes/cli/verify/live-block.ts';
import { PlainLines } from '#probes/cli/verify/plain-lines.ts';
import { EXIT, exitStatusOf, verifyReport } from '#probes/cli/verify/report.ts';
import { checkText, deployFacts } from '#probes/cli/verify/words.ts';
import { ANNOUNCED_AT_MS, toldCheck, toldDeploy, toldVerification } from '../../fixtures/told-deploy.ts';

function texts(told: ToldDeploy): string[] {
  return deployFacts(told).map(({ text }) => text);
}

/** A deploy `seconds` after its announcement, with these runs on the canary. */
function verifying(seconds: number, runs: number, failures = 0): ToldDeploy {
  const side = { runs, failures, invalid: 0 };
  return toldDeploy({
    phase: 'verifying',
    nowMs: ANNOUNCED_AT_MS + seconds * 1_000,
    verification: toldVerification([toldCheck({ canary: side, baseline: { ...side, failures: 0 } })]),
  });
}

const BAD = toldDeploy({
  phase: 'rolling-back',
  outcome: 'bad',
  reason: '3 of 3 runs failed on the canary.',
  decidedAtMs: ANNOUNCED_AT_MS + 12_000,
  nowMs: ANNOUNCED_AT_MS + 12_000,
  rollback: { kind: 'webhook', unattended: true, state: 'asked', askedBy: 'the configuration', attempts: 1 },
});

it('tells of a journey what was compared, and what is not in it', () => {
  expect(checkText(toldCheck())).toBe('canary 12/12 ok · baseline 12/12 ok · e 1.0');
  const some = toldCheck({
    canary: { runs: 5, failures: 4, invalid: 1 },
    evidence: 31_457,
    pending: 2,
    lost: 1,
  });
  expect(checkText(some)).toBe(
    'canary 1/5 ok · baseline 12/12 ok · e 3e+4 · 2 under way · 1 lost · 1 not counted: a probe’s own fault',
  );
  const none = { runs: 0, failures: 0, invalid: 0 };
  expect(checkText(toldCheck({ canary: none, baseline: none, pending: 2 }))).toBe(
    'canary no runs yet · baseline no runs yet · e 1.0 · 2 under way',
  );
  const { baseline: _none, ...single } = toldCheck();
  expect(checkText(single)).toBe('12/12 ok');
});

it('tells gates with what shows them, slower steps, warnings once, and the decision', () => {
  const check = toldCheck({
    outcome: 'roll-back',
    reason: 'It fails.',
    warnings: ['only us-east fails'],
    steps: [
      { step: 'sign in', canaryMs: 1_000, baselineMs: 100, verdict: 'slower' },
      { step: 'open', canaryMs: 100, baselineMs: 100, verdict: 'alike' },
    ],
    realAttempts: { canary: { attempts: 10, failures: 9 }, baseline: { attempts: 90, failures: 1 } },
  });
  const told = toldDeploy({
    ...BAD,
    checklist: [
      { id: 'no-freeze', kind: 'no-freeze', title: 'No freeze', state: 'passed', evidence: [] },
      {
        id: 'backup',
        kind: 'confirmed',
        title: 'Backup made',
        state: 'failed',
        evidence: ['nobody', 'said'],
      },
    ],
    verification: toldVerification([check]),
    warnings: ['only us-east fails', 'another'],
  });
  expect(texts(told)).toEqual([
    'No freeze: passed',
    'Backup made: failed (nobody; said)',
    'portal-login: canary 12/12 ok · baseline 12/12 ok · e 1.0',
    'portal-login: real logins: canary 9 of 10 failed · baseline 1 of 90 failed',
    'portal-login: “sign in” takes 1.0 s, and 100 ms on the baseline',
    'portal-login: warning: only us-east fails',
    'portal-login: bad: It fails.',
    'warning: another',
    'Bad: 3 of 3 runs failed on the canary.',
    'rollback by webhook: asked for by the configuration',
  ]);
});

it('tells of a rollback who is asked, what came of it, and that the version before is healthy', () => {
  const after = (rollback: Partial<NonNullable<ToldDeploy['rollback']>>): string | undefined =>
    texts({
      ...BAD,
      rollback: { kind: 'github', unattended: false, state: 'asked', attempts: 0, ...rollback },
    }).at(-1);
  expect(after({ state: 'offered' })).toBe(
    'rollback by GitHub workflow: not asked for yet; latchkey verify --rollback does, or the button at https://hub.example/operator/deploys/portal/7',
  );
  expect(after({ attempts: 2, askedBy: 'ada', lastError: 'answered 502' })).toBe(
    'rollback by GitHub workflow: asked for by ada, attempt 2 after: answered 502',
  );
  expect(after({ state: 'failed', lastError: 'answered 404' })).toBe(
    'rollback by GitHub workflow: failed: answered 404',
  );
  expect(
    after({ state: 'called', calledAtMs: ANNOUNCED_AT_MS + 13_500, reference: 'https://github.example/9' }),
  ).toBe('rollback by GitHub workflow: called, 1.5 s after the decision (https://github.example/9)');
  expect(texts({ ...BAD, healthyAgainAtMs: ANNOUNCED_AT_MS + 40_000 }).at(-1)).toBe(
    '4.2.0 is healthy again, 28.0 s after the decision',
  );
});

it('lets nothing that the hub says move a cursor or begin a line', () => {
  const told = toldDeploy({
    outcome: 'blocked',
    reason: 'see\n::error::forged\u001B[2J\u2028end',
    phase: 'ended',
  });
  expect(texts(told)).toEqual(['Blocked, nothing was verified: see ::error::forged [2J end']);
});

it('prints a line for each change, counts that only grow every ten seconds', () => {
  const lines: string[] = [];
  const plain = new PlainLines((line) => lines.push(line));
  plain.show(toldDeploy());
  plain.show(verifying(2, 1));
  for (const seconds of [3, 4, 11]) plain.show(verifying(seconds, seconds));
  plain.show(verifying(12, 12));
  plain.show(verifying(13, 13, 1));
  plain.show({ ...verifying(14, 14, 1), phase: 'ended', outcome: 'cannot-tell', reason: 'Time is up.' });
  expect(lines).toEqual([
    '   0 s  portal 4.2.1 (deploy 7): https://hub.example/operator/deploys/portal/7',
    '   0 s  journeys: portal-login',
    '   0 s  checklist',
    '   2 s  verifying',
    '   2 s  portal-login: canary 1/1 ok · baseline 1/1 ok · e 1.0',
    '  12 s  portal-login: canary 12/12 ok · baseline 12/12 ok · e 1.0',
    '  13 s  portal-login: canary 12/13 ok · baseline 13/13 ok · e 1.0',
    '  14 s  portal-login: canary 13/14 ok · baseline 14/14 ok · e 1.0',
    '  14 s  Cannot tell: Time is up.',
  ]);
});

it('prints nothing of runs that come in once the version before is looked at', () => {
  const lines: string[] = [];
  const plain = new PlainLines((line) => lines.push(line));
  const bad = { ...BAD, verification: toldVerification([toldCheck()]) };
  plain.show(bad);
  const before = lines.length;
  const late = toldVerification([toldCheck({ canary: { runs: 13, failures: 1, invalid: 0 } })]);
  const { baseline: _none, ...single } = toldCheck();
  const again = toldVerification([single]);
  const looking = { ...bad, phase: 'verifying-again', again } as const;
  plain.show(looking);
  plain.show({ ...looking, verification: late });
  expect(lines.slice(before)).toEqual([
    '  12 s  verifying the version before',
    '  12 s  version before, portal-login: 12/12 ok',
  ]);
});

it('redraws a block in place, as wide and as high as the terminal, and leaves it there', () => {
  let written = '';
  const terminal = { columns: 40, rows: 4, write: (text: string): boolean => ((written += text), true) };
  const block = new LiveBlock(terminal);
  block.show(verifying(2, 3));
  expect(written.split('\n')).toEqual([
    'portal 4.2.1 (deploy 7) · verifying · …',
    'https://hub.example/operator/deploys/p…',
    '  portal-login: canary 3/3 ok · baseli…',
    '',
  ]);
  written = '';
  block.show({ ...BAD, verification: toldVerification([toldCheck()]) });
  // Three lines up and cleared; of five lines the first and the newest two fit above the cursor.
  expect(written).toBe(
    '\u001B[3A\r\u001B[Jportal 4.2.1 (deploy 7) · rolling back…\n  Bad: 3 of 3 runs failed on the canar…\n  rollback by webhook: asked for by th…\n',
  );
  written = '';
  block.note('the hub does not answer');
  expect(written.split('\n').slice(0, 2)).toEqual([
    '\u001B[3A\r\u001B[Jthe hub does not answer',
    'portal 4.2.1 (deploy 7) · rolling back…',
  ]);
  block.leave();
  written = '';
  block.note('done');
  expect(written).toBe('done\n');
});

it('exits with 0 for good only, with 1 where the version or everything is bad', () => {
  const statuses = (
    ['good', 'marked', 'bad', 'both-failing', 'cannot-tell', 'blocked', 'superseded'] as const
  ).map((outcome) => exitStatusOf({ outcome }));
  expect(statuses).toEqual([0, 0, 1, 1, 2, 2, 2]);
  expect(exitStatusOf({})).toBe(2);
  expect(verifyReport(BAD, EXIT.bad, 'the hub is gone')).toEqual({
    ...BAD,
    exitStatus: 1,
    error: 'the hub is gone',
  });
});

it('annotates a run of GitHub Actions, and nothing else', () => {
  const good = toldDeploy({ outcome: 'good', reason: '100% of 49 runs\nare well.', phase: 'ended' });
  expect(annotation({ told: good }, { GITHUB_ACTIONS: 'true' })).toBe(
    '::notice title=portal 4.2.1 (deploy 7)::Good: 100%25 of 49 runs are well.',
  );
  expect(annotation({ told: { ...BAD, healthyAgainAtMs: BAD.nowMs } }, { GITHUB_ACTIONS: 'true' })).toBe(
    '::error title=portal 4.2.1 (deploy 7)::Bad: 3 of 3 runs failed on the canary. Rolled back: 4.2.0 is healthy again.',
  );
  expect(annotation({ error: 'the hub is gone' }, { GITHUB_ACTIONS: 'true' })).toBe(
    '::error title=latchkey verify::the hub is gone',
  );
  expect(annotation({ told: good }, { CI: 'true' })).toBeUndefined();
});

it('sums a step up in Markdown that nothing breaks out of', () => {
  const check = toldCheck({ title: 'a | <img src=x> `b`' });
  const told = { ...BAD, verification: toldVerification([check]), again: toldVerification([toldCheck()]) };
  const summary = stepSummary({ told });
  expect(summary).toContain(
    '| a &#124; &#60;img src=x&#62; &#96;b&#96; | canary 12/12 ok · baseline 12/12 ok · e 1.0 | keep-going |',
  );
  expect(summary).toContain('A rollback was asked for. Decided after 12.0 s.');
  expect(summary).toContain('After the rollback:');
  expect(summary).toContain('(<https://hub.example/operator/deploys/portal/7>)');
});
