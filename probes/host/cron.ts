/** The five fields of a cron expression and their bounds. Cloudflare counts days of the week from 1, Sunday. */
const FIELDS = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of the month', min: 1, max: 31, names: [] },
  {
    name: 'month',
    min: 1,
    max: 12,
    names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  },
  { name: 'day of the week', min: 1, max: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
] as const;
type Field = (typeof FIELDS)[number];

/** When an expression is due: the values each field allows. */
export type Cron = { expression: string; allowed: ReadonlySet<number>[] };

/**
 * Reads a cron expression of numbers, names, `*`, lists, ranges and steps; all times UTC.
 * @throws naming the field for anything else, such as `L` and `W`
 */
export function parseCron(expression: string): Cron {
  const texts = expression.trim().split(/\s+/);
  if (texts.length !== FIELDS.length)
    throw new Error(`cron “${expression}”: expected ${FIELDS.length} fields, got ${texts.length}`);
  const allowed = FIELDS.map((field, index) => {
    const values = (texts[index] ?? '').split(',').map((part) => valuesOf(field, part));
    const wrong = values.indexOf(undefined);
    if (wrong >= 0) throw new Error(`cron “${expression}”: ${field.name} cannot be “${texts[index]}”`);
    return new Set(values.flatMap((part) => part ?? []));
  });
  return { expression, allowed };
}

/** Whether an expression is due in the minute of `timeMs` (epoch ms). */
export function isDue(cron: Cron, timeMs: number): boolean {
  const time = new Date(timeMs);
  const now = [
    time.getUTCMinutes(),
    time.getUTCHours(),
    time.getUTCDate(),
    time.getUTCMonth() + 1,
    time.getUTCDay() + 1,
  ];
  return cron.allowed.every((values, index) => values.has(now[index] ?? Number.NaN));
}

function valuesOf(field: Field, part: string): number[] | undefined {
  const match = /^(?:\*|(\w+)(?:-(\w+))?)(?:\/(\d{1,2}))?$/.exec(part);
  if (!match) return undefined;
  const [, fromText, toText, stepText] = match;
  const step = stepText === undefined ? 1 : Number(stepText);
  const from = fromText === undefined ? field.min : numberOf(field, fromText);
  const openEnd = fromText === undefined || stepText !== undefined ? field.max : from;
  const to = toText === undefined ? openEnd : numberOf(field, toText);
  if (from === undefined || to === undefined || to < from || step < 1) return undefined;
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

function numberOf(field: Field, text: string): number | undefined {
  const named = (field.names as readonly string[]).indexOf(text.toUpperCase());
  const value = named >= 0 ? field.min + named : Number(text);
  return Number.isInteger(value) && value >= field.min && value <= field.max ? value : undefined;
}
