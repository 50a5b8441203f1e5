/** Terms of an SPF record that cost a lookup (RFC 7208 section 4.6.4), with the name they ask for where they tell one. */
const COSTLY = /^[+\-~?]?(?:(include|exists):(\S+)|(a|mx|ptr)(?:[:/]\S*)?|redirect=(\S+))$/i;

/** SPF as far as it can be told: `lookups` are at least so many. */
export type Spf = {
  /** Records that begin with `v=spf1`: more than one is an error. */
  policies: number;
  lookups: number;
};

/**
 * Counts the lookups an SPF policy asks for. `textsOf` gives the TXT records of a name that is included, or `undefined` where
 * they were not asked for: these count as the one lookup they cost at least. A name is followed once.
 */
export function spfOf(
  texts: readonly string[],
  textsOf: (name: string) => readonly string[] | undefined,
  followed: Set<string> = new Set(),
): Spf {
  const policies = texts.filter((text) => /^v=spf1(?: |$)/i.test(text));
  let lookups = 0;
  for (const term of policies[0]?.split(/ +/).slice(1) ?? []) {
    const match = COSTLY.exec(term);
    if (!match) continue;
    lookups += 1;
    const include = /^include$/i.test(match[1] ?? '') ? match[2] : match[4];
    const name = include?.toLowerCase().replace(/\.$/, '');
    if (name === undefined || followed.has(name)) continue;
    followed.add(name);
    const inner = textsOf(name);
    if (inner) lookups += spfOf(inner, textsOf, followed).lookups;
  }
  return { policies: policies.length, lookups };
}
