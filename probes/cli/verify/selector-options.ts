import { parseWith } from '#core/problem.ts';
import { Selector } from '#core/deploy/selector.ts';

/** What the options of one side say. */
export type SelectorTexts = {
  header: string | undefined;
  cookie: string | undefined;
  url: string | undefined;
};

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
