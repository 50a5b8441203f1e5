// Is package-lock.json complete? `node .ci/lock.mjs [FILE]` says so offline, exit 1 and one line per gap.
// npm writes a lock without the platform packages its registry does not carry, and only `npm ci` refuses it later
// ("Missing: … from lock file"), on every machine, or worse only on the machines of that platform.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @import { Entry, Lock, Manifest } from './lock.d.mts' */

const EXACT_VERSION = /^\d+\.\d+\.\d+(-[\w.-]+)?$/;

/** Folders in which npm looks for a dependency of the package at `path`, nearest first. @param {string} path */
function placesAbove(path) {
  const places = [];
  for (let at = path; at !== '';) {
    const cut = at.lastIndexOf('node_modules/');
    places.push(at.slice(0, cut));
    at = at.slice(0, Math.max(0, cut - 1));
  }
  return places.length === 0 ? [''] : places;
}

/**
 * The entry that `name`, asked for by the package at `path`, resolves to; undefined when there is none.
 * @param {Record<string, Entry>} packages
 * @param {string} path
 * @param {string} name
 */
function entryFor(packages, path, name) {
  const own = path === '' ? [] : [`${path}/`];
  const place = [...own, ...placesAbove(path)].find((folder) => packages[`${folder}node_modules/${name}`]);
  return place === undefined ? undefined : packages[`${place}node_modules/${name}`];
}

/** @param {Entry} entry @param {boolean} isRoot @returns {[kind: string, ranges: Record<string, string>][]} */
function asksOf(entry, isRoot) {
  const peers = Object.entries(entry.peerDependencies ?? {}).filter(
    ([name]) => entry.peerDependenciesMeta?.[name]?.optional !== true,
  );
  return [
    ['dependency', entry.dependencies ?? {}],
    ['optional dependency', entry.optionalDependencies ?? {}],
    ['peer dependency', Object.fromEntries(peers)],
    ['development dependency', isRoot ? (entry.devDependencies ?? {}) : {}],
  ];
}

/**
 * Everything that would make `npm ci` refuse the lock, or that ties it to one registry; empty when it is complete.
 * Ranges other than exact versions are left to npm.
 * @param {Lock} lock the parsed package-lock.json
 * @param {Manifest} manifest the parsed package.json
 * @returns {string[]}
 */
export function lockProblems(lock, manifest) {
  if (lock.lockfileVersion !== 3) {
    return [`package-lock.json: expected lockfileVersion 3, got ${lock.lockfileVersion}`];
  }
  const { packages } = lock;
  const overridden = new Set(Object.keys(manifest.overrides ?? {}));
  const problems = [];
  for (const kind of /** @type {const} */ (['dependencies', 'devDependencies', 'optionalDependencies'])) {
    const locked = packages['']?.[kind] ?? {};
    for (const name of new Set([...Object.keys(locked), ...Object.keys(manifest[kind] ?? {})])) {
      const [want, have] = [manifest[kind]?.[name], locked[name]];
      if (want !== have) {
        problems.push(
          `${name}: package.json asks for ${want ?? 'none'} in ${kind}, the lock for ${have ?? 'none'}`,
        );
      }
    }
  }
  for (const [path, entry] of Object.entries(packages)) {
    const asker =
      path === '' ? 'package.json' : path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (/^[a-z+]+:\/\//.test(entry.resolved ?? '')) {
      problems.push(
        `${asker}: "resolved" names a registry host; lock with omit-lockfile-registry-resolved=true`,
      );
    }
    for (const [kind, ranges] of asksOf(entry, path === '')) {
      for (const [name, range] of Object.entries(ranges)) {
        const found = entryFor(packages, path, name);
        const wrongVersion = EXACT_VERSION.test(range) && !overridden.has(name) && found?.version !== range;
        if (found === undefined) {
          problems.push(`${name}@${range}: missing from the lock, ${kind} of ${asker}`);
        } else if (wrongVersion) {
          problems.push(`${name}@${range}: the lock has ${found.version} here, ${kind} of ${asker}`);
        }
      }
    }
  }
  return problems;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = new URL('../', import.meta.url);
  const lock = JSON.parse(readFileSync(process.argv[2] ?? new URL('package-lock.json', root), 'utf8'));
  const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  const problems = lockProblems(lock, manifest);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`package-lock.json is complete: ${Object.keys(lock.packages).length - 1} packages`);
}
