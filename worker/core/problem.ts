import type { z } from 'zod';

/** One thing wrong with an input: where, what was expected, and what came. */
export type Problem = { path: string; expected: string; received: string };

export type Parsed<T> = { ok: true; value: T } | { ok: false; problems: Problem[] };

/** Characters of a received value that are echoed back: enough to recognise it, never a whole body. */
const RECEIVED_CHARS_MAX = 80;

/** Problems told of one input: more than anybody mends at once. A hostile message can be wrong in 100,000 places. */
const PROBLEMS_MAX = 100;

/**
 * Parses `input` strictly and reports every problem at once (the first `PROBLEMS_MAX`), each with its path, what was
 * expected and what came. Never throws.
 */
export function parseWith<T>(schema: z.ZodType<T>, input: unknown): Parsed<T> {
  let result: z.ZodSafeParseResult<T>;
  try {
    result = schema.safeParse(input, { reportInput: true });
  } catch (error) {
    // The stack has ended: a recursive schema goes as deep as its input.
    if (!(error instanceof RangeError)) throw error;
    return { ok: false, problems: [{ path: '(root)', expected: 'less nesting', received: error.message }] };
  }
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, problems: firstProblems(result.error.issues, input) };
}

function firstProblems(issues: readonly z.core.$ZodIssue[], root: unknown): Problem[] {
  const problems: Problem[] = [];
  let hidden = 0;
  for (const issue of issues) {
    const found = issue.code === 'unrecognized_keys' ? issue.keys.length : 1;
    const told = Math.min(found, PROBLEMS_MAX - problems.length);
    if (told > 0) problems.push(...problemsOf(issue, root, told));
    hidden += found - told;
  }
  return hidden > 0
    ? [...problems, { path: '(and elsewhere)', expected: 'no more problems', received: `${hidden} more` }]
    : problems;
}

/** The problems as one text, a line each: `checks.login.interval: expected …, got …`. */
export function describeProblems(problems: readonly Problem[]): string {
  return problems
    .map((problem) => `${problem.path}: expected ${problem.expected}, got ${problem.received}`)
    .join('\n');
}

/** As `describeProblems`, without what came: for a log, where that may be what nobody else is to see. */
export function describeExpected(problems: readonly Problem[]): string {
  return problems.map(({ path, expected }) => `${path}: expected ${expected}`).join('\n');
}

function problemsOf(issue: z.core.$ZodIssue, root: unknown, keysMax: number): Problem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, keysMax).map((key) => ({
      path: pathText([...issue.path, key]),
      expected: 'no such key',
      received: show(valueAt(root, [...issue.path, key])),
    }));
  if (issue.code === 'invalid_key')
    return [{ path: pathText(issue.path), expected: expectedKey(issue), received: show(issue.path.at(-1)) }];
  // A union without a match carries the object around its discriminator as input; the path points at the value.
  const useInput = issue.input !== undefined && issue.code !== 'invalid_union';
  const received = useInput ? issue.input : valueAt(root, issue.path);
  return [{ path: pathText(issue.path), expected: expectedOf(issue), received: show(received) }];
}

function expectedKey(issue: z.core.$ZodIssueInvalidKey): string {
  return issue.issues.map((inner) => stripExpected(inner.message)).join('; ');
}

function expectedOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected;
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'too_small':
      return `at least ${issue.minimum}${sizeNoun(issue.origin)}`;
    case 'too_big':
      return `at most ${issue.maximum}${sizeNoun(issue.origin)}`;
    case 'invalid_union':
      return unionExpectation(issue);
    default:
      return stripExpected(issue.message);
  }
}

function unionExpectation(issue: z.core.$ZodIssueInvalidUnion): string {
  if ('options' in issue && Array.isArray(issue.options) && issue.options.length > 0)
    return issue.options.map((option) => JSON.stringify(option)).join(' or ');
  const branches = issue.errors.flatMap((branch) => branch.slice(0, 1).map((inner) => expectedOf(inner)));
  return branches.length > 0 ? [...new Set(branches)].join(' or ') : stripExpected(issue.message);
}

function sizeNoun(origin: string): string {
  if (origin === 'string') return ' characters';
  if (origin === 'array' || origin === 'set' || origin === 'map') return ' entries';
  return '';
}

function stripExpected(message: string): string {
  return message.replace(/^Invalid input: /, '').replace(/^expected /, '');
}

function pathText(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '(root)' : path.map(String).join('.');
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? `a ${typeof value}`;
  return text.length > RECEIVED_CHARS_MAX ? `${text.slice(0, RECEIVED_CHARS_MAX)}…` : text;
}
