import { runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, it } from 'vitest';
import { initialState, PROBES_MAX } from '#core/check-state.ts';
import { RUNS_PER_REPORT_MAX } from '#core/wire.ts';
import { aRun, checkObject, migrate, report, reportAged, TIMED_OUT } from './hub.ts';

beforeAll(migrate);

describe('a report over HTTP', () => {
  it('is acknowledged once it is stored, with the next start of its check', async () => {
    const run = aRun('login', 'us-east');
    const ack = await report('us-east', run);
    expect(ack).toMatchObject({ type: 'ack', runs: [run.id] });
    const stored = await checkObject('login').run(run.id);
    expect(stored).toMatchObject({ run, late: false });
  });

  it('that comes twice counts once', async () => {
    const run = aRun('order', 'us-east', { failure: TIMED_OUT });
    await report('us-east', run);
    const before = await checkObject('order').view();
    const again = await report('us-east', run);
    expect(again.runs).toEqual([run.id]);
    const after = await checkObject('order').view();
    expect(after.runs['us-east']).toHaveLength(1);
    expect(after.state.regions['us-east']?.failuresInRow).toBe(1);
    expect(after.state.suspicion?.streak).toEqual(before.state.suspicion?.streak);
  });

  it('that comes again after its probe was forgotten still counts once', async () => {
    const run = aRun('order', 'eu-west');
    await report('eu-west', run);
    const pods = Array.from({ length: PROBES_MAX }, (_, index) =>
      aRun('order', 'eu-west', { probe: `pod-${index}`, seq: 1, id: `pod-${index}.${run.boot}.1` }),
    );
    for (let sent = 0; sent < pods.length; sent += RUNS_PER_REPORT_MAX)
      await report('eu-west', ...pods.slice(sent, sent + RUNS_PER_REPORT_MAX));
    expect((await checkObject('order').view()).state.probes).not.toHaveProperty(run.probe);
    expect((await report('eu-west', run)).runs).toEqual([run.id]);
    const rows = await runInDurableObject(checkObject('order'), (_object, state) =>
      state.storage.sql.exec('SELECT 1 FROM runs WHERE probe = ?', run.probe).toArray(),
    );
    expect(rows).toHaveLength(1);
  });

  it('with a run older than interval and timeout is history only', async () => {
    const run = aRun('login', 'us-west', { failure: TIMED_OUT });
    const response = await reportAged('us-west', [{ ageMs: 60_000, run }]);
    expect(response.status).toBe(200);
    const view = await checkObject('login').view();
    expect(view.runs['us-west']?.[0]).toMatchObject({ id: run.id, late: true });
    expect(view.state.regions['us-west']?.vote).toBeUndefined();
    expect(view.state.suspicion).toBeUndefined();
  });

  it('with runs out of order counts only those in order', async () => {
    const first = aRun('login', 'eu-west', { failure: TIMED_OUT });
    const second = aRun('login', 'eu-west');
    await report('eu-west', second);
    await report('eu-west', first);
    const view = await checkObject('login').view();
    expect(view.runs['eu-west']?.map(({ id, late }) => ({ id, late }))).toEqual([
      { id: first.id, late: true },
      { id: second.id, late: false },
    ]);
    expect(view.state.regions['eu-west']?.vote?.outcome).toBe('pass');
  });

  it('with a bad run gets 400 with each problem, and changes nothing', async () => {
    const good = aRun('login', 'ap-south');
    const bad = { ...aRun('login', 'ap-south'), outcome: 'maybe', surprise: 1 };
    const response = await reportAged('ap-south', [
      { ageMs: 0, run: good },
      { ageMs: 0, run: bad },
    ]);
    expect(response.status).toBe(400);
    const body = await response.json<{ problems: { path: string }[] }>();
    expect(body.problems.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['entries.1.run.outcome', 'entries.1.run.surprise']),
    );
    expect(await checkObject('login').run(good.id)).toBeUndefined();
  });

  it('of a check that does not exist gets 400 naming it', async () => {
    const response = await reportAged('us-east', [{ ageMs: 0, run: aRun('logn', 'us-east') }]);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: expect.stringContaining('"logn"') });
  });

  it('acknowledges the runs of the checks that stored them, and leaves out the others', async () => {
    const rename = (from: string, to: string) =>
      runInDurableObject(checkObject('broken'), (_object, state) => {
        state.storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
      });
    await rename('runs', 'runs_gone');
    const lost = aRun('broken', 'us-east', { failure: TIMED_OUT });
    const kept = aRun('login', 'us-east');
    const ack = await report('us-east', lost, kept);
    expect(ack.runs).toEqual([kept.id]);
    expect((await report('us-east', lost)).runs).toEqual([]);
    await rename('runs_gone', 'runs');

    const { state, historyLag } = await checkObject('broken').view();
    expect({ state, historyLag }).toEqual({
      state: initialState(),
      historyLag: { runs: 0 },
    });
    expect((await report('us-east', lost)).runs).toEqual([lost.id]);
    expect((await checkObject('broken').view()).state.regions['us-east']?.failuresInRow).toBe(1);
  });
});
