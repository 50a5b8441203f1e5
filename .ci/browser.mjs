// The Chromium that the probes drive: found, downloaded or installed, and written down in .latchkey/browser.json.
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { installPackages, rootPrefix, whyNoInstalling } from './apt.mjs';
import { run, say, step } from './command.mjs';

/** Names on PATH; the headless shell first: it needs a third of the CPU of the whole browser. */
const NAMES = [
  'chromium-headless-shell',
  'chrome-headless-shell',
  'chromium',
  'google-chrome-stable',
  'google-chrome',
  'chromium-browser',
];
const USUAL_PLACES = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const DEBIAN_PACKAGE = 'chromium-headless-shell';

const VERSION_TIMEOUT_MS = 20_000;
const DOWNLOAD_TIMEOUT_MS = 10 * 60_000;
/** Playwright prints a line at each tenth of ~110 MB, so this asks for 3 Mbit/s; a closed network shows no tenth. */
const DOWNLOAD_SILENCE_MS = 30_000;
const DOWNLOAD_PROGRESS = /\d% of/;
/** Per try, of which Playwright makes three. */
const DOWNLOAD_CONNECT_TIMEOUT_MS = 5_000;

/** @typedef {{ executablePath: string, version: string, source: 'env' | 'playwright' | 'system' | 'debian', playwright: string }} Browser */

const recordFile = (root) => join(root, '.latchkey', 'browser.json');

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(error.code)) return false;
    throw error;
  }
}

/** @param {string} root @returns {string} the installed Playwright's version: another one may want another browser */
function playwrightVersion(root) {
  return JSON.parse(readFileSync(join(root, 'node_modules', 'playwright', 'package.json'), 'utf8')).version;
}

/**
 * Is the recorded browser still there, and still the answer? Looks at files only.
 * @param {string} root
 */
export function browserIsCurrent(root) {
  if (!existsSync(recordFile(root))) return false;
  /** @type {Browser} */
  const { executablePath, source, playwright } = JSON.parse(readFileSync(recordFile(root), 'utf8'));
  const asked = process.env.LATCHKEY_CHROMIUM;
  const stillAsked = asked === undefined ? source !== 'env' : asked === executablePath;
  return stillAsked && playwright === playwrightVersion(root) && isExecutable(executablePath);
}

/**
 * Starts a browser far enough to print its version, which shows missing libraries and Ubuntu's empty shells.
 * @param {string} executablePath
 * @returns {Promise<{ version: string } | { problem: string }>}
 */
async function tryOut(executablePath) {
  if (!isExecutable(executablePath)) return { problem: `${executablePath} is not an executable file` };
  const { ok, reason, output } = await run(executablePath, ['--version'], { timeoutMs: VERSION_TIMEOUT_MS });
  const version = /\d+(\.\d+){3}/.exec(output)?.[0];
  if (ok && version !== undefined) return { version };
  return {
    problem: `${executablePath} --version: ${reason}, ${output.trim().split('\n').at(-1) || 'no output'}`,
  };
}

/**
 * Playwright's own browser where it has been downloaded; its folder is Playwright's to name.
 * @returns {Promise<string | undefined>}
 */
async function playwrightShell(node, cli) {
  const { output } = await run(node, [cli, 'install', '--dry-run', '--only-shell', 'chromium'], {
    timeoutMs: 60_000,
  });
  const folder = /Install location:\s+(.*headless_shell.*)/.exec(output)?.[1]?.trim();
  // Playwright leaves this file when a download is whole.
  if (folder === undefined || !existsSync(join(folder, 'INSTALLATION_COMPLETE'))) return undefined;
  const files = readdirSync(folder, { recursive: true }).map(String);
  const name = files.find((file) => /(^|[\\/])(chrome-headless-shell|headless_shell)(\.exe)?$/.test(file));
  return name === undefined ? undefined : join(folder, name);
}

/** @returns {string[]} what is on PATH and in the usual places, best first */
function systemCandidates() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...new Set([...onPath, ...USUAL_PLACES])].filter((file) => isExecutable(file));
}

/**
 * Finds or installs a Chromium. The order: LATCHKEY_CHROMIUM, Playwright's own, one that is already there, Debian's.
 * @param {string} root
 * @param {string} node the Node that can run Playwright
 * @returns {Promise<Omit<Browser, 'playwright'>>}
 * @throws with all that was tried when there is none
 */
async function findBrowser(root, node) {
  const asked = process.env.LATCHKEY_CHROMIUM;
  if (asked !== undefined) {
    const found = await tryOut(asked);
    if ('version' in found) return { executablePath: asked, version: found.version, source: 'env' };
    throw new Error(`LATCHKEY_CHROMIUM: expected a Chromium that starts; ${found.problem}`);
  }
  const tried = [];
  /** @param {string | undefined} executablePath @param {Browser['source']} source */
  const accept = async (executablePath, source) => {
    if (executablePath === undefined) return undefined;
    const found = await tryOut(executablePath);
    if ('version' in found) return { executablePath, version: found.version, source };
    tried.push(found.problem);
    return undefined;
  };

  const cli = join(root, 'node_modules', 'playwright', 'cli.js');
  let found = await accept(await playwrightShell(node, cli), 'playwright');
  if (found === undefined && process.env.PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD === undefined) {
    const { ok, reason } = await step("downloading Playwright's Chromium", () =>
      run(node, [cli, 'install', '--only-shell', 'chromium'], {
        timeoutMs: DOWNLOAD_TIMEOUT_MS,
        silenceMs: DOWNLOAD_SILENCE_MS,
        progress: DOWNLOAD_PROGRESS,
        logFile: join(root, '.latchkey', 'setup-playwright.log'),
        env: { PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: String(DOWNLOAD_CONNECT_TIMEOUT_MS), ...process.env },
      }),
    );
    if (!ok) {
      say(`Playwright's Chromium cannot be downloaded here (${reason}); looking for another`);
      tried.push(`playwright install: ${reason} (.latchkey/setup-playwright.log)`);
    }
    found = await accept(await playwrightShell(node, cli), 'playwright');
  }
  for (const candidate of systemCandidates()) found ??= await accept(candidate, 'system');
  if (found !== undefined) return found;

  const prefix = await rootPrefix();
  if (prefix === undefined) {
    tried.push(whyNoInstalling());
  } else {
    const logFile = join(root, '.latchkey', 'setup-apt.log');
    // The package brings a font with it (fontconfig-config depends on one).
    const outcome = await step(`installing Debian's ${DEBIAN_PACKAGE}`, () =>
      installPackages(prefix, [DEBIAN_PACKAGE], logFile),
    );
    tried.push(`apt-get install ${DEBIAN_PACKAGE}: ${outcome} (.latchkey/setup-apt.log)`);
    for (const candidate of systemCandidates()) found ??= await accept(candidate, 'debian');
    if (found !== undefined) return found;
  }
  throw new Error(
    `No Chromium to drive: install ${DEBIAN_PACKAGE} (Debian) or Google Chrome, or set LATCHKEY_CHROMIUM to the path ` +
      `of one. Tried:\n${tried.map((line) => `  - ${line}`).join('\n')}`,
  );
}

/**
 * Finds or installs a Chromium and records it for the probes.
 * @param {string} root
 * @param {string} node
 * @returns {Promise<Browser>}
 */
export async function setUpBrowser(root, node) {
  const browser = { ...(await findBrowser(root, node)), playwright: playwrightVersion(root) };
  const partial = `${recordFile(root)}.${process.pid}`;
  writeFileSync(partial, `${JSON.stringify(browser, null, 2)}\n`);
  renameSync(partial, recordFile(root));
  return browser;
}
