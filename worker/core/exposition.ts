/** One value with its labels. */
export type Sample = { labels?: Record<string, string> | undefined; value: number };

/** Values of one name. `help`: one sentence. A `summary` has its quantiles in the label `quantile`. */
export type MetricFamily = {
  /** Ends in its unit; a counter's in `_total`. */
  name: string;
  help: string;
  type: 'gauge' | 'counter' | 'summary';
  samples: Sample[];
};

/** Content type of what `exposition` gives. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Metrics in Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats). A family without values is left out. */
export function exposition(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) =>
      [
        `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`,
        `# TYPE ${name} ${type}\n`,
        ...samples.map(({ labels, value }) => `${name}${labelsText(labels)} ${valueText(value)}\n`),
      ].join(''),
    )
    .join('');
}

function labelsText(labels: Record<string, string> = {}): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function valueText(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}
