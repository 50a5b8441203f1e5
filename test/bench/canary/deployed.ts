import type { MeasureOptions } from '../benchmark.ts';
import { startRig, ROLLBACK_SECRET_NAME } from '../../e2e/rig.ts';
import { CLEAR_AFTER_MS, INTERVAL_MS, REGIONS, RESOLVE_AFTER_MS, TIMEOUT_MS } from '../page/schedule.ts';
import { median, rounded } from '../statistics.ts';
import { BREAKS, measureBadDeploy, SERVICE, type BadDeploy, type Break } from './bad-deploy.ts';

/** About: the decision, and 49 clean runs of the version before. */
const TYPICAL_S = 90;

type Measured = BadDeploy & { readonly kind: Break['name'] };

/** Deploys broken canaries on real processes and tells how soon they are taken back, by figure. `runs` of each kind. */
export async function deployedFigures({
  runs,
  say,
  signal,
}: Pick<MeasureOptions, 'runs' | 'say' | 'signal'>): Promise<Record<string, number>> {
  const minutes = Math.ceil((runs * BREAKS.length * TYPICAL_S) / 60);
  say(`starting portal, pager, hub and four probes; then about ${minutes} min`);
  const rig = await startRig({
    checks: ['portal-login', 'lti-launch'],
    regions: REGIONS,
    intervalMs: INTERVAL_MS,
    timeoutMs: TIMEOUT_MS,
    clearAfterMs: CLEAR_AFTER_MS,
    resolveAfterMs: RESOLVE_AFTER_MS,
    services: ({ urls }) => ({
      [SERVICE]: {
        checks: ['portal-login', 'lti-launch'],
        canary: { kind: 'header', name: 'x-lane', value: 'canary' },
        rollback: {
          kind: 'webhook',
          url: urls.rollback,
          signingSecret: { secret: ROLLBACK_SECRET_NAME },
          unattended: true,
        },
      },
    }),
  });
  try {
    const token = await rig.serviceToken(SERVICE);
    const measured: Measured[] = [];
    for (let run = 1; run <= runs; run += 1)
      for (const kind of BREAKS) {
        const version = `5.${measured.length}.0`;
        const deploy = await measureBadDeploy(kind, { rig, token, version, signal });
        measured.push({ ...deploy, kind: kind.name });
        say(`${kind.name} ${run} of ${runs}: ${wordsOf(deploy)}`);
      }
    return figuresOf(measured);
  } finally {
    await rig.stop();
  }
}

function figuresOf(measured: readonly Measured[]): Record<string, number> {
  const medianOf = (deploys: readonly Measured[], pick: (deploy: Measured) => number): number =>
    rounded(median(deploys.map(pick)));
  const ofKinds = BREAKS.map(({ name }) => {
    const own = measured.filter(({ kind }) => kind === name);
    return [
      [`${name}RollbackMedianS`, medianOf(own, ({ calledS }) => calledS)],
      [`${name}LimitMedianS`, medianOf(own, ({ limitS }) => limitS)],
      [`${name}RollbackToLimit`, medianOf(own, ({ calledS, limitS }) => calledS / limitS)],
    ] as const;
  });
  return {
    rollbackMedianS: medianOf(measured, ({ calledS }) => calledS),
    rollbackWorstS: rounded(Math.max(...measured.map(({ calledS }) => calledS))),
    rollbackToLimit: medianOf(measured, ({ calledS, limitS }) => calledS / limitS),
    ...Object.fromEntries(ofKinds.flat()),
    healthyAgainMedianS: medianOf(measured, ({ healthyS }) => healthyS),
    healthyAgainWorstS: rounded(Math.max(...measured.map(({ healthyS }) => healthyS))),
  };
}

function wordsOf({ askedS, seenS, decidedS, calledS, healthyS, limitS }: BadDeploy): string {
  const s = (seconds: number): string => `${seconds.toFixed(2)} s`;
  return `asked at ${s(askedS)}, seen ${s(seenS)} (limit ${s(limitS)}), decided ${s(decidedS)}, called ${s(calledS)}, healthy again ${s(healthyS)}`;
}
