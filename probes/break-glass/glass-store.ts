import { join } from 'node:path';
import { z } from 'zod';
import type { LastWord } from '#core/break-glass.ts';
import { Failure } from '#core/failure.ts';
import { DELIVERY_STATES, newDelivery, type Delivery } from '#core/delivery.ts';
import { Page } from '#core/page.ts';
import { describeProblems, parseWith } from '#core/problem.ts';
import { Slug } from '#core/run.ts';
import { NextStart } from '#core/wire.ts';
import { withDeadline } from '../deadline.ts';
import type { Log } from '../log.ts';
import { readFileIfThere, replaceFile } from '../spool/journal.ts';

/** A page that this probe sends by itself. Times are epoch ms, by a clock of the process that never jumps. */
export type OwnPage = {
  page: Page;
  failure: Failure;
  firstFailedAtMs: number;
  decidedAtMs: number;
  deliveries: OwnDelivery[];
};
/** `told`: the hub has taken in that the channel has accepted it. */
export type OwnDelivery = Delivery & { told: boolean };

/** What outlives the process: the hub's last words, by check, and the own pages it does not know of yet. */
export type GlassMemory = { words: Readonly<Record<string, LastWord>>; pages: readonly OwnPage[] };

/** Longer than disks take to wake up; a page goes out without it then. */
const WRITE_DEADLINE_MS = 5_000;

/** What of a delivery is not in its page. */
const Progress = z.strictObject({
  channel: Slug,
  state: z.enum(DELIVERY_STATES),
  attempts: z.int().min(0),
  createdAtMs: z.number(),
  dueAtMs: z.number(),
  leaseUntilMs: z.number(),
  refused: z.boolean().optional(),
  lastError: z.string().optional(),
  providerId: z.string().optional(),
  receipt: z.string().optional(),
  acceptedAtMs: z.number().optional(),
  refreshMs: z.number().optional(),
  told: z.boolean(),
});

const Stored = z.strictObject({
  words: z.record(Slug, NextStart.shape.incident.unwrap()),
  pages: z.array(
    z.strictObject({
      page: Page,
      failure: Failure,
      firstFailedAtMs: z.number(),
      decidedAtMs: z.number(),
      deliveries: z.array(Progress),
    }),
  ),
});

/** `break-glass.json` in the spool's directory. */
export class GlassStore {
  readonly #path: string;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(directory: string) {
    this.#path = join(directory, 'break-glass.json');
  }

  /** What was saved last; nothing known when there is no file, or none that this version reads. Rejects with the system's error. */
  async load(log: Log): Promise<GlassMemory> {
    const text = await readFileIfThere(this.#path);
    if (text === undefined) return { words: {}, pages: [] };
    const parsed = parseWith(Stored, jsonOf(text));
    if (parsed.ok) return { words: parsed.value.words, pages: parsed.value.pages.map(restored) };
    log('error', 'break-glass-memory-unreadable', { problems: describeProblems(parsed.problems) });
    return { words: {}, pages: [] };
  }

  /** On the disk when it resolves. Rejects with the system's error or a `DeadlineError`. */
  save({ words, pages }: GlassMemory): Promise<void> {
    const stored: z.input<typeof Stored> = { words, pages: pages.map(storedPage) };
    const text = JSON.stringify(stored);
    const done = this.#tail.then(() => replaceFile(this.#path, text));
    this.#tail = done.catch(() => undefined);
    return withDeadline(done, WRITE_DEADLINE_MS, 'storing a page of break-glass');
  }
}

function storedPage({ deliveries, ...own }: OwnPage): z.input<typeof Stored>['pages'][number] {
  return {
    ...own,
    deliveries: deliveries.map(
      ({ id: _id, seq: _seq, event: _event, role: _role, page: _page, coveredBy: _by, ...progress }) =>
        progress,
    ),
  };
}

function restored({ deliveries, ...own }: z.output<typeof Stored>['pages'][number]): OwnPage {
  return {
    ...own,
    deliveries: deliveries.map((progress) => ({
      ...newDelivery(own.page, progress.channel, 'page', undefined, progress.createdAtMs),
      ...progress,
    })),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
