import { parseWith } from '#core/problem.ts';
import { Selector } from '#core/deploy/service/selector.ts';

/** What the options of one side say. */
export type SelectorTexts = {
  header: string | undefined;
  cookie: string | undefined;
  url: string | undefined;
};

/**
 * What an environment says of one side, such as `LATCHKEY_CANARY_HEADER`: a value that is a secret has no place in a command
 * line, which every user of the machine can see. An option for the same side goes before.
 */
export function selectorTexts(
  side: 'canary' | 'baseline',
  options: SelectorTexts,
  env: Readonly<Record<string, string | undefined>>,
): SelectorTexts {
  if (Object.values(options).some((text) => text !== undefined)) return options;
  const of = (kind: keyof SelectorTexts): string | undefined =>
    env[`LATCHKEY_${side}_${kind}`.toUpperCase()] || undefined;
  return { header: of('header'), cookie: of('cookie'), url: of('url') };
}

/** The variables that `selectorTexts` reads. */
export const SELECTOR_VARIABLES = ['CANARY', 'BASELINE'].flatMap((side) =>
  ['HEADER', 'COOKIE', 'URL'].map((kind) => `LATCHKEY_${side}_${kind}`),
);

/**
 * The selector that `--canary-…` or `--baseline-…` names, none, or a sentence about what is wrong. A value may be a secret,
 * and a pipeline's log is read by many: no sentence has one.
 */
export function selectorOf(side: 'canary' | 'baseline', texts: SelectorTexts): Selector | string | undefined {
  const given = (['header', 'cookie', 'url'] as const).filter((kind) => texts[kind] !== undefined);
  const [kind, another] = given;
  if (kind === undefined) return undefined;
  if (another !== undefined)
    return `--${side}-${kind} and --${side}-${another}: expected one way to reach the ${side}`;
  const input = inputOf(kind, texts[kind] ?? '');
  if (typeof input === 'string') return `--${side}-${kind}: expected ${input}`;
  const parsed = parseWith(Selector, input);
  if (parsed.ok) return parsed.value;
  return parsed.problems
    .map(({ path, expected }) => `--${side}-${kind}: ${path}: expected ${expected}`)
    .join('\n');
}

/** The selector as an announcement has it, unchecked, or what was expected. */
function inputOf(kind: Selector['kind'], text: string): object | string {
  switch (kind) {
    case 'header': {
      const at = text.indexOf(':');
      if (at < 1) return "'NAME: VALUE', such as 'x-canary: 1'";
      return { kind, name: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
    }
    case 'cookie': {
      const at = text.indexOf('=');
      if (at < 1) return 'NAME=VALUE, such as canary=1';
      return { kind, name: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
    }
    case 'url': {
      const [url = '', name] = text.split('#', 2);
      return { kind, url, ...(name === undefined ? {} : { var: name }) };
    }
  }
}
