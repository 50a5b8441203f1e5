import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { unstable_getMiniflareWorkerOptions, unstable_readConfig, unstable_splitSqlQuery } from 'wrangler';

/** The parts of a D1 binding that are of use here. */
type DatabaseEntry = { binding: string; migrations_dir?: string };

/** The hub as its wrangler.toml describes it. */
export type HubDescription = {
  /** Bindings, objects and compatibility: Miniflare's options of a worker without its source. Plain JSON. */
  worker: Record<string, unknown>;
  crons: string[];
  databases: { binding: string; migrations: Migration[] }[];
};

/** One file of migrations, in the order of their names. */
export type Migration = { name: string; statements: string[] };

/**
 * Prints a `HubDescription` as JSON. A process of its own: wrangler costs 200 MB of memory, which the host would keep.
 * `argv[2]` is the path of wrangler.toml.
 */
function describeHub(configPath: string): HubDescription {
  const config = unstable_readConfig({ config: configPath });
  const folder = dirname(resolve(configPath));
  return {
    worker: unstable_getMiniflareWorkerOptions(configPath).workerOptions,
    crons: config.triggers.crons ?? [],
    databases: (config.d1_databases as DatabaseEntry[]).map(({ binding, migrations_dir }) => ({
      binding,
      migrations: migrationsIn(join(folder, migrations_dir ?? 'migrations')),
    })),
  };
}

function migrationsIn(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name) => ({
      name,
      statements: unstable_splitSqlQuery(readFileSync(join(folder, name), 'utf8')),
    }));
}

const [, , configPath] = process.argv;
if (configPath === undefined) throw new Error('expected the path of wrangler.toml');
process.stdout.write(JSON.stringify(describeHub(configPath)));
