import type { Miniflare } from 'miniflare';
import { withDeadline } from '../deadline.ts';
import type { Migration } from './describe-hub.ts';

/** A migration of a local database; one that takes longer is stuck on a lock. */
const MIGRATION_DEADLINE_MS = 60_000;

/** The table of `wrangler d1 migrations apply`, so that either can go on where the other stopped. */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

type Database = Awaited<ReturnType<Miniflare['getD1Database']>>;

/**
 * Applies the migrations a database has not had yet, in order; each with its note in one transaction, so that one that
 * fails has changed nothing. Returns the names of those applied. Rejects naming the one that failed.
 */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<string[]> {
  await withDeadline(database.prepare(CREATE_TABLE).run(), MIGRATION_DEADLINE_MS, 'creating d1_migrations');
  const { results } = await withDeadline(
    database.prepare('SELECT name FROM d1_migrations').all<{ name: string }>(),
    MIGRATION_DEADLINE_MS,
    'reading d1_migrations',
  );
  const applied = new Set(results.map(({ name }) => name));
  const pending = migrations.filter(({ name }) => !applied.has(name));
  for (const { name, statements } of pending) {
    const note = database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name);
    const work = database.batch([...statements.map((statement) => database.prepare(statement)), note]);
    try {
      await withDeadline(work, MIGRATION_DEADLINE_MS, 'it');
    } catch (error) {
      throw new Error(`migration ${name}: ${(error as Error).message}`, { cause: error });
    }
  }
  return pending.map(({ name }) => name);
}
