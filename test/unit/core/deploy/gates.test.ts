import { describe, expect, it } from 'vitest';
import type { Gate } from '#core/deploy/service/checklist.ts';
import { aDeployPolicy, BOTH_FINE, DeployStory, SECOND, type World } from '#test/fixtures/deploy-story.ts';

const CHECKLIST = {
  checklist: [
    { kind: 'confirmed', id: 'capacity', title: 'Capacity for the expected peak' },
    {
      kind: 'cache-primed',
      id: 'assets',
      urls: ['https://cdn.example/app.js', 'https://cdn.example/app.css'],
    },
    { kind: 'dns-plan', id: 'names', zone: 'example.com' },
  ],
} as const;

const HIT: World = { ...BOTH_FINE, look: () => ({ 'cf-cache-status': 'HIT' }) };

const ALL_SAID = {
  confirmations: { capacity: 'load test 881: 4x peak' },
  dnsPlans: [{ zone: 'Example.com.', critical: 0, fail: 0, warn: 2 }],
};

function told(world: World, said: object = ALL_SAID, checklist: object = CHECKLIST): DeployStory {
  const story = new DeployStory(aDeployPolicy(JSON.parse(JSON.stringify(checklist)) as object), world);
  story.announce(said);
  story.until(SECOND);
  return story;
}

function states(story: DeployStory): Record<string, Gate['state']> {
  return Object.fromEntries(
    story.deploy.checklist.map(({ id, state }) => [id.replace('latchkey.', ''), state]),
  );
}

describe('the checklist of a deploy', () => {
  it('opens the verification once all of it is shown, each item with its evidence', () => {
    const story = told(HIT);
    expect(story.deploy.phase).toBe('verifying');
    expect(
      Object.fromEntries(story.deploy.checklist.map(({ title, evidence }) => [title, evidence])),
    ).toMatchObject({
      'No freeze': [],
      'No incident is open': ['portal-login'],
      'Capacity for the expected peak': ['load test 881: 4x peak'],
      'DNS plan of example.com is clean': ['0 critical, 0 failing, 2 to be warned of'],
    });
    const assets = story.deploy.checklist.find(({ id }) => id === 'assets');
    // Every region, every address.
    expect(assets?.evidence).toHaveLength(8);
    expect(assets?.evidence[0]).toMatch(/^us-east: https:\/\/cdn\.example\/app\.js: /);
  });

  it.each<[string, string, World, object]>([
    ['capacity', 'that nobody confirmed', HIT, { ...ALL_SAID, confirmations: {} }],
    ['names', 'without a plan', HIT, { ...ALL_SAID, dnsPlans: [] }],
    [
      'names',
      'with a plan that fails',
      HIT,
      { ...ALL_SAID, dnsPlans: [{ zone: 'example.com', critical: 0, fail: 1, warn: 0 }] },
    ],
    [
      'assets',
      'that one region has not in its cache',
      { ...HIT, look: (region) => ({ 'cf-cache-status': region === 'eu-west' ? 'MISS' : 'HIT' }) },
      ALL_SAID,
    ],
    ['assets', 'of which no header says anything', { ...HIT, look: () => ({}) }, ALL_SAID],
    ['assets', 'where nobody can look', { ...HIT, isLive: () => false }, ALL_SAID],
    [
      'no-incident',
      'with an incident open',
      {
        ...HIT,
        standings: (checks) =>
          checks.map((check) => ({ check, openIncident: { seq: 3, summary: 'Portal login fails' } })),
      },
      ALL_SAID,
    ],
  ])('stays closed over %s %s, and says so of all items at once', (id, _how, world, said) => {
    const story = told(world, said);
    expect(story.deploy).toMatchObject({ phase: 'ended', outcome: 'blocked' });
    expect(Object.entries(states(story)).filter(([, state]) => state !== 'passed')).toEqual([[id, 'failed']]);
    expect(story.of('verify')).toEqual([]);
    expect(story.deploy.checklist.find((gate) => gate.id.endsWith(id))?.evidence.join()).not.toBe('');
  });

  it.each<[string, World]>([
    [
      'a region that does not tell what it saw',
      { ...HIT, look: (region) => (region === 'us-west' ? undefined : { age: '7' }) },
    ],
    ['a check that does not answer', { ...HIT, standings: () => [] }],
  ])('waits half a minute for %s, and takes silence for no', (_name, world) => {
    const story = told(world);
    expect(story.deploy.phase).toBe('checklist');
    story.until(31 * SECOND);
    expect(story.deploy.outcome).toBe('blocked');
    expect(Object.values(states(story)).filter((state) => state === 'failed')).toHaveLength(1);
  });

  it('asks no region a second time: what the first look has primed would be found by the second', () => {
    const story = told({ ...HIT, look: () => ({ 'cf-cache-status': 'MISS' }) });
    expect(story.of('look')).toHaveLength(1);
    const [look] = story.of('look');
    expect(look?.effect.regions).toEqual(['us-east', 'us-west', 'eu-west', 'ap-south']);
  });

  it('knows planned freezes, and lets the mend of an incident through both', () => {
    const freezes = [
      { title: 'Registration week', from: '2027-01-01T00:00:00Z', until: '2027-02-01T00:00:00Z' },
      { title: 'Last week', from: '2027-01-01T00:00:00Z', until: '2027-01-02T00:00:00Z' },
    ];
    const open: World = {
      ...BOTH_FINE,
      standings: (checks) => checks.map((check) => ({ check, openIncident: { seq: 3, summary: 'down' } })),
    };
    const frozen = told(BOTH_FINE, {}, { freezes });
    expect(frozen.deploy.outcome).toBe('blocked');
    expect(frozen.deploy.reason).toContain('Registration week: until 2027-02-01T00:00:00.000Z');
    expect(frozen.deploy.reason).not.toContain('Last week');
    const mend = told(open, { duringIncident: true }, { freezes });
    expect(mend.deploy.phase).toBe('verifying');
    expect(mend.deploy.checklist[0]?.evidence).toEqual(['announced as the mend of an incident']);
  });
});
