import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { describeProblems, parseWith } from '#core/problem.ts';
import { RUN_BYTES_MAX } from '#core/run.ts';
import {
  INCIDENTS_PER_ANSWER_MAX,
  RUNS_PER_ANSWER_MAX,
  STORED_LINES_PATH,
  StoredLine,
  type StoredIncident,
} from '#core/replay/stored-line.ts';
import type { StoredRun } from '#core/view.ts';
import { readBounded } from '#worker/channels/bounded-body.ts';
import { errorText } from '../log.ts';

/** What was stored, of whatever checks. */
export type StoredHistory = {
  runs: StoredRun[];
  incidents: { check: string; incident: StoredIncident }[];
};

/** What was stored cannot be read; the message names file and line, or the hub, and holds no token. */
export class StoredLinesError extends Error {
  override readonly name = 'StoredLinesError';
}

/** Lines held in memory at once: two weeks of a hundred checks would be too many, three months of one are not. */
const LINES_MAX = 2_000_000;
/** Characters of a line: a run with all its steps, and what is round it. */
const LINE_CHARS_MAX = RUN_BYTES_MAX + 4_096;
/** Bad lines that are told of: more than anybody mends at once. */
const BAD_LINES_TOLD_MAX = 10;
/** One answer of a hub: a thousand runs that all failed with long messages, twice over. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/** A hub that reads a thousand rows from D1 answers in a second or two. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Characters of a hub's refusal that are repeated. */
const REFUSAL_CHARS_MAX = 500;

/** Reads a file of lines, all of it or nothing. @throws StoredLinesError */
export async function readStoredFile(path: string): Promise<StoredHistory> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    throw new StoredLinesError(`${path}: cannot be read: ${errorText(error)}`, { cause: error });
  }
  const reader = new LineReader(path);
  try {
    for await (const line of file.readLines()) reader.add(line);
  } catch (error) {
    if (error instanceof StoredLinesError) throw error;
    throw new StoredLinesError(`${path}: cannot be read: ${errorText(error)}`, { cause: error });
  } finally {
    await file.close();
  }
  const { history, next } = reader.end();
  if (next !== undefined && next !== null)
    throw new StoredLinesError(`${path}: the answer ends in the middle; ask for what follows ${next}, too`);
  return history;
}

/** Where and what to read of a hub. Moments are epoch ms. */
export type HubQuery = { hub: URL; token: string; checks: readonly string[]; fromMs: number; toMs: number };

/**
 * Reads what a hub has stored of checks, answer by answer, and writes it to a file when one is given, which is there only
 * when it is whole. @throws StoredLinesError
 */
export async function readStoredHub(query: HubQuery, exportTo: string | undefined): Promise<StoredHistory> {
  const whole: StoredHistory = { runs: [], incidents: [] };
  const copy = exportTo === undefined ? undefined : await Copy.begin(exportTo);
  try {
    for (const check of query.checks) {
      let cursor: string | null | undefined;
      while (cursor !== null) {
        const text = await answerOf(query, check, cursor);
        const reader = new LineReader(`the answer of ${query.hub.origin}`);
        for (const line of text.split('\n')) reader.add(line);
        const { history, next } = reader.end();
        if (next === undefined) throw new StoredLinesError(`${query.hub.origin}: the answer was cut short`);
        if (next === cursor) throw new StoredLinesError(`${query.hub.origin}: gives the same answer again`);
        for (const run of history.runs) whole.runs.push(run);
        for (const incident of history.incidents) whole.incidents.push(incident);
        if (whole.runs.length + whole.incidents.length > LINES_MAX)
          throw new StoredLinesError(`expected at most ${LINES_MAX} lines: ask for less at once`);
        await copy?.write(history);
        cursor = next;
      }
    }
    await copy?.finish();
    return whole;
  } catch (error) {
    await copy?.abandon();
    throw error;
  }
}

/** Takes lines one by one; its end is all of them, or an error that names the bad ones. */
class LineReader {
  readonly #source: string;
  readonly #history: StoredHistory = { runs: [], incidents: [] };
  readonly #bad: string[] = [];
  #next: string | null | undefined;
  #line = 0;

  constructor(source: string) {
    this.#source = source;
  }

  add(line: string): void {
    this.#line += 1;
    if (this.#line > LINES_MAX)
      throw new StoredLinesError(`${this.#source}: expected at most ${LINES_MAX} lines`);
    if (line.trim() === '') return;
    const problem = this.#take(line);
    if (problem === undefined) return;
    this.#bad.push(`${this.#source}: line ${this.#line}: ${problem}`);
    if (this.#bad.length >= BAD_LINES_TOLD_MAX) this.end();
  }

  end(): { history: StoredHistory; next: string | null | undefined } {
    if (this.#bad.length > 0) throw new StoredLinesError(this.#bad.join('\n'));
    return { history: this.#history, next: this.#next };
  }

  #take(line: string): string | undefined {
    if (line.length > LINE_CHARS_MAX)
      return `expected at most ${LINE_CHARS_MAX} characters, got ${line.length}`;
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch (error) {
      return `expected JSON: ${errorText(error)}`;
    }
    const parsed = parseWith(StoredLine, json);
    if (!parsed.ok) return describeProblems(parsed.problems).replaceAll('\n', '; ');
    const stored = parsed.value;
    switch (stored.type) {
      case 'run': {
        const { run, startedAtMs, receivedAtMs, late } = stored;
        this.#history.runs.push({ run, startedAtMs, receivedAtMs, late });
        return undefined;
      }
      case 'incident':
        this.#history.incidents.push({ check: stored.check, incident: stored.incident });
        return undefined;
      case 'end':
        this.#next = stored.next;
        return undefined;
    }
  }
}

/** A file that appears under its name only once it is whole. */
class Copy {
  readonly #path: string;
  readonly #part: string;
  readonly #file: FileHandle;

  private constructor(path: string, part: string, file: FileHandle) {
    this.#path = path;
    this.#part = part;
    this.#file = file;
  }

  static async begin(path: string): Promise<Copy> {
    const part = `${path}.part`;
    try {
      return new Copy(path, part, await open(part, 'w'));
    } catch (error) {
      throw new StoredLinesError(`${path}: cannot be written: ${errorText(error)}`, { cause: error });
    }
  }

  async write({ runs, incidents }: StoredHistory): Promise<void> {
    const lines: StoredLine[] = [
      ...incidents.map((incident) => ({ type: 'incident' as const, ...incident })),
      ...runs.map((run) => ({ type: 'run' as const, ...run })),
    ];
    await this.#file.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  async finish(): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
    await rename(this.#part, this.#path);
  }

  async abandon(): Promise<void> {
    await this.#file.close();
    await rm(this.#part, { force: true });
  }
}

async function answerOf(query: HubQuery, check: string, cursor: string | undefined): Promise<string> {
  const { hub, token, fromMs, toMs } = query;
  const url = new URL(STORED_LINES_PATH, hub);
  url.searchParams.set('check', check);
  url.searchParams.set('from', new Date(fromMs).toISOString());
  url.searchParams.set('to', new Date(toMs).toISOString());
  if (cursor !== undefined) url.searchParams.set('cursor', cursor);
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const fetched = await fetch(url, {
    redirect: 'manual',
    headers: { authorization: `Bearer ${token}` },
    signal,
  }).catch((error: unknown) => {
    throw new StoredLinesError(`${hub.origin} cannot be reached: ${errorText(error)}`);
  });
  const { text, complete } = await readBounded(fetched.body, ANSWER_BYTES_MAX, signal);
  if (fetched.status !== 200)
    throw new StoredLinesError(
      `${hub.origin} refuses: ${fetched.status} ${text.slice(0, REFUSAL_CHARS_MAX)}`,
    );
  if (!complete)
    throw new StoredLinesError(
      `${hub.origin}: the answer was cut short: expected ${RUNS_PER_ANSWER_MAX} runs or ${INCIDENTS_PER_ANSWER_MAX} incidents in ${ANSWER_BYTES_MAX} bytes and ${ANSWER_TIMEOUT_MS} ms`,
    );
  return text;
}
