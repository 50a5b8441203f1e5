import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorCode, errorText } from './log.ts';

/** Where Node says a mistake is: the head of a syntax error's stack, or the first place outside of Node in a stack. */
const HEAD = /^(\/|file:\/\/)\S*:\d+$/;
const PLACE = /(file:\/\/\S+?:\d+):\d+/;

/**
 * Why the file at `path` (absolute) could not be imported, for the person who wrote it: that it is not there, or the
 * error and the file and line it is at.
 */
export function loadProblem(path: string, error: unknown): string {
  const text = errorText(error).replace(/^ERR_\w+: /, '');
  if (!(error instanceof Error)) return text;
  // The same error comes of a file that imports one that is not there.
  if (errorCode(error) === 'ERR_MODULE_NOT_FOUND' && !existsSync(path)) return 'there is no such file';
  const lines = (error.stack ?? '').split('\n');
  const head = HEAD.test(lines[0] ?? '') ? lines[0] : undefined;
  const place = head ?? lines.map((line) => PLACE.exec(line)?.[1]).find((found) => found !== undefined);
  return place === undefined ? text : `${text}, at ${readable(place)}`;
}

function readable(place: string): string {
  const [, url = '', line = ''] = /^(.*):(\d+)$/.exec(place) ?? [];
  return `${url.startsWith('file:') ? fileURLToPath(url) : url}:${line}`;
}
