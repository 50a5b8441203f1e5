// Installing Debian packages: as root or by sudo without a password, waiting for another apt, starting no service.
import { existsSync } from 'node:fs';
import { run } from './command.mjs';

const APT_TIMEOUT_MS = 10 * 60_000;

/**
 * A package brings its service, which its installation would start; 101 is "not allowed" (invoke-rc.d(8)). A policy that is
 * already there is somebody else's and stays as it is; ours is known by its second line, in case one was left behind.
 */
const INSTALL_QUIETLY = `
policy=/usr/sbin/policy-rc.d
mark='# latchkey: start no service'
if [ ! -e "$policy" ] || grep -qxF "$mark" "$policy"; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 143' INT TERM
  printf '#!/bin/sh\\n%s\\nexit 101\\n' "$mark" > "$policy"
  chmod 755 "$policy"
fi
apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@"
`;

/** @returns {Promise<string[] | undefined>} the words before a command that installs; undefined where we may not install */
export async function rootPrefix() {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) return undefined;
  if (process.getuid?.() === 0) return [];
  const { ok } = await run('sudo', ['-n', 'true'], { timeoutMs: 10_000 });
  return ok ? ['sudo', '-n'] : undefined;
}

/** Why `rootPrefix` gives none. @returns {string} */
export function whyNoInstalling() {
  return `apt-get: ${existsSync('/usr/bin/apt-get') ? 'needs root or passwordless sudo' : 'not here'}`;
}

/**
 * Installs packages without what they only recommend. Never throws.
 * @param {string[]} prefix of `rootPrefix`
 * @param {string[]} packages
 * @param {string} logFile
 * @returns {Promise<string>} `installed`, or what went wrong
 */
export async function installPackages(prefix, packages, logFile) {
  const asRoot = (...words) => {
    const [file = 'env', ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', ...words];
    return run(file, rest, { timeoutMs: APT_TIMEOUT_MS, logFile });
  };
  const install = () => asRoot('sh', '-c', INSTALL_QUIETLY, 'sh', ...packages);
  let result = await install();
  if (!result.ok) {
    // A fresh image has no package lists, an old one has lists that name what is gone.
    await asRoot('apt-get', '-o', 'DPkg::Lock::Timeout=120', 'update');
    result = await install();
  }
  const last = result.output.trim().split('\n').at(-1) ?? '';
  return result.ok ? 'installed' : `${result.reason}, ${last}`;
}
