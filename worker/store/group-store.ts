import type { Group } from '#core/group/grouping.ts';

/** What the group's object keeps in its own SQLite: one row. The only SQL over it. */
export class GroupStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec('CREATE TABLE IF NOT EXISTS groups (id INTEGER PRIMARY KEY, json TEXT NOT NULL)');
  }

  groups(): Group[] {
    const [row] = this.#sql.exec<{ json: string }>('SELECT json FROM groups WHERE id = 1').toArray();
    return row ? (JSON.parse(row.json) as Group[]) : [];
  }

  putGroups(groups: readonly Group[]): void {
    this.#sql.exec('INSERT OR REPLACE INTO groups (id, json) VALUES (1, ?)', JSON.stringify(groups));
  }
}
