import { describe, expect, it } from 'vitest';
import { parseWith } from '#core/problem.ts';
import { MESSAGE_BYTES_MAX, ProbeMessage } from '#core/wire.ts';

describe('a hostile message', () => {
  it('nested beyond the stack is refused like any other, not thrown at whoever parses it', () => {
    const depth = 50_000;
    const steps = `${'{"steps":['.repeat(depth)}${']}'.repeat(depth)}`;
    const parsed = parseWith(
      ProbeMessage,
      JSON.parse(`{"type":"report","entries":[{"ageMs":0,"run":${steps}}]}`),
    );
    expect(parsed).toMatchObject({ ok: false, problems: [{ path: '(root)' }] });
  });

  it('wrong in a hundred thousand places gets an answer of a few, and the number of the others', () => {
    const keys = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key${index}`, 1]));
    const parsed = parseWith(ProbeMessage, { type: 'report', entries: [], ...keys });
    expect(JSON.stringify(parsed).length).toBeLessThan(MESSAGE_BYTES_MAX / 50);
    expect(parsed.ok ? undefined : parsed.problems.at(-1)?.received).toMatch(/^\d+ more$/);
  });
});
