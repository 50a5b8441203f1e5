import type { AttemptCounts } from '#core/deploy/attempt-counts.ts';
import {
  NEW_SERVICE,
  type AskedPair,
  type CheckVerification,
  type Deploy,
  type ServiceState,
  type Verification,
} from '#core/deploy/deploy.ts';
import type { DeployMark } from '#core/deploy/telling/mark.ts';
import { withoutPairs } from '#core/deploy/telling/telling.ts';
import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import type { Delivery } from '#core/delivery.ts';
import { DELIVERIES_TABLE, DeliveryTable } from './delivery-table.ts';

/** Deploys before the latest one that are kept, with their pages: a month of a team that deploys twice a day. */
export const DEPLOYS_KEPT_MAX = 50;
/** Deploys before the latest one whose single runs are kept. */
const WITH_PAIRS_MAX = 5;
/** UTF-16 units of one row: three bytes each at the most, where a row in a Durable Object may hold 2 MB. */
const ROW_CHARS_MAX = 600_000;

const VERIFICATIONS = ['verification', 'again'] as const;
type VerificationName = (typeof VERIFICATIONS)[number];

/** A mark that a check does not have yet. */
export type PendingMark = { check: string; mark: DeployMark };

/** What a verification knows of one of its checks: a row of its own, as only those are written that have changed. */
type Part = { of: CheckVerification; pairs: AskedPair[] };
/** The rest of it: the ids of its checks are enough to find their rows. */
type BareVerification = Omit<Verification, 'checks' | 'pairs'> & { checks: string[] };
type BareState = Omit<ServiceState, 'deploy'> & {
  deploy?: Omit<Deploy, VerificationName> & Partial<Record<VerificationName, BareVerification | undefined>>;
};

/**
 * What a service's object keeps in its own SQLite: the only SQL over it. There is nothing until `create`: an object that was
 * only asked, and knows no deploy, leaves nothing behind.
 *
 * Texts longer than a row may be are in several, numbered by `part`.
 */
export class DeployStore {
  readonly #sql: SqlStorage;
  readonly #deliveries: DeliveryTable;
  #exists: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#deliveries = new DeliveryTable(sql);
    this.#exists =
      sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'texts'").toArray().length > 0;
  }

  /** Whether the service was ever deployed. */
  get exists(): boolean {
    return this.#exists;
  }

  /** Makes the tables. To be undone by the transaction it is part of: whoever calls it says when that has gone through. */
  create(): void {
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS texts (
        key TEXT NOT NULL, part INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (key, part)
      ) WITHOUT ROWID;
      ${DELIVERIES_TABLE}
    `);
  }

  created(): void {
    this.#exists = true;
  }

  state(): ServiceState {
    const bare = this.#read('state') as BareState | undefined;
    if (!bare) return NEW_SERVICE;
    const { deploy, ...rest } = bare;
    if (!deploy) return rest;
    return {
      ...rest,
      deploy: {
        ...deploy,
        verification: this.#whole('verification', deploy.verification),
        again: this.#whole('again', deploy.again),
      },
    };
  }

  /** Writes what is not as it was `before`, which is what is stored; `undefined` when nothing is. */
  putState(state: ServiceState, before: ServiceState | undefined): void {
    const bare = JSON.stringify(bareState(state));
    if (!before || bare !== JSON.stringify(bareState(before))) this.#write('state', bare);
    const [parts, partsBefore] = [partsOf(state.deploy), partsOf(before?.deploy)];
    for (const [key, part] of parts)
      if (!isSame(part, partsBefore.get(key))) this.#write(key, JSON.stringify(part));
    for (const key of partsBefore.keys()) if (!parts.has(key)) this.#delete(key);
  }

  attempts(): AttemptCounts | undefined {
    return this.#read('attempts') as AttemptCounts | undefined;
  }

  putAttempts(counts: AttemptCounts): void {
    this.#write('attempts', JSON.stringify(counts));
  }

  marks(): PendingMark[] {
    return (this.#read('marks') as PendingMark[] | undefined) ?? [];
  }

  putMarks(marks: readonly PendingMark[]): void {
    if (marks.length > 0) this.#write('marks', JSON.stringify(marks));
    else this.#delete('marks');
  }

  /** Writes a deploy that a later one has taken the place of, and forgets those long before. */
  putPast(told: ToldDeploy): void {
    this.#write(pastKey(told.n), JSON.stringify(told));
    const older = this.past(told.n - WITH_PAIRS_MAX);
    if (older) this.#write(pastKey(older.n), JSON.stringify(withoutPairs(older)));
    const oldest = told.n - DEPLOYS_KEPT_MAX;
    this.#sql.exec('DELETE FROM texts WHERE key BETWEEN ? AND ?', pastKey(0), pastKey(oldest));
    this.#deliveries.prune(oldest);
  }

  past(n: number): ToldDeploy | undefined {
    return n < 1 ? undefined : (this.#read(pastKey(n)) as ToldDeploy | undefined);
  }

  /** The deploys before the latest one, newest first. */
  pasts(): ToldDeploy[] {
    return [...this.#texts(pastKey(0), pastKey(Number.MAX_SAFE_INTEGER)).values()]
      .map((text) => JSON.parse(text) as ToldDeploy)
      .toReversed();
  }

  putDelivery(delivery: Delivery): void {
    this.#deliveries.put(delivery);
  }

  /** Every delivery about the deploys that have an open one, and about those with these numbers. */
  openDeliveries(seqs: readonly number[]): Delivery[] {
    if (!this.#exists) return [];
    return this.#deliveries.open(seqs);
  }

  #whole(name: VerificationName, bare: BareVerification | undefined): Verification | undefined {
    if (!bare) return undefined;
    const parts = bare.checks.flatMap(
      (check) => (this.#read(partKey(name, check)) as Part | undefined) ?? [],
    );
    return {
      ...bare,
      checks: parts.map(({ of }) => of),
      pairs: parts.flatMap(({ pairs }) => pairs).toSorted((a, b) => a.pair - b.pair),
    };
  }

  #read(key: string): unknown {
    const text = this.#texts(key, key).get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** The texts of these keys, in their order. */
  #texts(from: string, to: string): Map<string, string> {
    const texts = new Map<string, string>();
    if (!this.#exists) return texts;
    const rows = this.#sql.exec<{ key: string; json: string }>(
      'SELECT key, json FROM texts WHERE key BETWEEN ? AND ? ORDER BY key, part',
      from,
      to,
    );
    for (const { key, json } of rows) texts.set(key, (texts.get(key) ?? '') + json);
    return texts;
  }

  #write(key: string, text: string): void {
    const rows = inRows(text);
    rows.forEach((json, part) =>
      this.#sql.exec('INSERT OR REPLACE INTO texts (key, part, json) VALUES (?, ?, ?)', key, part, json),
    );
    this.#sql.exec('DELETE FROM texts WHERE key = ? AND part >= ?', key, rows.length);
  }

  #delete(key: string): void {
    this.#sql.exec('DELETE FROM texts WHERE key = ?', key);
  }
}

/** A text in pieces that are rows; no character is cut in two. */
function inRows(text: string): string[] {
  const rows: string[] = [];
  let from = 0;
  do {
    const cut = from + ROW_CHARS_MAX;
    const isInside = /[\ud800-\udbff]/.test(text.charAt(cut - 1));
    const to = isInside ? cut - 1 : cut;
    rows.push(text.slice(from, to));
    from = to;
  } while (from < text.length);
  return rows;
}

/** Numbers of one length, so that they are in order as texts. */
function pastKey(n: number): string {
  return `deploy/${String(Math.max(0, n)).padStart(16, '0')}`;
}

function partKey(name: VerificationName, check: string): string {
  return `${name}/${check}`;
}

/** The state without what has rows of its own. */
function bareState({ deploy, ...rest }: ServiceState): BareState {
  if (!deploy) return rest;
  const { verification, again } = deploy;
  return {
    ...rest,
    deploy: { ...deploy, verification: bareVerification(verification), again: bareVerification(again) },
  };
}

function bareVerification(verification: Verification | undefined): BareVerification | undefined {
  if (!verification) return undefined;
  const { checks, pairs: _pairs, ...rest } = verification;
  return { ...rest, checks: checks.map(({ check }) => check) };
}

function partsOf(deploy: Deploy | undefined): Map<string, Part> {
  return new Map(
    VERIFICATIONS.flatMap((name) => {
      const { checks = [], pairs = [] } = deploy?.[name] ?? {};
      return checks.map((of): [string, Part] => [
        partKey(name, of.check),
        { of, pairs: pairs.filter(({ check }) => check === of.check) },
      ]);
    }),
  );
}

function isSame(part: Part, before: Part | undefined): boolean {
  return (
    before !== undefined &&
    part.of.canary === before.of.canary &&
    part.of.decided === before.of.decided &&
    part.pairs.length === before.pairs.length &&
    part.pairs.every((pair, index) => pair === before.pairs[index])
  );
}
