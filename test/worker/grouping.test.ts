import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { Failure } from '#core/failure.ts';
import { GROUP_NAME } from '#worker/objects/group-object.ts';
import {
  aRun,
  breakPager,
  checkObject,
  mendPager,
  migrate,
  pagedFor,
  REGIONS,
  report,
  until,
  type Paged,
} from './hub.ts';

beforeAll(migrate);
afterEach(async () => {
  vi.useRealTimers();
  await mendPager();
});

/** Each story has an error of its own, so that none is told by another's page. */
function failureOf(httpStatus: number): Failure {
  return { owner: 'target', class: 'http', httpStatus, message: 'no answer', step: 'Sign in' };
}

/** Checks that fail everywhere at once, as in a burst: until rule 1 pages. */
async function failTogether(checks: readonly string[], failure: Failure): Promise<void> {
  for (let round = 0; round < 2; round++)
    for (const region of REGIONS)
      await report(region, ...checks.map((check) => aRun(check, region, { failure })));
}

async function pass(check: string): Promise<void> {
  for (let round = 0; round < 2; round++)
    for (const region of REGIONS) await report(region, aRun(check, region));
}

async function incidentOf(check: string) {
  return (await checkObject(check).view()).state.incident;
}

function triggersOf(check: string) {
  return checkObject(check)
    .view()
    .then(({ deliveries }) => deliveries.filter(({ event }) => event === 'trigger'));
}

/** Until the check is told by another one's page. */
function told(check: string) {
  return until(async () => {
    const [trigger] = await triggersOf(check);
    return trigger?.state === 'superseded' && trigger;
  });
}

const toldOf = (paged: readonly Paged[]): [string, string][] =>
  paged.map(({ body }) => [body.event_action, body.dedup_key]);

/** Checks that fail together, once it is known which of them came first and tells of the others. */
async function leadOf(
  checks: readonly [string, string, string],
  failure: Failure,
): Promise<{ lead: string; members: [string, string] }> {
  await failTogether(checks, failure);
  return until(async () => {
    const leads = await Promise.all(checks.map(async (check) => (await incidentOf(check))?.lead));
    const [first, last, ...rest] = checks.filter((_check, index) => leads[index] !== undefined);
    const lead = checks.find((_check, index) => leads[index] === undefined);
    return (
      lead !== undefined &&
      first !== undefined &&
      last !== undefined &&
      rest.length === 0 && { lead, members: [first, last] as [string, string] }
    );
  });
}

/** A check that fails, and once its page is on its way, another one by the same cause. */
async function failInTurn(lead: string, member: string, failure: Failure): Promise<void> {
  await failTogether([lead], failure);
  await until(async () => (await triggersOf(lead)).some(({ attempts }) => attempts > 0));
  await failTogether([member], failure);
  await until(async () => (await incidentOf(member))?.lead === `${lead}:1`);
}

/** What a check's object would do by its alarm that much later. */
async function later(check: string, durationMs: number): Promise<void> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + durationMs });
  await runDurableObjectAlarm(checkObject(check));
}

it('tells three checks that fail at once by one page with the list, each with an incident of its own, and resolves it when all are over', async () => {
  const { lead, members } = await leadOf(['group-login', 'group-launch', 'group-profile'], failureOf(520));
  const listed = await until(async () => {
    const paged = await pagedFor(lead);
    return paged.at(-1)?.body.payload?.summary.includes('and 2 more') && paged;
  });
  expect(new Set(toldOf(listed).map(String))).toEqual(new Set([`trigger,${lead}:1`]));
  expect(listed.at(-1)?.body.payload?.summary).toMatch(
    /^Group (login|launch|profile) and 2 more fail in 4 of 4 regions — http 520 at “Sign in”$/,
  );
  for (const member of members) {
    expect(await told(member)).toMatchObject({ lastError: `told by ${lead}:1`, attempts: 0 });
    const incident = await incidentOf(member);
    expect(incident).toMatchObject({ seq: 1, status: 'open', lead: `${lead}:1` });
    expect(incident?.ledger).toMatchObject({ acceptedBy: 'pager' });
  }
  const checks = (await incidentOf(lead))?.checks ?? [];
  expect(checks.map(({ check }) => check).toSorted()).toEqual(members.toSorted());

  // What the three owe each other outlives their objects.
  await abortAllDurableObjects();
  await checkObject(lead).acknowledge(1, 'ada', 'operator');
  for (const member of members)
    await until(async () => (await incidentOf(member))?.acknowledged?.by === 'ada');

  // Its page stays open for as long as one of them fails.
  await pass(lead);
  await until(async () => (await incidentOf(lead))?.status === 'recovered');
  const [first, last] = members;
  await pass(first);
  await until(async () => (await incidentOf(first))?.status === 'resolved');
  await until(async () => (await incidentOf(lead))?.checks?.length === 1);
  expect(await incidentOf(lead)).toMatchObject({ status: 'recovered', checks: [{ check: last, seq: 1 }] });
  await pass(last);
  const all = await until(async () => {
    const paged = await pagedFor(lead);
    return paged.at(-1)?.body.event_action === 'resolve' && paged;
  });
  expect(await incidentOf(lead)).toMatchObject({ status: 'resolved', checks: [] });
  expect(toldOf(all).filter(([action]) => action === 'resolve')).toHaveLength(1);
  for (const member of members) {
    expect(await incidentOf(member)).toMatchObject({ status: 'resolved', lead: `${lead}:1` });
    expect(await pagedFor(member)).toEqual([]);
  }

  // A page that is over leads nobody, though its minute is not: the next of its kind does.
  await failTogether([first], failureOf(520));
  await until(async () => (await pagedFor(first)).length > 0);
  await failTogether([last], failureOf(520));
  expect(await told(last)).toMatchObject({ lastError: `told by ${first}:2`, seq: 2 });
});

it('lets each check page by itself when the group’s object fails', async () => {
  const rename = (from: string, to: string) =>
    runInDurableObject(env.GROUPS.getByName(GROUP_NAME), (_object, state) => {
      state.storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
    });
  await rename('groups', 'groups_gone');
  const checks = ['lone-login', 'lone-launch'];
  await failTogether(checks, failureOf(521));
  for (const check of checks) {
    await until(async () => (await pagedFor(check)).length > 0);
    expect(toldOf(await pagedFor(check))).toEqual([['trigger', `${check}:1`]]);
    expect((await incidentOf(check))?.lead).toBeUndefined();
  }
  await rename('groups_gone', 'groups');
});

it('lets a check page by itself when its lead’s page is not accepted in time', async () => {
  await breakPager({ fault: 'status', status: 503, path: 'pagerduty' });
  await failInTurn('untold-login', 'untold-launch', failureOf(522));
  expect(await triggersOf('untold-launch')).toMatchObject([{ state: 'pending', attempts: 0 }]);

  await later('untold-launch', 9_000);
  await until(async () => {
    const [trigger] = await triggersOf('untold-launch');
    return trigger !== undefined && trigger.attempts > 0;
  });
  await mendPager();
  await until(async () => (await pagedFor('untold-launch')).length > 0);
  await until(async () => (await incidentOf('untold-launch'))?.lead === undefined);
  await until(async () => (await incidentOf('untold-login'))?.checks?.length === 0);
});

it('resolves though no member’s word that it is over has come', async () => {
  await failInTurn('lost-login', 'lost-launch', failureOf(523));
  await told('lost-launch');
  const rename = (from: string, to: string) =>
    runInDurableObject(checkObject('lost-login'), (_object, state) => {
      state.storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
    });
  await rename('state', 'state_gone');
  await pass('lost-launch');
  await until(async () => (await incidentOf('lost-launch'))?.status === 'resolved');
  await rename('state_gone', 'state');
  expect(await incidentOf('lost-login')).toMatchObject({ checks: [{ check: 'lost-launch' }] });

  await pass('lost-login');
  await until(async () => {
    const paged = await pagedFor('lost-login');
    return paged.at(-1)?.body.event_action === 'resolve';
  });
  expect(await pagedFor('lost-launch')).toEqual([]);
});

it('lets a check page by itself when its lead has forgotten it', async () => {
  await failInTurn('gone-login', 'gone-launch', failureOf(524));
  await told('gone-launch');
  await runInDurableObject(checkObject('gone-login'), (_object, state) =>
    state.storage.sql.exec('DELETE FROM state').toArray(),
  );
  await abortAllDurableObjects();
  await later('gone-launch', 31_000);
  await until(async () => (await pagedFor('gone-launch')).length > 0);
  expect(toldOf(await pagedFor('gone-launch'))).toEqual([['trigger', 'gone-launch:1']]);
});
