import { describe, expect, it } from 'vitest';
import {
  candidateOf,
  GROUPS_MAX,
  isGroupable,
  joinGroup,
  SAME_CAUSE_MS,
  type Candidate,
  type Group,
} from '#core/group/grouping.ts';
import { MS_PER_DAY } from '#core/units.ts';
import { aPage, aPolicy } from '#test/fixtures/builders.ts';
import { Prng } from '#test/sim/prng.ts';

const NOW = 1_800_000_000_000;

function aCandidate(check: string, over: Partial<Candidate> = {}): Candidate {
  return {
    check,
    seq: 1,
    regions: ['eu-west', 'us-east'],
    errorClass: 'http 502',
    dependsOn: [],
    channels: ['oncall'],
    severity: 'critical',
    ...over,
  };
}

/** The group's object, with its clock moved by hand. */
class Groups {
  groups: readonly Group[] = [];
  nowMs = NOW;

  join(candidate: Candidate, over?: string): string | undefined {
    const joined = joinGroup(this.groups, candidate, over, this.nowMs);
    this.groups = joined.groups;
    return joined.lead;
  }

  wait(durationMs: number): this {
    this.nowMs += durationMs;
    return this;
  }
}

describe('checks that fail within a minute in the same regions by the same error', () => {
  it('have one lead, in whatever order and at whatever moments they come', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const prng = new Prng(seed, 'grouping');
      const groups = new Groups();
      const causes = Array.from({ length: prng.int(1, 4) }, (_, index) => `http ${500 + index}`);
      const left = Array.from({ length: prng.int(2, 30) }, (_, index) =>
        aCandidate(`check-${index}`, { errorClass: prng.pick(causes), seq: prng.int(1, 9) }),
      );
      const leads = new Map<string, { key: string; atMs: number }>();
      while (left.length > 0) {
        const [candidate] = left.splice(prng.int(0, left.length - 1), 1);
        if (!candidate) break;
        groups.wait(prng.int(0, 5_000));
        const lead = groups.join(candidate);
        const cause = candidate.errorClass ?? '';
        const known = leads.get(cause);
        const isFresh = known !== undefined && groups.nowMs - known.atMs < SAME_CAUSE_MS;
        expect(lead, `seed ${seed}`).toBe(isFresh ? known.key : undefined);
        if (!isFresh) leads.set(cause, { key: `${candidate.check}:${candidate.seq}`, atMs: groups.nowMs });
        // Asked again, as after a crash, it hears the same.
        if (prng.chance(0.2)) expect(groups.join(candidate), `seed ${seed}`).toBe(lead);
      }
    }
  });

  it.each([
    ['another error', { errorClass: 'timeout' }],
    ['other regions', { regions: ['eu-west'] }],
    ['no error to compare', { errorClass: undefined }],
    ['no region that still fails', { regions: [] }],
    ['a channel the other one does not page', { channels: ['oncall', 'second'] }],
  ])('page by themselves for %s', (_what, over: Partial<Candidate>) => {
    const groups = new Groups();
    groups.join(aCandidate('login', { severity: 'error' }));
    expect(groups.join(aCandidate('launch', { severity: 'error', ...over }))).toBeUndefined();
  });

  it('page by themselves when they matter more than the one that came first', () => {
    const groups = new Groups();
    groups.join(aCandidate('login', { severity: 'warning' }));
    expect(groups.join(aCandidate('launch', { severity: 'critical' }))).toBeUndefined();
    expect(groups.join(aCandidate('profile', { severity: 'info' }))).toBe('login:1');
    expect(groups.join(aCandidate('grades', { severity: 'error' }))).toBe('launch:1');
  });

  it('are not one cause a minute later', () => {
    const groups = new Groups();
    groups.join(aCandidate('login'));
    expect(groups.wait(SAME_CAUSE_MS - 1).join(aCandidate('launch'))).toBe('login:1');
    expect(groups.wait(1).join(aCandidate('profile'))).toBeUndefined();
  });

  it('do not join one from before the clock was set back', () => {
    const groups = new Groups();
    groups.join(aCandidate('login', { dependsOn: ['identity'] }));
    expect(
      groups.wait(-2 * MS_PER_DAY).join(aCandidate('launch', { dependsOn: ['identity'] })),
    ).toBeUndefined();
  });
});

describe('checks that hang on the same', () => {
  const onIdentity = { dependsOn: ['network', 'identity'] };

  it('are one cause whatever they fail by, for as long as nobody finds the lead over', () => {
    const groups = new Groups();
    expect(groups.join(aCandidate('login', onIdentity))).toBeUndefined();
    const launch = aCandidate('launch', { ...onIdentity, errorClass: 'timeout', regions: ['ap-south'] });
    expect(groups.wait(3_600_000).join(launch)).toBe('login:1');
    expect(groups.join(launch, 'login:1')).toBeUndefined();
    expect(groups.join(aCandidate('profile', { dependsOn: ['identity'], errorClass: 'dns' }))).toBe(
      'launch:1',
    );
  });

  it('do not join what only failed alike, once that is a minute ago', () => {
    const groups = new Groups();
    groups.join(aCandidate('login', onIdentity));
    expect(groups.wait(SAME_CAUSE_MS).join(aCandidate('launch'))).toBeUndefined();
  });

  it('lose their lead when its check pages anew', () => {
    const groups = new Groups();
    groups.join(aCandidate('login', onIdentity));
    expect(groups.wait(600_000).join(aCandidate('login', { ...onIdentity, seq: 2 }))).toBeUndefined();
    expect(groups.join(aCandidate('launch', onIdentity))).toBe('login:2');
  });

  it('are forgotten beyond a bound, the oldest first', () => {
    const groups = new Groups();
    for (let index = 0; index <= GROUPS_MAX; index++)
      groups.join(
        aCandidate(`check-${index}`, { dependsOn: [`thing-${index}`], errorClass: `http ${index}` }),
      );
    expect(groups.groups).toHaveLength(GROUPS_MAX);
    expect(groups.join(aCandidate('late', { dependsOn: ['thing-0'] }))).toBeUndefined();
    expect(groups.join(aCandidate('other', { dependsOn: [`thing-${GROUPS_MAX}`] }))).toBe(
      `check-${GROUPS_MAX}:1`,
    );
  });
});

it('knows a candidate by the regions that fail, its error, and whom its own page would reach', () => {
  const line = { title: '', failuresInRow: 1 };
  const page = aPage({
    errorClass: 'http 502',
    severity: 'error',
    regions: [
      { ...line, region: 'us-east', vote: 'fail' },
      { ...line, region: 'ap-south', vote: 'fail' },
      { ...line, region: 'us-west', vote: 'pass' },
      { ...line, region: 'eu-west', vote: 'silent' },
    ],
  });
  expect(candidateOf(page, aPolicy({ dependsOn: ['identity'], channels: ['oncall', 'chat'] }))).toEqual({
    check: 'portal-login',
    seq: 1,
    regions: ['ap-south', 'us-east'],
    errorClass: 'http 502',
    dependsOn: ['identity'],
    channels: ['oncall', 'chat'],
    severity: 'error',
  });
});

it('holds only the opening page of a failure for its group', () => {
  expect(
    (['unanimous', 'partial', 'regional'] as const).every((reason) => isGroupable(aPage({ reason }))),
  ).toBe(true);
  const others = (['latency', 'blind', 'break-glass', 'drill'] as const).map((reason) => aPage({ reason }));
  const later = (['update', 'resolve', 'notice'] as const).map((event) => aPage({ event }));
  expect([...others, ...later].filter(isGroupable)).toEqual([]);
});
