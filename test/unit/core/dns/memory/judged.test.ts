import { describe, expect, it } from 'vitest';
import { FINDINGS_MAX, type Finding } from '#core/dns/findings/finding.ts';
import { withMemory } from '#core/dns/memory/judged.ts';
import { Run } from '#core/run.ts';
import { aFailedRun, anInvalidRun, aRun } from '#test/fixtures/builders.ts';
import { someEvidence } from '#test/fixtures/dns-evidence.ts';

const aFinding = (over: Partial<Finding> = {}): Finding => ({
  id: 'C3',
  severity: 'critical',
  subject: '198.51.100.9',
  message: 'The address is in no range.',
  ...over,
});
const WARNING = aFinding({ id: 'B15', severity: 'warn', subject: 'A', message: 'It has grown.' });

describe('a run and the memory of others', () => {
  it('fails with the worst of what the memory finds, and stays a valid run', () => {
    const own = aFinding({ id: 'E1', severity: 'warn', subject: 'A', message: 'The TTL is low.' });
    const run = aRun({ dns: someEvidence([], {}, [own]) });
    const tooNew = aFinding({ severity: 'fail', subject: '198.51.100.8', message: 'It is too new.' });
    const judged = withMemory(run, [WARNING, tooNew, aFinding()]);
    expect(judged.outcome).toBe('fail');
    expect(judged.failure).toEqual({
      owner: 'target',
      class: 'dns',
      message: 'The address is in no range. (and 1 more)',
      step: 'C3 allow-list contract › 198.51.100.9',
    });
    expect(judged.dns?.findings.map(({ id, severity }) => `${id} ${severity}`)).toEqual([
      'C3 critical',
      'C3 fail',
      'B15 warn',
      'E1 warn',
    ]);
    expect(Run.safeParse(judged).success).toBe(true);
    expect(run.outcome).toBe('pass');
  });

  it('passes with a warning', () => {
    const judged = withMemory(aRun({ dns: someEvidence([]) }), [WARNING]);
    expect(judged).toMatchObject({ outcome: 'pass', dns: { findings: [WARNING] } });
    expect(judged.failure).toBeUndefined();
  });

  it('keeps the failure it had by itself', () => {
    const run = aFailedRun({ dns: someEvidence([]) });
    expect(withMemory(run, [aFinding()])).toMatchObject({ outcome: 'fail', failure: run.failure });
  });

  it('is told once of what both have found, by the memory', () => {
    const run = aRun({ dns: someEvidence([], {}, [aFinding({ message: 'not in the file' })]) });
    const retired = aFinding({ message: 'Its range is gone.' });
    expect(withMemory(run, [retired]).dns?.findings).toEqual([retired]);
  });

  it('is told once of addresses that the memory tells of with those of other regions', () => {
    const run = aRun({ dns: someEvidence([], {}, [aFinding()]) });
    const both = aFinding({ subject: 'api.example.com', message: 'Two addresses are in no range.' });
    const tooNew = aFinding({ severity: 'fail', subject: '198.51.100.8', message: 'It is too new.' });
    expect(withMemory(run, [both, tooNew]).dns?.findings).toEqual([both, tooNew]);
    const ofOneResolver = aFinding({ severity: 'warn', subject: '203.0.113.9' });
    const beside = aRun({ dns: someEvidence([], {}, [ofOneResolver]) });
    expect(withMemory(beside, [both]).dns?.findings).toEqual([both, ofOneResolver]);
  });

  it('tells what the run by itself has found to be worse beside what the memory says of it', () => {
    const unlisted = aFinding({ message: 'One copy lacks it.' });
    const tooNew = aFinding({ severity: 'fail', message: 'It is too new.' });
    const run = aFailedRun({ dns: someEvidence([], {}, [unlisted]) });
    expect(withMemory(run, [tooNew]).dns?.findings).toEqual([unlisted, tooNew]);
  });

  it('drops the least of too many, and says how many', () => {
    const many = Array.from({ length: FINDINGS_MAX }, (_, at) =>
      aFinding({ id: 'E1', severity: 'info', subject: `${at}` }),
    );
    const run = aRun({ dns: { ...someEvidence([], {}, many), findingsDropped: 2 } });
    const judged = withMemory(run, [aFinding()]);
    expect(judged.dns?.findings).toHaveLength(FINDINGS_MAX);
    expect(judged.dns?.findings[0]).toEqual(aFinding());
    expect(judged.dns?.findingsDropped).toBe(3);
  });

  it.each([
    ['says nothing of the target', anInvalidRun({ dns: someEvidence([]) })],
    ['has no evidence', aRun()],
  ])('is the same when it %s', (_what, run) => {
    expect(withMemory(run, [aFinding()])).toBe(run);
  });
});
