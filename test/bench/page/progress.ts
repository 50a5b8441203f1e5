import { mean } from '../statistics.ts';
import { legsText } from './legs.ts';
import type { Outage } from './outage.ts';
import { PARTS, type Lane, type Mode, type PartName } from './part.ts';
import { LEARNING_S } from './schedule.ts';

/** Says what has been measured, and about how long the rest will take. */
export class Progress {
  readonly #lanes: readonly (readonly Lane[])[];
  readonly #runs: number;
  readonly #say: (line: string) => void;
  readonly #learnt = new Set<PartName>();
  /** Of each outage measured, seconds. */
  readonly #tookS = new Map<PartName, number[]>();

  /** `lanes`: side by side, and in each one after the other. */
  constructor(lanes: readonly (readonly Lane[])[], runs: number, say: (line: string) => void) {
    this.#lanes = lanes;
    this.#runs = runs;
    this.#say = say;
    say(`starting portal, pager, hub and four probes, ${lanes.length} times side by side; ${this.#rest()}`);
  }

  learnt(parts: readonly PartName[]): void {
    for (const part of parts) this.#learnt.add(part);
    this.#say(`${parts.join(', ')}: the hub has learnt how long runs take; ${this.#rest()}`);
  }

  measured(
    part: PartName,
    mode: Mode,
    run: number,
    { toPageS, struckS, legsS }: Outage,
    tookS: number,
  ): void {
    this.#tookS.set(part, [...(this.#tookS.get(part) ?? []), tookS]);
    const what = PARTS[part].modes.length === 1 ? part : `${part} ${mode.name}`;
    const struck = struckS === undefined ? '' : `, struck at ${struckS.toFixed(1)} s`;
    this.#say(
      `${what} ${run + 1} of ${this.#runs}${struck}: ${toPageS.toFixed(1)} s = ${legsText(legsS)}; ${this.#rest()}`,
    );
  }

  #rest(): string {
    const sum = (seconds: readonly number[]): number => seconds.reduce((total, each) => total + each, 0);
    const restS = Math.max(
      ...this.#lanes.map((lanes) =>
        sum(
          lanes.map(
            ({ parts }) =>
              sum(parts.map((part) => this.#restOfS(part))) +
              (parts.every((part) => this.#learnt.has(part)) ? 0 : LEARNING_S),
          ),
        ),
      ),
    );
    return restS === 0 ? 'that was all' : `about ${Math.ceil(restS / 60)} min to go`;
  }

  #restOfS(part: PartName): number {
    const took = this.#tookS.get(part) ?? [];
    const outages = this.#runs * PARTS[part].modes.length - took.length;
    return outages * (took.length === 0 ? PARTS[part].typicalS : mean(took));
  }
}
