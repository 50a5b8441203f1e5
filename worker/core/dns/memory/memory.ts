import type { RangeSet } from '../contract/allow-list.ts';
import type { Measured } from '../findings/evidence.ts';

/** What a check remembers of its runs in one region. Times are the hub's, epoch ms. */
export type RegionMemory = {
  /** Its last run, and the one before. */
  lastMs: number;
  previousMs?: number | undefined;
  /** Answers with addresses that it has had. */
  answers: number;
  outage?: Outage | undefined;
};

/** The authorities did not answer a region, or its resolvers have not got over it. */
export type Outage = {
  sinceMs: number;
  /** When all authorities answered again. */
  overMs?: number | undefined;
  /** Resolvers that gave SERVFAIL meanwhile and have ever since. */
  failing: string[];
};

/** An address that answers have had: U(W) of C2 is made of these (reference: dns, section 1.3). */
export type SeenAddress = {
  address: string;
  firstMs: number;
  lastMs: number;
  /** By region: how many answers that had had when it last saw the address. */
  seen: Record<string, number>;
};

/** The union of answers over time and regions. */
export type Pool = {
  sinceMs: number;
  /** The most addresses in one answer, of the last run with any. */
  perAnswer: number;
  addresses: SeenAddress[];
  /** Answers over time, oldest first, in steps of the window. */
  counts: { fromMs: number; answers: number }[];
};

/** One content of the published file, known by its ranges: dates alone make no other. */
export type FileVersion = {
  fingerprint: string;
  publishedAtMs?: number | undefined;
  firstSeenMs: number;
  /** It came without a later date than the one before. */
  undated?: true | undefined;
  /** Of the newest: since when no copy has had it. */
  goneSinceMs?: number | undefined;
};

/** How the file last was in one region under one URL. */
export type FileCopy = { failingSinceMs: number; error: string };

/** The published file over time. */
export type FileMemory = {
  /** URLs, sorted, and service it is about: others begin anew. */
  of: { urls: string[]; service?: string | undefined };
  /** The newest content, and those before it, latest first. */
  current?: FileVersion | undefined;
  older: FileVersion[];
  set?: RangeSet | undefined;
  /** Copies that could not be read the last time, by region and URL. */
  failing: Record<string, FileCopy>;
};

/** A serial of the zone, and when it was first seen. */
export type SeenSerial = { serial: number; firstSeenMs: number };

/** The zone's serials over time. */
export type SerialMemory = {
  newest: SeenSerial;
  /** Since when no server has had the newest. */
  goneSinceMs?: number | undefined;
  /** Serials that were the newest before, oldest first: as far back as servers may lag. */
  older: SeenSerial[];
  /** What each server last said, by region and URL. */
  servers: Record<string, Record<string, number>>;
  /** The longest TTL before the newest serial came, seconds. */
  oldTtlS: number;
  /** How long it took until nearly all had the newest; absent until they do. */
  convergedMs?: number | undefined;
};

/** What an operator, or the first complete run, has called right. */
export type Baseline = { atMs: number; by?: string | undefined; measured: Measured[] };

/** The latest figures, each of the last run that had one. */
export type Present = { atMs: number; region: string; measured: Measured[] };

/** Where figures are compared: everywhere alike, or by region where answers are meant to differ. */
export const EVERYWHERE = '*';

/** All that a DNS check remembers across runs: plain JSON. Owned by its check's object. */
export type DnsMemory = {
  version: 2;
  /** The name all of it is about. */
  name: string;
  /** When it was last worth storing. */
  storedMs: number;
  regions: Record<string, RegionMemory>;
  pool: Pool;
  /** Since when regions have been given different addresses. */
  split?: { sinceMs: number } | undefined;
  file?: FileMemory | undefined;
  serials?: SerialMemory | undefined;
  /** Since when the zone's servers have given a region different records, by region and what it is about. */
  differing?: Record<string, Record<string, number>> | undefined;
  /** By region, or under `EVERYWHERE`. */
  baselines: Record<string, Baseline>;
  present: Record<string, Present>;
};

/** A part of a memory after a run. `isNews`: it has changed in a way that must not be lost. */
export type Noted<Part> = { part: Part; isNews: boolean };

/** A region that has not run the check for so long is of no account: three of its pauses, and an hour at least. */
const FRESH_MS_MIN = 60 * 60_000;
const FRESH_PAUSES = 3;
/** Regions remembered; the longest unheard are forgotten. More than a configuration has. */
const REGIONS_MAX = 50;

export function emptyMemory(name: string, nowMs: number): DnsMemory {
  return {
    version: 2,
    name,
    storedMs: nowMs,
    regions: {},
    pool: { sinceMs: nowMs, perAnswer: 0, addresses: [], counts: [] },
    baselines: {},
    present: {},
  };
}

/** A stored memory; `undefined` of one that another version has written: it is begun anew. */
export function restoredMemory(stored: unknown): DnsMemory | undefined {
  const memory = stored as DnsMemory;
  return memory.version === 2 ? memory : undefined;
}

/** Whether the region still runs the check. */
export function isFresh({ lastMs, previousMs = lastMs }: RegionMemory, nowMs: number): boolean {
  return nowMs - lastMs <= Math.max(FRESH_MS_MIN, FRESH_PAUSES * (lastMs - previousMs));
}

/** The regions after a run of one of them that had so many answers with addresses. */
export function withRegion(
  regions: DnsMemory['regions'],
  region: string,
  answers: number,
  nowMs: number,
): DnsMemory['regions'] {
  const known = regions[region];
  const others = Object.entries(regions)
    .filter(([id]) => id !== region)
    .toSorted(([, a], [, b]) => b.lastMs - a.lastMs)
    .slice(0, REGIONS_MAX - 1);
  return {
    ...Object.fromEntries(others),
    [region]: {
      ...known,
      lastMs: nowMs,
      ...(known === undefined ? {} : { previousMs: known.lastMs }),
      answers: (known?.answers ?? 0) + answers,
    },
  };
}
