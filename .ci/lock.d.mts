type Ranges = Record<string, string>;

export type Entry = {
  version?: string;
  resolved?: string;
  dependencies?: Ranges;
  optionalDependencies?: Ranges;
  devDependencies?: Ranges;
  peerDependencies?: Ranges;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
};

export type Lock = { lockfileVersion: number; packages: Record<string, Entry> };

export type Manifest = {
  dependencies?: Ranges;
  devDependencies?: Ranges;
  optionalDependencies?: Ranges;
  overrides?: Record<string, unknown>;
};

export declare function lockProblems(lock: Lock, manifest: Manifest): string[];
