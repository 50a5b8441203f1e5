import type { Measurement, Report, Target } from './benchmark.ts';

/** A report as people read it: a line for each figure, its target beside it, and the notes below. */
export function tableOf(report: Report, notes: Measurement['notes']): string {
  const rows = Object.entries(report.figures).map(([name, value]) => {
    const target = report.targets[name];
    return [name, String(value), target === undefined ? '' : `${wordsOf(target)}, ${met(value, target)}`];
  });
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(([name = '', value = '', target = '']) =>
    `  ${name.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)}  ${target}`.trimEnd(),
  );
  return [
    `${report.name}: ${report.runs} runs on ${report.machine}`,
    '',
    ...lines,
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `  ${note}`)]),
  ].join('\n');
}

function wordsOf(target: Target): string {
  return 'max' in target ? `target at most ${target.max}` : `target at least ${target.min}`;
}

function met(value: number, target: Target): string {
  return ('max' in target ? value <= target.max : value >= target.min) ? 'met' : 'missed';
}
