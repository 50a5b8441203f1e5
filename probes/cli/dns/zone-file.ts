import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { readMasterFile, ZONE_CHARS_MAX, type MasterFile } from '#core/dns/zone/master-file.ts';
import { errorCode, errorText } from '../../log.ts';

/** A file that cannot be read, in a sentence. */
export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError';
}

/** The zone's name, when the file does not begin with it; where the path starts, and where shown ones do. */
export type ZoneFileOptions = { origin: string | undefined; directory: string; root: string };

/**
 * Reads a zone file and what it includes, which must be in the same folder or below: a zone that somebody sends in must not
 * show other files of this machine.
 * @throws UnreadableFileError when the file itself cannot be read
 */
export function readZoneFile(given: string, { origin, directory, root }: ZoneFileOptions): MasterFile {
  const path = resolve(directory, given);
  const folder = dirname(path);
  return readMasterFile(textOf(path, given), {
    file: shownPath(path, root),
    origin,
    include: (name) => {
      const included = resolve(folder, name);
      try {
        const isInside =
          isWithin(included, folder) && isWithin(realPath(included, name), realPath(folder, name));
        if (!isInside) return { error: `${name} is not in the folder of the zone file` };
        return { text: textOf(included, name), file: shownPath(included, root) };
      } catch (error) {
        if (!(error instanceof UnreadableFileError)) throw error;
        return { error: error.message };
      }
    },
  });
}

/** One character for each octet: what a zone file means by others is the reader's affair. */
function textOf(path: string, given: string): string {
  return reading(given, () => {
    const { size } = statSync(path);
    if (size > ZONE_CHARS_MAX)
      throw new UnreadableFileError(`${given}: expected at most ${ZONE_CHARS_MAX} octets, got ${size}`);
    return readFileSync(path, 'latin1');
  });
}

/** Links followed: one could lead out of the folder. */
function realPath(path: string, given: string): string {
  return reading(given, () => realpathSync(path));
}

function reading(given: string, read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnreadableFileError) throw error;
    throw new UnreadableFileError(`cannot read ${given}: ${errorCode(error) ?? errorText(error)}`);
  }
}

function isWithin(path: string, folder: string): boolean {
  const inside = relative(folder, path);
  return inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}

/** The path from `root` with slashes, as annotations of a repository want it; whole when it is elsewhere. */
export function shownPath(path: string, root: string): string {
  return (isWithin(path, root) ? relative(root, path) : path).split(sep).join('/');
}
