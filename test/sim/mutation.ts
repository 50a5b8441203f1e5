import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutants.ts';

const ROOT = new URL('../../', import.meta.url);

/**
 * From now on this thread loads the mutant's file with its change; the file must not have been loaded before. The returned
 * function throws when it has not been loaded since: the mutant would have been no mutant. A `find` that does not occur
 * exactly once fails the loading.
 */
export function loadMutated({ name, file, find, replace }: Mutant): () => void {
  const target = new URL(file, ROOT).href;
  let isLoaded = false;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (url !== target) return loaded;
      const source = textOf(loaded.source);
      const parts = source.split(find);
      if (parts.length !== 2)
        throw new Error(
          `mutant “${name}”: expected its text once in ${fileURLToPath(target)}, found it ${parts.length - 1} times`,
        );
      isLoaded = true;
      return { ...loaded, source: parts.join(replace) };
    },
  });
  return () => {
    if (!isLoaded) throw new Error(`mutant “${name}”: ${file} was not loaded`);
  };
}

function textOf(source: unknown): string {
  if (typeof source === 'string') return source;
  if (source instanceof Uint8Array) return new TextDecoder().decode(source);
  throw new TypeError('expected the source of a module, got none');
}
