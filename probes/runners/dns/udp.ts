import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Trouble } from '#core/dns/asking/exchange.ts';
import { silence } from '#core/dns/asking/silence.ts';
import { isReplyTo } from '#core/dns/codec/reply.ts';
import type { Answer } from './answer.ts';
import { randomId, setId } from './random-ids.ts';
import { AskError, notAsked, troubleOf } from './trouble.ts';

/** Sendings of one question: a packet may get lost on its way, three in a row are not lost by chance. */
const TRIES = 3;

export type UdpLineOptions = {
  /** An IP address. */
  address: string;
  port: number;
  /**
   * A connected socket learns that nobody listens there, and is given nobody else's packets. Without, replies are taken
   * from whatever address.
   */
  connected: boolean;
};

/**
 * A socket to one server, with a source port of its own, for any number of questions at once: a socket for each takes 33 µs
 * of CPU a question, this one 13. What comes with another id or question than one under way is ignored.
 */
export class UdpLine {
  readonly #socket: Socket;
  readonly #connected: boolean;
  readonly #from: string;
  readonly #ready: Promise<void>;
  #isReady = false;
  #isClosed = false;
  readonly #waiting = new Map<number, Waiting>();
  /** Errors of sending are about the socket: it tells of earlier packets, too. */
  readonly #onSent = (error: Error | null): void => {
    if (error) this.#failAll(troubleOf(error));
  };
  readonly #send: (query: Uint8Array) => void;

  constructor({ address, port, connected }: UdpLineOptions) {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    this.#socket = socket;
    this.#connected = connected;
    this.#from = endpoint(address, port);
    this.#send = connected
      ? (query) => socket.send(query, this.#onSent)
      : (query) => socket.send(query, port, address, this.#onSent);
    socket.on('message', (reply, from) => this.#take(reply, from));
    this.#ready = new Promise((resolve, reject) => {
      const opened = (error?: Error): void => {
        if (error) return reject(error);
        this.#isReady = true;
        return resolve();
      };
      // It stays for good: an error that nobody listens for ends the process.
      socket.on('error', (error) => {
        reject(error);
        this.#failAll(troubleOf(error));
      });
      if (connected) socket.connect(port, address, opened);
      else socket.bind(0, () => opened());
      socket.once('close', () => reject(new AskError(notAsked())));
    });
    // Nobody may be waiting for it.
    this.#ready.catch(() => undefined);
  }

  /** Asks; the query's id is set here. Never rejects. */
  ask(query: Uint8Array, timeoutMs: number): Promise<Answer> {
    if (this.#isClosed) return Promise.resolve({ exchangeMs: 0, tries: 1, trouble: notAsked() });
    return this.#isReady ? this.#askNow(query, timeoutMs) : this.#askWhenReady(query, timeoutMs);
  }

  async #askWhenReady(query: Uint8Array, timeoutMs: number): Promise<Answer> {
    const startedMs = performance.now();
    try {
      await this.#ready;
    } catch (error) {
      return { exchangeMs: performance.now() - startedMs, tries: 1, trouble: troubleOf(error) };
    }
    return this.ask(query, timeoutMs);
  }

  #askNow(query: Uint8Array, timeoutMs: number): Promise<Answer> {
    return new Promise((resolve) => {
      const id = this.#freeId();
      setId(query, id);
      const waiting = new Waiting(query, timeoutMs, this.#send, (answer) => {
        this.#waiting.delete(id);
        resolve(answer);
      });
      this.#waiting.set(id, waiting);
    });
  }

  /** Frees the socket; `troubleAfter` says what that means for a question that has waited so long. */
  close(troubleAfter: (waitedMs: number) => Trouble): void {
    const nowMs = performance.now();
    for (const waiting of this.#waiting.values()) waiting.fail(troubleAfter(nowMs - waiting.startedMs));
    this.#isClosed = true;
    this.#socket.close();
  }

  #freeId(): number {
    let id = randomId();
    while (this.#waiting.has(id)) id = randomId();
    return id;
  }

  #take(reply: Buffer, from: RemoteInfo): void {
    const bytes = new Uint8Array(reply.buffer, reply.byteOffset, reply.length);
    const id = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
    const waiting = this.#waiting.get(id);
    if (waiting && isReplyTo(bytes, waiting.query)) {
      waiting.take(bytes, this.#connected ? this.#from : endpoint(from.address, from.port));
      return;
    }
    // Whose it should have been is not known: it is said of all.
    for (const other of this.#waiting.values()) other.ignored += 1;
  }

  #failAll(trouble: Trouble): void {
    for (const waiting of this.#waiting.values()) waiting.fail(trouble);
  }
}

/** One question under way: sent again after a third of its time, and once more. */
class Waiting {
  readonly query: Uint8Array;
  readonly startedMs = performance.now();
  /** Packets that came meanwhile and were no reply to anything. */
  ignored = 0;
  readonly #timeoutMs: number;
  readonly #send: (query: Uint8Array) => void;
  readonly #settle: (answer: Answer) => void;
  readonly #timer: NodeJS.Timeout;
  #sentMs = this.startedMs;
  #tries = 1;

  constructor(
    query: Uint8Array,
    timeoutMs: number,
    send: (query: Uint8Array) => void,
    settle: (answer: Answer) => void,
  ) {
    this.query = query;
    this.#timeoutMs = timeoutMs;
    this.#send = send;
    this.#settle = settle;
    this.#timer = setTimeout(() => this.#again(), timeoutMs / TRIES);
    send(query);
  }

  take(reply: Uint8Array, from: string): void {
    this.#end({ reply, from });
  }

  fail(trouble: Trouble): void {
    this.#end({ trouble });
  }

  #again(): void {
    if (this.#tries === TRIES) {
      this.fail(silence(this.#timeoutMs, this.ignored));
      return;
    }
    this.#tries += 1;
    this.#sentMs = performance.now();
    this.#timer.refresh();
    this.#send(this.query);
  }

  #end(what: Pick<Answer, 'reply' | 'from' | 'trouble'>): void {
    clearTimeout(this.#timer);
    this.#settle({ ...what, exchangeMs: performance.now() - this.#sentMs, tries: this.#tries });
  }
}

function endpoint(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}
