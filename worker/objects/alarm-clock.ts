/** An alarm this long past will not fire any more: it must be replaced, not trusted. */
const STALE_AFTER_MS = 5_000;
/** A wait longer than this is left to the alarm alone: a timer keeps its object in memory, which is billed. */
const TIMER_MS_MAX = 60_000;

/**
 * Wakes an object when it is due: by a timer in memory, which is exact, and by the object's alarm, which outlives the
 * memory but may be a minute late and is a row written. An alarm that is early enough is left as it is.
 */
export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  readonly #onTimer: () => void;
  /** When the alarm is set to fire, as this object knows: only it sets the alarm. */
  #alarmMs: number | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(storage: DurableObjectStorage, onTimer: () => void) {
    this.#storage = storage;
    this.#onTimer = onTimer;
  }

  /** Learns what alarm is set; once, before anything else. */
  async load(): Promise<void> {
    this.#alarmMs = await this.#storage.getAlarm();
  }

  /** The alarm is firing: there is none set now. */
  fired(): void {
    this.#alarmMs = null;
  }

  /**
   * Wakes the object by its alarm at `dueMs` at the latest, and by a timer at `urgentMs`, to the moment, as long as this
   * process lives. Epoch ms; `undefined` when there is nothing of the kind.
   * An alarm for nothing is harmless and is not taken back. Returns the write of a new alarm, if there is one.
   */
  arm(dueMs: number | undefined, urgentMs: number | undefined, nowMs: number): Promise<void> | undefined {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (urgentMs !== undefined && urgentMs - nowMs <= TIMER_MS_MAX)
      this.#timer = setTimeout(this.#onTimer, Math.max(1, urgentMs - nowMs));
    if (dueMs === undefined) return undefined;
    const alarmMs = this.#alarmMs;
    if (alarmMs !== null && alarmMs >= nowMs - STALE_AFTER_MS && alarmMs <= dueMs) return undefined;
    // An alarm set to the present moment inside alarm() is lost or stalls (workerd #6866).
    this.#alarmMs = Math.max(dueMs, nowMs + 1);
    return this.#storage.setAlarm(this.#alarmMs);
  }
}
