// The npm packages, and with them the Node that runs everything else.
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { run, step, tail } from './command.mjs';
import { lockProblems } from './lock.mjs';

/** npm ci takes 20 s with a near registry; a slow line may need many times that for 250 MB. */
const INSTALL_TIMEOUT_MS = 15 * 60_000;
/** The first Node that runs .ts files without a flag. */
const NODE_MIN = [22, 18];

const bin = (root) => join(root, 'node_modules', '.bin');

/** @param {string} file @returns {Record<string, any>} the packages of a lock file; none when there is no such file */
function packagesOf(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}

/**
 * Does node_modules hold what the lock says? Reads npm's own record of what it put there, which npm writes last, so a
 * half-done install does not count. Packages for other platforms may be absent, the Node of this platform may not.
 * @param {string} root
 * @returns {boolean}
 */
export function dependenciesAreCurrent(root) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  const same = (path) =>
    wanted[path]?.version === present[path]?.version && wanted[path]?.integrity === present[path]?.integrity;
  const forThisMachine = ({ os, cpu }) => os?.includes(process.platform) && cpu?.includes(process.arch);
  const ours = Object.keys(wanted['']?.optionalDependencies ?? {}).map((name) => `node_modules/${name}`);
  return (
    Object.keys(present).every((path) => same(path)) &&
    ours.every((path) => same(path) || !forThisMachine(wanted[path] ?? {})) &&
    Object.entries(wanted).every(
      ([path, { optional, devOptional, peer }]) =>
        path === '' || same(path) || (!(path in present) && (optional || devOptional || peer)),
    )
  );
}

/**
 * The machine's own npm must install: the Node in node_modules is removed while it does, and with that Node first on
 * PATH npm would look for its global configuration in node_modules.
 * @param {string} root
 */
function machineEnv(root) {
  const env = { ...process.env };
  const inside = (path) => path !== undefined && `${path}${sep}`.startsWith(join(root, 'node_modules') + sep);
  const pathName = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  env[pathName] = (env[pathName] ?? '')
    .split(delimiter)
    .filter((folder) => !inside(folder))
    .join(delimiter);
  for (const [name, value] of Object.entries(env)) {
    if (/^(npm_config_(prefix|globalconfig)|npm_node_execpath|node)$/i.test(name) && inside(value))
      delete env[name];
  }
  return env;
}

/**
 * `npm ci`, quiet unless it fails.
 * @param {string} root
 * @throws when npm fails; the message holds the end of its output
 */
export async function installDependencies(root) {
  const logFile = join(root, '.latchkey', 'setup-npm.log');
  // The level is named because `npm run --silent` hands its own down, and then a failure would be silent too.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=warn'];
  const options = { timeoutMs: INSTALL_TIMEOUT_MS, logFile, cwd: root, env: machineEnv(root) };
  const result = await step('installing dependencies', () => run('npm', args, options));
  if (result.ok) return;
  // npm explains a lock that does not fit by a page of usage; the lock check does it in a line each.
  const read = (name) => JSON.parse(readFileSync(join(root, name), 'utf8'));
  const problems = lockProblems(read('package-lock.json'), read('package.json'));
  const output = result.output.replace(/^npm warn .*\n/gm, '');
  const why = problems.length > 0 ? problems.join('\n') : `the end of ${logFile}:\n${tail(output)}`;
  throw new Error(`npm ci failed (${result.reason}); ${why}`);
}

/** @param {string} version e.g. v24.21.0 */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

/** Will npm scripts find a Node that is new enough? Looks at files only. @param {string} root */
export function nodeIsCurrent(root) {
  return existsSync(join(bin(root), 'node')) || isNewEnough(process.version);
}

/**
 * The Node that npm scripts will run: the one in node_modules, else the machine's.
 * @param {string} root
 * @returns {Promise<string>} its path
 * @throws when there is none that is new enough
 */
export async function findNode(root) {
  const ours = join(bin(root), 'node');
  const need = `Latchkey needs Node ${NODE_MIN.join('.')} or newer`;
  if (!existsSync(ours)) {
    if (isNewEnough(process.version)) return process.execPath;
    throw new Error(
      `${need}; this is ${process.version}, and npm brings a newer one only on Linux (x64, arm64): install Node 24.`,
    );
  }
  const result = await run(ours, ['--version'], { timeoutMs: 20_000 });
  if (result.ok && isNewEnough(result.output.trim())) return ours;
  throw new Error(
    `${need}; ${ours} --version gave "${result.output.trim()}" (${result.reason}). ` +
      'It needs glibc 2.35 or newer (Debian 12, Ubuntu 22.04); remove node_modules and start again, or install Node 24 yourself.',
  );
}
