import { backoffMs } from './backoff.ts';
import type { HubHttp } from './hub-http.ts';
import type { HubTimings } from './hub-timings.ts';
import type { Log } from '../log.ts';
import { Loop, type Pause } from './loop.ts';
import type { Spool } from '../spool/spool.ts';

export type UploadOptions = { spool: Spool; http: HubHttp; timings: HubTimings; log: Log };

/** Uploads the pictures of runs the hub already has, one at a time, beside the reports and never before them. */
export class ScreenshotUpload {
  readonly #options: UploadOptions;
  readonly #loop = new Loop(() => this.#step());
  #failures = 0;

  constructor(options: UploadOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    return this.#loop.start();
  }

  stop(): void {
    this.#loop.stop();
  }

  /** A run was acknowledged: its picture may go. */
  wake(): void {
    this.#loop.wake();
  }

  async #step(): Promise<Pause> {
    const { spool, http, timings, log } = this.#options;
    const picture = await spool.nextPicture();
    if (picture === undefined) return 'until-woken';
    const answer = await http.uploadScreenshot(picture.runId, picture.image);
    if (answer.kind === 'ok') {
      this.#failures = 0;
      await spool.pictureDone(picture.runId);
      return 'now';
    }
    const status = answer.kind === 'refused' ? answer.status : undefined;
    log('warn', 'screenshot-not-uploaded', { run: picture.runId, status, error: answer.error });
    if (status !== undefined && isFinal(status)) {
      await spool.pictureDone(picture.runId);
      return 'now';
    }
    this.#failures += 1;
    const waitMs = backoffMs(this.#failures, Math.random(), timings.backoffMinMs, timings.slowRetryMs);
    const askedMs = answer.kind === 'refused' ? (answer.retryAfterMs ?? 0) : 0;
    return { forMs: Math.max(waitMs, askedMs) };
  }
}

/** The hub will never take this picture: it is too big, no picture, or of a run the hub does not know. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 403, 408, 409, 429].includes(status);
}
