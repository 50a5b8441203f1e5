import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';

/** Where people see how a deploy does. */
export interface Screen {
  /** How it stands now. */
  show(told: ToldDeploy): void;
  /** Something that happened here and not at the hub. */
  note(text: string): void;
  /** Somebody else writes from here on; the next `show` begins anew. */
  leave(): void;
}

/** How long a deploy has been going on, by the hub's clock as far as that was told and by our own since then. */
export class Elapsed {
  #baseMs = 0;
  #sinceMs = performance.now();

  told({ nowMs, announcedAtMs }: ToldDeploy): void {
    this.#baseMs = nowMs - announcedAtMs;
    this.#sinceMs = performance.now();
  }

  get ms(): number {
    return Math.max(0, this.#baseMs + performance.now() - this.#sinceMs);
  }
}
