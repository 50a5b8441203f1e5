import { SILENT_AFTER_MS, type Command } from '#core/wire.ts';

/** Commands that wait for one probe, beside the runs of its checks: each of a verification's journeys asks for one pair. */
const OTHERS_MAX = 50;

type Waiting = { sinceMs: number; command: Command };

/** Commands for probes that poll. In memory: whoever gave one asks again for what does not come. */
export class WaitingCommands {
  readonly #byProbe = new Map<string, Map<string, Waiting>>();

  /** Of runs of one check only the newest command matters; a pair, or an item to look at, is beside them. */
  put(probe: string, command: Command, nowMs: number): void {
    const waiting = this.#byProbe.get(probe) ?? new Map<string, Waiting>();
    this.#byProbe.set(probe, waiting);
    const key = keyOf(command);
    waiting.delete(key);
    waiting.set(key, { sinceMs: nowMs, command });
    const others = [...waiting].filter(
      ([
        ,
        {
          command: { type },
        },
      ]) => type !== 'run-now',
    );
    for (const [oldest] of others.slice(0, Math.max(0, others.length - OTHERS_MAX))) waiting.delete(oldest);
  }

  /** Hands out what waits for a probe, in the order it came. What is older than a silence, nobody waits for any more. */
  take(probe: string, nowMs: number): Command[] {
    const waiting = [...(this.#byProbe.get(probe)?.values() ?? [])];
    this.#byProbe.delete(probe);
    return waiting
      .filter(({ sinceMs, command }) => command.type === 'run-now' || nowMs - sinceMs <= SILENT_AFTER_MS)
      .map(({ command }) => command);
  }
}

function keyOf(command: Command): string {
  switch (command.type) {
    case 'run-now':
      return `run ${command.check}`;
    case 'verify-now': {
      const { service, n, pair } = command.deploy;
      return `verify ${service} ${n} ${pair}`;
    }
    case 'look-now':
      return `look ${command.service} ${command.n} ${command.item}`;
  }
}
