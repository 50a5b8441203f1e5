import { Agent, request } from 'node:http';

/** Storing takes milliseconds; so long means that nothing is stored any more. */
const ANSWER_DEADLINE_MS = 10_000;

/** One client: it sends the next run when the last is acknowledged. */
export interface Lane {
  /** Where the next run goes, and its text. */
  readonly next: () => { readonly path: string; readonly body: string };
}

/** What a round has shown. */
export interface Round {
  readonly runsPerSecond: number;
  /** Of each acknowledged run, in milliseconds. */
  readonly ackMs: readonly number[];
}

/** A hub to pour runs into. */
export class ClosedLoop {
  readonly #url: URL;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(url: URL) {
    this.#url = url;
  }

  /** All lanes at once for `durationMs`. Rejects when a run is not stored. */
  async round(lanes: readonly Lane[], durationMs: number, signal: AbortSignal): Promise<Round> {
    const startedMs = performance.now();
    const ackMs: number[] = [];
    await Promise.all(
      lanes.map(async (lane) => {
        while (performance.now() - startedMs < durationMs) {
          signal.throwIfAborted();
          const { path, body } = lane.next();
          const sentMs = performance.now();
          const { stored } = JSON.parse(await this.send('POST', path, body)) as { stored: number };
          if (stored !== 1) throw new Error(`${path}: expected 1 run to be stored, got ${stored}`);
          ackMs.push(performance.now() - sentMs);
        }
      }),
    );
    return { runsPerSecond: ackMs.length / ((performance.now() - startedMs) / 1_000), ackMs };
  }

  /** One request; gives the body. Rejects when the status is not 200 or there is no answer within 10 s. */
  send(method: 'GET' | 'POST', path: string, body = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const target = new URL(path, this.#url);
      const sent = request(
        target,
        { method, agent: this.#agent, timeout: ANSWER_DEADLINE_MS },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => {
            text += part;
          });
          response.on('error', reject);
          response.on('end', () => {
            if (response.statusCode === 200) resolve(text);
            else reject(new Error(`${method} ${path}: HTTP ${response.statusCode} ${text.slice(0, 500)}`));
          });
        },
      );
      sent.on('timeout', () =>
        sent.destroy(new Error(`${method} ${path}: no answer in ${ANSWER_DEADLINE_MS} ms`)),
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
