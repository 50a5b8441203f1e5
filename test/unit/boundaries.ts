import { posix } from 'node:path';

/** What a folder may import: folders or files of this repository, and packages. Its own folder always. */
type Rule = { folder: string; paths: string[]; packages?: string[] };

/** The hub's small root files, which every shell may read. */
const HUB_ROOT = [
  ...[
    'acknowledge-link',
    'audit',
    'bindings',
    'deadline',
    'env',
    'errors',
    'hub',
    'log',
    'probe-token',
    'secrets',
    'semaphore',
    'service-token',
    'settings',
    'signed-token',
  ].map((name) => `worker/${name}.ts`),
  'latchkey.config.ts',
];

/** Most specific folder first. No `packages` means any; tests may import anything and are not listed. */
const RULES: Rule[] = [
  { folder: 'worker/core', paths: [], packages: ['zod'] },
  { folder: 'worker/channels', paths: ['worker/core'], packages: ['zod', 'standardwebhooks'] },
  {
    folder: 'worker/store',
    paths: ['worker/core', 'worker/deadline.ts'],
    packages: ['zod', 'cloudflare:workers'],
  },
  { folder: 'worker/rollback', paths: ['worker/core', 'worker/channels'], packages: ['zod'] },
  { folder: 'worker/dns', paths: ['worker/core', ...HUB_ROOT] },
  {
    folder: 'worker/objects',
    paths: ['worker/core', 'worker/store', 'worker/channels', 'worker/dns', 'worker/rollback', ...HUB_ROOT],
  },
  {
    folder: 'worker/routes',
    paths: [
      ...['core', 'objects', 'store', 'channels', 'middleware'].map((name) => `worker/${name}`),
      'dashboards',
      ...HUB_ROOT,
    ],
  },
  { folder: 'worker/middleware', paths: ['worker/core', 'worker/store', ...HUB_ROOT] },
  {
    folder: 'worker/queues',
    paths: ['worker/core', 'worker/objects', 'worker/store', 'worker/channels', ...HUB_ROOT],
  },
  { folder: 'worker', paths: ['dashboards', 'latchkey.config.ts'] },
  { folder: 'dashboards', paths: ['worker/core'], packages: ['hono'] },
  { folder: 'probes/journeys', paths: ['probes/journey.ts'], packages: ['playwright'] },
  // The command line hosts the hub and mints its tokens: it checks both by the hub's own code.
  ...['probes/cli', 'probes/host'].map((folder) => ({
    folder,
    paths: [
      'probes',
      'worker/core',
      'worker/channels',
      'worker/probe-token.ts',
      'worker/service-token.ts',
      'latchkey.config.ts',
    ],
  })),
  // What pages by itself when the hub is gone sends as the hub does.
  { folder: 'probes/break-glass', paths: ['probes', 'worker/core', 'worker/channels'] },
  { folder: 'probes', paths: ['worker/core', 'latchkey.config.ts'] },
  // `defineConfig` knows the channels, so it is the hub's, not core's.
  { folder: 'latchkey.config.ts', paths: ['worker/core', 'worker/config.ts'], packages: [] },
];

const ALIASES: [from: RegExp, to: string][] = [
  [/^#config$/, 'latchkey.config.ts'],
  [/^#core\//, 'worker/core/'],
  [/^#(worker|probes|dashboards|test)\//, '$1/'],
];

const SOURCE = /\.(tsx?|mjs)$/;
const BANNED_NAME = /^(utils?|helpers?|common|types|misc)\./;
const CLOCK_OR_CHANCE = /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\.now\b/g;
const MACHINE_PATH = /(?<![\w.-])\/(?:root|work)\//;
const STATIC_IMPORT = /^[ \t]*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm;
const BARE_IMPORT = /^[ \t]*import\s*['"]([^'"]+)['"]/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*['"`]([^'"`$]+)['"`]/g;

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Comments go, so that an example in one is no import; only whole-line ones, as globs in strings look like comments. */
function withoutComments(text: string): string {
  return text.replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** Paths in this repository, or the specifier as it stands for a package. */
function importsOf(path: string, text: string): string[] {
  const code = withoutComments(text);
  return [STATIC_IMPORT, BARE_IMPORT, DYNAMIC_IMPORT]
    .flatMap((pattern) => [...code.matchAll(pattern)])
    .map(([, specifier = '']) => {
      if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier);
      const alias = ALIASES.find(([from]) => from.test(specifier));
      return alias === undefined ? specifier : specifier.replace(...alias);
    });
}

function importBreaches(path: string, targets: string[], files: Map<string, string>): string[] {
  const rule = RULES.find(({ folder }) => isWithin(path, folder));
  if (rule === undefined) return [];
  const { folder, paths, packages } = rule;
  const top = /^(worker|probes|dashboards|test|latchkey\.config\.ts|\.ci)(\/|$)/;
  return targets
    .filter((target) => {
      if (files.has(target) || top.test(target)) {
        return ![folder, ...paths].some((allowed) => isWithin(target, allowed));
      }
      return packages !== undefined && !packages.some((name) => isWithin(target, name));
    })
    .map((target) => `${path}: ${folder} may not import ${target}`);
}

/** One line per cycle, which starts at its alphabetically first file. */
function cyclesOf(graph: Map<string, string[]>): string[] {
  const done = new Set<string>();
  const cycles = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) {
      const cycle = trail.slice(seenAt);
      const first = cycle.indexOf(cycle.toSorted()[0] ?? path);
      cycles.add([...cycle.slice(first), ...cycle.slice(0, first), cycle[first]].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return [...cycles].map((cycle) => `import cycle: ${cycle}`);
}

/**
 * Backticked paths of a README that lead nowhere, read from the root or from the README's own folder. A bare file name
 * may stand for any file of that name, and `my-…` for one that the reader is about to make.
 */
function deadPaths(readme: string, text: string, files: Map<string, string>): string[] {
  const exists = (path: string): boolean =>
    [...files.keys()].some((file) => isWithin(file, path) || posix.basename(file) === path);
  return [...text.matchAll(/`([\w.@-]+(?:\/[\w.@-]+)*)\/?`/g)]
    .map(([, path = '']) => path)
    .filter((path) => /^(worker|probes|dashboards|test|\.ci)\//.test(path) || /\.(tsx?|mjs|toml)$/.test(path))
    .filter((path) => !posix.basename(path).startsWith('my-'))
    .filter((path) => !exists(path) && !exists(posix.join(posix.dirname(readme), path)))
    .map((path) => `${readme}: \`${path}\` does not exist`);
}

/**
 * Every breach of the shape of this repository, one line each, naming the file: forbidden imports, cycles, file names
 * that say nothing, a clock or chance in core, READMEs that name missing files, paths of somebody's machine.
 * `files` maps each path from the root (with `/`) to its text. Reads nothing else.
 */
export function breachesOf(files: Map<string, string>): string[] {
  const breaches: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, text] of files) {
    if (MACHINE_PATH.test(text)) breaches.push(`${path}: holds a path of one machine`);
    if (posix.basename(path) === 'README.md') breaches.push(...deadPaths(path, text, files));
    if (!SOURCE.test(path)) continue;
    if (BANNED_NAME.test(posix.basename(path)))
      breaches.push(`${path}: a name that says nothing; name the thing in it`);
    const targets = importsOf(path, text);
    breaches.push(...importBreaches(path, targets, files));
    graph.set(
      path,
      targets.filter((target) => files.has(target)),
    );
    if (isWithin(path, 'worker/core')) {
      for (const [found] of withoutComments(text).matchAll(CLOCK_OR_CHANCE)) {
        breaches.push(`${path}: ${found} in core, which takes time and chance as arguments`);
      }
    }
  }
  return [...breaches, ...cyclesOf(graph)];
}
