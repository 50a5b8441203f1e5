import { readFile, stat } from 'node:fs/promises';

/** A file of secrets that cannot be read; the message names the line, never what is on it. */
export class EnvFileError extends Error {
  override readonly name = 'EnvFileError';
}

/** What a file of secrets holds; `exposed` is whether others on this machine may read it. */
export type EnvFile = { values: Record<string, string>; exposed: boolean };

/**
 * Reads `KEY=VALUE` lines; blank ones and those that begin with `#` are skipped, quotes around a value are taken off.
 * Rejects with `EnvFileError`.
 */
export async function readEnvFile(path: string): Promise<EnvFile> {
  try {
    const [text, { mode }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    return { values: valuesOf(path, text), exposed: (mode & 0o077) !== 0 };
  } catch (error) {
    if (error instanceof EnvFileError) throw error;
    throw new EnvFileError(`${path}: cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function valuesOf(path: string, text: string): Record<string, string> {
  const entries = text.split(/\r?\n/).flatMap((line, index): [string, string][] => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(trimmed);
    if (match?.[1] === undefined) throw new EnvFileError(`${path}: line ${index + 1}: expected KEY=VALUE`);
    return [[match[1], unquoted(match[2] ?? '')]];
  });
  return Object.fromEntries(entries);
}

function unquoted(value: string): string {
  return /^(["']).*\1$/.exec(value) ? value.slice(1, -1) : value;
}
