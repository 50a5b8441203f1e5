import type { Hello } from '#core/wire.ts';
import { HEARTBEAT_INTERVAL_MS } from '#core/wire.ts';

/** Probes remembered of one region: a region has one to five. */
const PROBES_MAX = 50;
const KEY_PREFIX = 'probe:';

/** What a region remembers of a probe. Times are the hub's, epoch ms. */
export type ProbeRecord = Pick<
  Hello,
  'probe' | 'boot' | 'configHash' | 'versions' | 'spooled' | 'dropped'
> & {
  transport: 'socket' | 'http';
  /** Whether it had a socket open when that was last stored. */
  connected: boolean;
  /** Last heard by what is stored; the heartbeats of an open socket are newer. */
  lastHeardMs: number;
};

/** The probes of a region, kept in its object's storage. Written when something changes, not for every sign of life. */
export class ProbeRegistry {
  readonly #kv: SyncKvStorage;
  readonly #records = new Map<string, ProbeRecord>();
  /** What is stored of `lastHeardMs`: a sign of life over HTTP is written at a heartbeat's grain. */
  readonly #storedHeardMs = new Map<string, number>();

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
    for (const [, record] of kv.list<ProbeRecord>({ prefix: KEY_PREFIX })) {
      this.#records.set(record.probe, record);
      this.#storedHeardMs.set(record.probe, record.lastHeardMs);
    }
  }

  all(): ProbeRecord[] {
    return [...this.#records.values()];
  }

  get(probe: string): ProbeRecord | undefined {
    return this.#records.get(probe);
  }

  /** Takes in what a probe says of itself. */
  hello(hello: Hello, transport: ProbeRecord['transport'], nowMs: number): void {
    const { probe, boot, configHash, versions, spooled, dropped } = hello;
    const before = this.#records.get(probe);
    const record: ProbeRecord = {
      probe,
      boot,
      configHash,
      versions,
      spooled,
      dropped,
      transport,
      connected: transport === 'socket',
      lastHeardMs: nowMs,
    };
    const isSame = before !== undefined && said(before) === said(record);
    this.#records.set(probe, record);
    if (!isSame || this.#isHeardStale(probe, nowMs)) this.#write(record);
    if (!before) this.#forgetOldest();
  }

  /** A sign of life without news. */
  heard(probe: string, atMs: number): void {
    const record = this.#records.get(probe);
    if (!record || atMs <= record.lastHeardMs) return;
    const next = { ...record, lastHeardMs: atMs };
    this.#records.set(probe, next);
    if (record.transport === 'http' && this.#isHeardStale(probe, atMs)) this.#write(next);
  }

  /** A socket is gone: from now on only storage knows when it was last heard. `connected`: it has another one. */
  left(probe: string, lastHeardMs: number, connected: boolean): void {
    const record = this.#records.get(probe);
    if (record) this.#write({ ...record, connected, lastHeardMs: Math.max(record.lastHeardMs, lastHeardMs) });
  }

  /**
   * The object starts anew. A probe that was connected and is not any more was dropped by us, at a deploy or a crash; its
   * heartbeats until then are not stored. It counts as heard now, once, so that it has time to come back.
   */
  startedAnew(isConnected: (probe: string) => boolean, nowMs: number): void {
    for (const record of this.all())
      if (record.connected && !isConnected(record.probe))
        this.#write({ ...record, connected: false, lastHeardMs: nowMs });
  }

  #isHeardStale(probe: string, nowMs: number): boolean {
    // One in the future is of a clock that has been set back since.
    return Math.abs(nowMs - (this.#storedHeardMs.get(probe) ?? 0)) >= HEARTBEAT_INTERVAL_MS;
  }

  #write(record: ProbeRecord): void {
    this.#kv.put(KEY_PREFIX + record.probe, record);
    this.#records.set(record.probe, record);
    this.#storedHeardMs.set(record.probe, record.lastHeardMs);
  }

  /** Of a connected one the hello may be weeks old, and it is there all the same. */
  #forgetOldest(): void {
    const surplus = this.all()
      .toSorted((a, b) => Number(b.connected) - Number(a.connected) || b.lastHeardMs - a.lastHeardMs)
      .slice(PROBES_MAX);
    for (const { probe } of surplus) {
      this.#kv.delete(KEY_PREFIX + probe);
      this.#records.delete(probe);
      this.#storedHeardMs.delete(probe);
    }
  }
}

function said(record: ProbeRecord): string {
  return JSON.stringify({ ...record, lastHeardMs: 0 });
}
