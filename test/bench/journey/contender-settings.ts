/** What a contender is told, by environment: it runs in a process of its own. */
export interface ContenderSettings {
  /** Of the portal. */
  readonly baseUrl: string;
  /** The Chromium that all drive. */
  readonly executablePath: string;
  /** For what it leaves behind. */
  readonly outputFolder: string;
}

const NAMES = {
  baseUrl: 'LATCHKEY_BENCH_PORTAL',
  executablePath: 'LATCHKEY_BENCH_CHROMIUM',
  outputFolder: 'LATCHKEY_BENCH_OUTPUT',
} as const;

/** The environment that says so. */
export function contenderEnv(settings: ContenderSettings): Record<string, string> {
  return Object.fromEntries(
    (Object.keys(NAMES) as (keyof typeof NAMES)[]).map((key) => [NAMES[key], settings[key]]),
  );
}

/** Reads them again in the contender. Throws naming what is missing. */
export function contenderSettings(): ContenderSettings {
  const read = (key: keyof typeof NAMES): string => {
    const value = process.env[NAMES[key]];
    if (value === undefined) throw new Error(`${NAMES[key]}: expected to be set by the benchmark`);
    return value;
  };
  return {
    baseUrl: read('baseUrl'),
    executablePath: read('executablePath'),
    outputFolder: read('outputFolder'),
  };
}
