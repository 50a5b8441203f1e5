import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CONFIG_HASH_CHARS, canonicalJson, parseConfig, type Config } from '#core/config.ts';
import { describeProblems } from '#core/problem.ts';
import { withDeadline } from './deadline.ts';
import { loadProblem } from './load-problem.ts';

/** Reading a file of definitions; one that waits for something is a mistake in it. */
const LOAD_DEADLINE_MS = 10_000;

/** What a probe runs. `directory` is what the journeys' paths are relative to. */
export type LoadedConfig = { config: Config; hash: string; directory: string };

/** A configuration that cannot be used; the message has all problems, a line each, and is for people. */
export class ConfigFileError extends Error {
  override readonly name = 'ConfigFileError';
}

/** Loads what a `latchkey.config.ts` exports as default. Rejects with `ConfigFileError`. */
export async function loadConfigFile(file: string): Promise<LoadedConfig> {
  const path = resolve(file);
  const input = await importDefault(path);
  const parsed = parseConfig(input);
  if (!parsed.ok) throw new ConfigFileError(`${file}:\n${describeProblems(parsed.problems)}`);
  return { config: parsed.value, hash: hashOf(input), directory: dirname(path) };
}

async function importDefault(path: string): Promise<unknown> {
  try {
    const url = pathToFileURL(path).href;
    const module = (await withDeadline(import(url), LOAD_DEADLINE_MS, `loading ${path}`)) as {
      default?: unknown;
    };
    return module.default;
  } catch (error) {
    throw new ConfigFileError(`${path}: cannot be loaded: ${loadProblem(path, error)}`, { cause: error });
  }
}

/** Hash of a configuration as written: first 12 hex digits of the SHA-256 of its canonical JSON. */
export function hashOf(input: unknown): string {
  return createHash('sha256').update(canonicalJson(input)).digest('hex').slice(0, CONFIG_HASH_CHARS);
}
