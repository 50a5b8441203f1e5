import { expect, it } from 'vitest';
import { CACHE_URLS_MAX, ChecklistItem, Gate } from '#core/deploy/service/checklist.ts';
import { withLook, withLookers } from '#core/deploy/gates.ts';
import { REGIONS_MAX } from '#core/config.ts';

it('a gate of the largest checklist can be told: every region about every address', () => {
  const urls = Array.from({ length: CACHE_URLS_MAX }, (_, index) => `https://cdn.example/${index}.js`);
  const item = ChecklistItem.parse({ kind: 'cache-primed', id: 'assets', urls });
  const regions = Array.from({ length: REGIONS_MAX }, (_, index) => `region-${index}`);
  const answers = urls.map((url) => ({ url, status: 200, headers: { 'cf-cache-status': 'MISS' } }));
  const looked = { type: 'looked', probe: 'p', service: 'portal', n: 1, item: 'assets', answers } as const;
  let gates: Gate[] = [
    { id: 'assets', kind: 'cache-primed', title: 'Assets', state: 'waiting', evidence: [] },
  ];
  gates = withLookers(gates, 'assets', regions, 0);
  for (const region of regions) gates = withLook(gates, [item], region, looked, 0);
  expect(gates[0]).toMatchObject({ state: 'failed' });
  expect(gates[0]?.evidence).toHaveLength(CACHE_URLS_MAX * REGIONS_MAX);
  expect(Gate.safeParse(gates[0]).success).toBe(true);
});
