import { accessSync, constants, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { z } from 'zod';
import { errorCode } from '../log.ts';
import { OwnFault } from '../own-fault.ts';

/** Where set-up writes which browser it found, downloaded or installed. */
const RECORD_FILE = fileURLToPath(new URL('../../.latchkey/browser.json', import.meta.url));
const BrowserRecord = z.object({ executablePath: z.string().min(1) });

/** Usual places, the headless shell first: it needs a third of the CPU of the whole browser. */
const USUAL_PLACES = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/**
 * Path of the Chromium to drive: `LATCHKEY_CHROMIUM`, else what set-up recorded, else Playwright's own, else a usual
 * place. Throws `OwnFault` `browser-missing` saying what to do.
 */
export function findBrowserExecutable(
  env: Readonly<Record<string, string | undefined>>,
  recordFile = RECORD_FILE,
): string {
  const asked = env.LATCHKEY_CHROMIUM;
  if (asked) {
    if (isExecutable(asked)) return asked;
    throw new OwnFault('browser-missing', `LATCHKEY_CHROMIUM: expected an executable file, got ${asked}`);
  }
  const candidates = [recordedPath(recordFile), chromium.executablePath(), ...USUAL_PLACES];
  const found = candidates.find((path) => path !== undefined && path !== '' && isExecutable(path));
  if (found !== undefined) return found;
  throw new OwnFault(
    'browser-missing',
    'no Chromium found: run `node .ci/setup.mjs`, or install one (Debian: apt-get install chromium-headless-shell), or set LATCHKEY_CHROMIUM to its path',
  );
}

function recordedPath(recordFile: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(recordFile, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return BrowserRecord.parse(JSON.parse(text)).executablePath;
  } catch (error) {
    throw new OwnFault(
      'browser-missing',
      `${recordFile}: expected {"executablePath": …}, got something else; run \`node .ci/setup.mjs\``,
      { cause: error },
    );
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(errorCode(error) ?? '')) return false;
    throw error;
  }
}
