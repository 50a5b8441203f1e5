import { expect, it } from 'vitest';
import { HistoryCopier } from '#worker/objects/history-copier.ts';
import type { CheckStore } from '#worker/store/check-store.ts';

it('a copy that takes long does not ask for a turn meanwhile: the object would wake itself without end', async () => {
  let answer: (rows: never[]) => void = () => undefined;
  const slow = new Promise<never[]>((resolve) => {
    answer = resolve;
  });
  const incident = { seq: 1, version: 1, incident: { seq: 1, status: 'open', ledger: {}, successes: {} } };
  let left = 1;
  const store = {
    uncopiedRuns: () => [],
    uncopiedIncidents: () => (left-- > 0 ? [incident] : []),
    markCopied: () => undefined,
    runCount: () => 0,
  } as unknown as CheckStore;
  const statement = { bind: () => statement };
  const db = { prepare: () => statement, batch: () => slow } as unknown as ConstructorParameters<
    typeof HistoryCopier
  >[2];
  const copier = new HistoryCopier('login', store, db);
  copier.note(0);
  expect(copier.dueMs).toBe(10_000);
  const copied = copier.copy(() => 10_000);
  copier.note(10_000);
  expect(copier.dueMs).toBeUndefined();
  answer([]);
  await copied;
  expect(copier.dueMs).toBe(20_000);
});
