import { describe, expect, it } from 'vitest';
import type { Finding } from '#core/dns/findings/finding.ts';
import { MS_PER_MINUTE } from '#core/units.ts';
import { addresses, someEvidence } from '#test/fixtures/dns-evidence.ts';
import { Watch } from './watch.ts';

const DIFFERING: Finding = {
  id: 'D5',
  severity: 'warn',
  subject: 'a40.example.test A',
  message: 'The servers answer differently.',
  figures: { sets: 2 },
};
const SERIALS = [
  { server: 'dns://192.0.2.1', serial: 1 },
  { server: 'dns://192.0.2.2', serial: 1 },
];
const alike = someEvidence(addresses(2), { serials: SERIALS });
const differing = someEvidence(addresses(2), { serials: SERIALS }, [DIFFERING]);
const heardOne = someEvidence(addresses(2), { serials: SERIALS.slice(0, 1) });

describe('records that differ by server (D5)', () => {
  const d5 = (found: readonly Finding[]) => found.filter(({ id }) => id === 'D5');

  it('fail once they have differed for longer than the grace, in the region that sees it', () => {
    const watch = new Watch();
    expect(d5(watch.run(differing))).toEqual([]);
    expect(d5(watch.wait(10 * MS_PER_MINUTE).run(differing))).toEqual([]);
    expect(d5(watch.wait(MS_PER_MINUTE).run(differing, 'eu-west'))).toEqual([]);
    expect(d5(watch.run(differing))).toEqual([
      {
        ...DIFFERING,
        severity: 'fail',
        message: 'The servers answer differently. It has been so for 11 min; servers may differ for 10 min.',
        figures: { sets: 2, sinceMs: 11 * MS_PER_MINUTE },
      },
    ]);
  });

  it('begin anew after a run in which they were alike, and not after one that heard one server', () => {
    const watch = new Watch();
    watch.run(differing);
    watch.wait(6 * MS_PER_MINUTE).run(heardOne);
    expect(d5(watch.wait(6 * MS_PER_MINUTE).run(differing))).toHaveLength(1);
    expect(d5(watch.run(alike))).toEqual([]);
    expect(watch.memory?.differing).toEqual({});
    expect(d5(watch.wait(MS_PER_MINUTE).run(differing))).toEqual([]);
  });

  it('are forgotten with a region that has left the check', () => {
    const watch = new Watch();
    watch.run(differing, 'eu-west');
    watch.regions = ['us-east'];
    watch.run(alike);
    expect(watch.memory?.differing).toEqual({});
  });
});
