import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descendantsOf, isRunning } from './processes.ts';
import { startRig, type Rig } from './rig.ts';
import { until } from './until.ts';

const REGIONS = ['us-east', 'us-west', 'eu-west'];
const PAGE_DEADLINE_MS = 60_000;

describe('what dies in the middle', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({
      checks: ['portal-login'],
      regions: REGIONS,
      intervalMs: 3_000,
      timeoutMs: 2_800,
      clearAfterMs: 2_000,
      resolveAfterMs: 4_000,
    });
    await rig.untilUp();
  });
  afterAll(() => rig?.stop());

  it.each(['at the first failure', 'when the page is out'])(
    'a SIGKILL of workerd %s loses no run and no page',
    async (moment) => {
      rig.pager.clear();
      rig.portal.break({ fault: 'http-502' });
      await (moment === 'at the first failure'
        ? until('a failure under confirmation', () => firstConfirmation(), PAGE_DEADLINE_MS)
        : rig.pager.waitForAlert(() => true, { deadlineMs: PAGE_DEADLINE_MS }));
      const killed = killWorkerd();
      const alert = await rig.pager.waitForAlert(() => true, { deadlineMs: PAGE_DEADLINE_MS });
      await until(
        'runs of every region from after the kill',
        async () => {
          const newest = await newestStarts();
          return newest.every((startedAtMs) => startedAtMs > killed.atMs + 3_000) ? true : undefined;
        },
        PAGE_DEADLINE_MS,
      );
      rig.portal.mend();
      await rig.pager.waitForAlert(({ id, status }) => id === alert.id && status === 'resolved', {
        deadlineMs: PAGE_DEADLINE_MS,
      });
      expect(rig.pager.alerts()).toHaveLength(1);
      const actions = rig.pager
        .alerts()[0]
        ?.events.map(({ action }) => action)
        .join(' ');
      // Killed before it could note the acceptance, the hub sends the page again, under the same key.
      expect(actions).toMatch(
        moment === 'at the first failure' ? /^trigger resolve$/ : /^trigger( trigger)? resolve$/,
      );
      expect(isRunning(killed.pid)).toBe(false);
      await rig.untilUp();
      expect(await gapsInSequence()).toEqual([]);
    },
  );

  it('a killed browser gives an invalid run, no page, and a new browser', async () => {
    rig.pager.clear();
    // Long runs, so that the kill strikes in the middle of one.
    rig.portal.break({ fault: 'slow', delayMs: 700 });
    const probe = rig.probes.get('us-east');
    const killedAtMs = Date.now();
    await until(
      'an invalid run of us-east',
      async () => {
        const latest = (await runsOf('us-east')).at(-1);
        if (latest && latest.startedAtMs > killedAtMs - 3_000 && latest.outcome === 'invalid') return latest;
        for (const { pid, command } of descendantsOf(probe?.pid ?? 0))
          if (/chrom/i.test(command) && !command.includes('--type=')) process.kill(pid, 'SIGKILL');
        return undefined;
      },
      PAGE_DEADLINE_MS,
    ).then((run) => expect(run.failure).toBe('browser-crash'));
    rig.portal.mend();
    await rig.untilUp();
    expect(rig.pager.attempts()).toEqual([]);
  });

  it('leaves no workerd and no browser behind', async () => {
    const below = [rig.hub, ...rig.probes.values()].flatMap((child) => descendantsOf(child.pid));
    const telling = below.filter(({ command }) => /workerd|chrom/i.test(command));
    expect(telling.length).toBeGreaterThan(REGIONS.length);
    await rig.stop();
    expect(telling.filter(({ pid }) => isRunning(pid))).toEqual([]);
  });

  async function firstConfirmation(): Promise<true | undefined> {
    return (await rig.overview()).checks.some((check) => check.confirming) ? true : undefined;
  }

  function killWorkerd(): { pid: number; atMs: number } {
    const workerd = descendantsOf(rig.hub.pid).find(({ command }) => /workerd/.test(command));
    if (!workerd) throw new Error('no workerd below the hub');
    process.kill(workerd.pid, 'SIGKILL');
    return { pid: workerd.pid, atMs: Date.now() };
  }

  /** The last runs of a region, oldest first. */
  async function runsOf(region: string) {
    const cell = (await rig.overview()).checks[0]?.regions.find((other) => other.region === region);
    if (!cell) throw new Error(`no region ${region}`);
    return cell.strip;
  }

  async function newestStarts(): Promise<number[]> {
    const runs = await Promise.all(REGIONS.map(runsOf));
    return runs.map((ofRegion) => ofRegion.at(-1)?.startedAtMs ?? 0);
  }

  /** A rig with one check reports every number of a probe's sequence: one missing is one lost. */
  async function gapsInSequence(): Promise<string[]> {
    const gaps: string[] = [];
    for (const region of REGIONS) {
      const seqs = (await runsOf(region))
        .map((run) => Number(run.runId.split('.').at(-1)))
        .toSorted((a, b) => a - b);
      for (const [index, seq] of seqs.entries())
        if (index > 0 && seq !== (seqs[index - 1] ?? 0) + 1)
          gaps.push(`${region}: ${seqs[index - 1]} → ${seq}`);
    }
    return gaps;
  }
});
