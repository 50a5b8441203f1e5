import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { outputOf, type ChildOptions } from './child-output.ts';
import type { HubDescription } from './describe-hub.ts';

/** The root of this package, where wrangler.toml is. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What `#config` is when nobody says otherwise. */
const OWN_CONFIG = join(PACKAGE_ROOT, 'latchkey.config.ts');

/** Bundling takes 1–2 s; on a machine that is starting four browsers at the same time, far longer. */
const BUNDLE_DEADLINE_MS = 120_000;

/** All code is in this one file. */
const SCRIPT = 'index.js';

/** How Miniflare is to read a file that wrangler has put beside the script. */
const MODULE_TYPES = {
  '.js': 'Text',
  '.css': 'Text',
  '.svg': 'Text',
  '.txt': 'Text',
  '.html': 'Text',
  '.sql': 'Text',
  '.bin': 'Data',
  '.wasm': 'CompiledWasm',
} as const;

type ModuleType = 'ESModule' | (typeof MODULE_TYPES)[keyof typeof MODULE_TYPES];

/** The hub as it is deployed, with the configuration of what is watched inside. */
export type HubBundle = HubDescription & {
  modulesRoot: string;
  /** The script first. */
  modules: { type: ModuleType; path: string; contents: Uint8Array }[];
};

const Described = z.looseObject({
  worker: z.record(z.string(), z.unknown()),
  crons: z.array(z.string()),
  databases: z.array(
    z.strictObject({
      binding: z.string(),
      migrations: z.array(z.strictObject({ name: z.string(), statements: z.array(z.string()) })),
    }),
  ),
});

/**
 * Bundles the hub as `wrangler deploy` would, with `configFile` in the place of latchkey.config.ts.
 * @param folder where the bundle goes; what is in it is lost
 * @throws what wrangler had to say when it does not build
 */
export async function bundleHub(configFile: string, folder: string, signal: AbortSignal): Promise<HubBundle> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const script = join(folder, 'script');
  const options: ChildOptions = {
    cwd: PACKAGE_ROOT,
    env: {
      ...process.env,
      CI: '1',
      NO_COLOR: '1',
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_LOG_PATH: join(folder, 'logs'),
    },
    deadlineMs: BUNDLE_DEADLINE_MS,
    signal,
  };
  const wranglerToml = join(PACKAGE_ROOT, 'wrangler.toml');
  const [described] = await Promise.all([
    outputOf(
      'reading wrangler.toml',
      [fileURLToPath(new URL('describe-hub.ts', import.meta.url)), wranglerToml],
      options,
    ),
    outputOf(
      'bundling the hub',
      [
        '--no-warnings',
        wranglerMain(),
        'deploy',
        '--dry-run',
        '--outdir',
        script,
        '--config',
        wranglerToml,
        ...aliasOf(configFile),
      ],
      options,
    ),
  ]);
  const description: HubDescription = Described.parse(JSON.parse(described));
  return { ...description, modulesRoot: script, modules: await modulesIn(script) };
}

async function modulesIn(folder: string): Promise<HubBundle['modules']> {
  const names = await readdir(folder, { recursive: true });
  const known = names.flatMap((name) => {
    const type: ModuleType | undefined =
      name === SCRIPT ? 'ESModule' : MODULE_TYPES[extname(name) as keyof typeof MODULE_TYPES];
    return type === undefined ? [] : [{ name, type }];
  });
  const modules = await Promise.all(
    known.map(async ({ name, type }) => ({
      type,
      path: join(folder, name),
      contents: new Uint8Array(await readFile(join(folder, name))),
    })),
  );
  const isScript = (module: { path: string }): boolean => relative(folder, module.path) === SCRIPT;
  if (!modules.some(isScript)) throw new Error(`wrangler bundled no ${SCRIPT}`);
  return modules.toSorted((a, b) => Number(isScript(b)) - Number(isScript(a)));
}

function aliasOf(configFile: string): string[] {
  const path = resolve(configFile);
  return path === OWN_CONFIG ? [] : ['--alias', `#config:${path}`];
}

/** Not its bin, which starts a second process that would outlive it. */
function wranglerMain(): string {
  return createRequire(import.meta.url).resolve('wrangler');
}
