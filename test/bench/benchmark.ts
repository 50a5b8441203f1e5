/** One benchmark. It reports and never judges: a missed target is a figure like any other, only an error rejects. */
export interface Benchmark {
  /** For `--help`: what is measured, beside what. */
  readonly summary: string;
  /** What `--runs` counts, e.g. "login runs of each contender". */
  readonly runsMean: string;
  readonly runsDefault: number;
  /** What `--only` can choose from; absent when it is all or nothing. */
  readonly parts?: readonly string[];
  /** `say` is for progress, one line each, and goes to stderr. */
  readonly measure: (options: MeasureOptions) => Promise<Measurement>;
}

export interface MeasureOptions {
  readonly runs: number;
  /** Those of `parts` that are to run; absent: all of them. */
  readonly only?: readonly string[];
  readonly say: (line: string) => void;
  /** Aborted by SIGINT and SIGTERM: whatever was started is stopped, and `measure` rejects. */
  readonly signal: AbortSignal;
}

export interface Measurement {
  /** How often the rarest of the figures was taken. */
  readonly runs: number;
  /** Units last in the names; a ratio says to what. */
  readonly figures: Readonly<Record<string, number>>;
  /** By the name of the figure. */
  readonly targets: Readonly<Record<string, Target>>;
  /** What a person must know to read the figures; in the table only. */
  readonly notes: readonly string[];
}

export type Target = { readonly max: number } | { readonly min: number };

/** What `--json` prints (DESIGN section 8). */
export interface Report extends Pick<Measurement, 'runs' | 'figures' | 'targets'> {
  readonly name: string;
  readonly machine: string;
}
