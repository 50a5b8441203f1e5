import type { Server } from '../asking/server.ts';

/** Items named in a sentence before “and 3 more”: a sentence is read at night. */
const NAMED_MAX = 6;

/** A server as sentences call it: by its name in the zone with its address, else by its URL. */
export function serverText({ title, url }: Pick<Server, 'title' | 'url'>): string {
  return title === undefined ? url : `${title} (${url})`;
}

/** `a, b and 3 more`. */
export function listText(items: readonly string[], namedMax = NAMED_MAX): string {
  if (items.length === 0) return 'none';
  if (items.length <= namedMax) return items.join(', ');
  return `${items.slice(0, namedMax).join(', ')} and ${items.length - namedMax} more`;
}

/** `1 server`, `2 servers`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Those that say the same, together, the most common first; equals in their order. */
export function grouped<T>(items: readonly T[], said: (item: T) => string): { said: string; items: T[] }[] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(said(item), [...(groups.get(said(item)) ?? []), item]);
  return [...groups]
    .map(([text, members]) => ({ said: text, items: members }))
    .toSorted((a, b) => b.items.length - a.items.length);
}
