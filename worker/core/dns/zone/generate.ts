import { ZoneTextError, type Entry, type Word } from './entry.ts';
import { quote } from './octet-text.ts';

/** Entries that one $GENERATE makes: an IPv4 /16. */
const GENERATED_MAX = 65_536;
const WIDTH_MAX = 60;

/**
 * The entries of BIND's `$GENERATE start-stop[/step] owner [ttl] [class] type data`, in which `$` is the number and
 * `${offset,width,base}` a form of it; `\$` and `$$` are a dollar sign. The data of several words may be in quotes.
 * @throws ZoneTextError when it is not of this form
 */
export function* generated({ line, words }: Entry): Generator<Entry> {
  const [, range, ...template] = words;
  const [, first, last, step = '1'] = /^(\d{1,9})-(\d{1,9})(?:\/(\d{1,9}))?$/.exec(range?.text ?? '') ?? [];
  if (first === undefined || last === undefined || Number(step) < 1 || Number(last) < Number(first))
    throw new ZoneTextError(
      line,
      `$GENERATE: expected a range such as 1-40, got ${quote(range?.text ?? '')}`,
    );
  if ((Number(last) - Number(first)) / Number(step) >= GENERATED_MAX)
    throw new ZoneTextError(
      line,
      `$GENERATE: expected at most ${GENERATED_MAX} records, got ${range?.text ?? ''}`,
    );
  if (template.length < 3)
    throw new ZoneTextError(line, '$GENERATE: expected a range, an owner, a type and data');
  const parts = unpacked(template);
  for (let number = Number(first); number <= Number(last); number += Number(step))
    yield {
      line,
      hasOwner: true,
      words: parts.map((word) => ({ ...word, text: filled(word, number) })),
    };
}

/** Data that is one text in quotes with spaces stands for its words: that is how BIND takes `MX "0 mail-$"`. */
function unpacked(template: readonly Word[]): Word[] {
  const data = template.at(-1);
  if (!data?.quoted || !data.text.includes(' ') || template.at(-2)?.quoted === true) return [...template];
  const words = data.text.split(' ').filter((text) => text !== '');
  return [...template.slice(0, -1), ...words.map((text) => ({ text, quoted: false, line: data.line }))];
}

function filled({ text, line }: Word, number: number): string {
  return text.replaceAll(/\\.|\$\$|\$(?:\{([^}]*)\})?/gs, (found: string, form: string | undefined) => {
    if (found === '\\$' || found === '$$') return '$';
    if (found.startsWith('\\')) return found;
    return form === undefined ? String(number) : formed(number, form, line);
  });
}

function formed(number: number, form: string, line: number): string {
  const [, offset, width = '0', base = 'd'] =
    /^([+-]?\d{1,9})(?:,(\d{1,2})(?:,([doxX]))?)?$/.exec(form) ?? [];
  const value = number + Number(offset);
  if (offset === undefined || Number(width) > WIDTH_MAX || value < 0)
    throw new ZoneTextError(
      line,
      `$GENERATE: expected a form such as \${0,3,d}, got ${quote(`\${${form}}`)}`,
    );
  const radix = base === 'o' ? 8 : base === 'd' ? 10 : 16;
  const digits = value.toString(radix).padStart(Number(width), '0');
  return base === 'X' ? digits.toUpperCase() : digits;
}
