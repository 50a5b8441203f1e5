import { expect, it } from 'vitest';
import { exposition, type MetricFamily } from '#core/exposition.ts';

const family = (samples: MetricFamily['samples']): MetricFamily => ({
  name: 'latchkey_check_verdict',
  help: 'A line\nand a \\ in it.',
  type: 'gauge',
  samples,
});

it('writes help, type and values, one a line', () => {
  expect(
    exposition([family([{ labels: { check: 'login', verdict: 'up' }, value: 1 }, { value: 0.25 }])]),
  ).toBe(
    [
      '# HELP latchkey_check_verdict A line\\nand a \\\\ in it.',
      '# TYPE latchkey_check_verdict gauge',
      'latchkey_check_verdict{check="login",verdict="up"} 1',
      'latchkey_check_verdict 0.25',
      '',
    ].join('\n'),
  );
});

it('escapes what a label says, so that it cannot end it', () => {
  const text = exposition([family([{ labels: { channel: 'a"} 1\n# \\' }, value: 2 }])]);
  expect(text).toContain('{channel="a\\"} 1\\n# \\\\"} 2\n');
});

it('writes what is no number as Prometheus reads it', () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5e21];
  const text = exposition([family(values.map((value) => ({ value })))]);
  expect(text.match(/ (\S+)$/gm)?.slice(2)).toEqual([' NaN', ' +Inf', ' -Inf', ' 1.5e+21']);
});

it('leaves out a family that has no values', () => {
  expect(exposition([family([])])).toBe('');
});
