import { FrameReader } from './framing.ts';
import { isReplyTo } from './reply.ts';

/** The replies that come on a stream: one may come before that which is waited for. What answers nothing is passed over. */
export class ReplyReader {
  readonly #frames = new FrameReader();
  readonly #waiting: Uint8Array[] = [];

  push(chunk: Uint8Array): void {
    this.#waiting.push(...this.#frames.push(chunk));
  }

  /** The reply to that query, once; `undefined` while it has not come. */
  take(query: Uint8Array): Uint8Array | undefined {
    const at = this.#waiting.findIndex((message) => isReplyTo(message, query));
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0];
  }
}
