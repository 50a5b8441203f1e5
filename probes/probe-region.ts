import type { Config } from '#core/config.ts';

/** Why there is no probe in a region, or `undefined` when there may be one. */
export function probeRegionProblem({ regions }: Pick<Config, 'regions'>, region: string): string | undefined {
  const ids = regions.filter(({ worker }) => worker === undefined).map(({ id }) => id);
  if (ids.includes(region)) return undefined;
  const isOwn = regions.some(({ id }) => id === region);
  const why = isOwn ? ': there the hub itself asks, from a Worker, and no probe runs' : '';
  return `region: expected ${ids.length === 0 ? 'a region with probes' : `one of ${ids.join(', ')}`}, got ${region}${why}`;
}
