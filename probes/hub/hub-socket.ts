import { describeExpected, parseWith } from '#core/problem.ts';
import {
  HubMessage,
  MESSAGE_BYTES_MAX,
  PING,
  PONG,
  PROBE_PATHS,
  type Ack,
  type BrokeGlass,
  type Command,
  type Hello,
  type Plan,
  type Report,
} from '#core/wire.ts';
import type { HubAnswer } from './hub-http.ts';
import type { HubTimings } from './hub-timings.ts';
import type { Saying } from './saying.ts';
import type { Log } from '../log.ts';

/** What the hub tells a probe by itself. */
export type HubCommands = { onPlan(plan: Plan): void; onCommand(command: Command): void };

export type SocketOptions = {
  hubUrl: string;
  token: string;
  hello: Hello;
  commands: HubCommands;
  timings: HubTimings;
  log: Log;
  /** The hub has said something, if only `pong`. */
  onHeard(): void;
  /** Gets the connection while it is still being made, so that it can be closed. */
  opened(socket: HubSocket): void;
};

/** The hub has refused the hello; it will refuse it again until a person changes something. */
export class HubRefusedError extends Error {
  override readonly name = 'HubRefusedError';
  readonly status: number;
  constructor(status: number, reason: string) {
    super(reason);
    this.status = status;
  }
}

/** Node's WebSocket takes headers (undici); the DOM's type, which the journeys need, does not know them. */
type SocketWithHeaders = new (url: string, options: { headers: Record<string, string> }) => WebSocket;

/**
 * One connection to the hub: opened, greeted, and kept under watch by heartbeats. `closed` settles with the reason when
 * it is over, for whatever cause.
 */
export class HubSocket {
  readonly closed: Promise<string>;
  readonly #socket: WebSocket;
  readonly #options: SocketOptions;
  #over: ((reason: string) => void) | undefined;
  #planned: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #inFlight: ((answer: HubAnswer<Ack>) => void) | undefined;
  #heardAtMs = performance.now();
  #timers: NodeJS.Timeout[] = [];
  #heartbeat: NodeJS.Timeout | undefined;

  /** Resolves when the hub has answered the hello with a plan. Rejects with `HubRefusedError`, or says what failed. */
  static async open(options: SocketOptions): Promise<HubSocket> {
    const socket = new HubSocket(options);
    options.opened(socket);
    await new Promise<void>((resolve, reject) => {
      socket.#planned = { resolve, reject };
    });
    socket.#planned = undefined;
    socket.#startHeartbeat();
    return socket;
  }

  private constructor(options: SocketOptions) {
    const { hubUrl, token, timings } = options;
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#over = resolve;
    });
    const url = `${hubUrl.replace(/^http/, 'ws').replace(/\/+$/, '')}${PROBE_PATHS.socket}`;
    this.#socket = new (WebSocket as unknown as SocketWithHeaders)(url, {
      headers: { authorization: `Bearer ${token}` },
    });
    this.#socket.addEventListener('open', this.#onOpen);
    this.#socket.addEventListener('message', this.#onMessage);
    this.#socket.addEventListener('close', this.#onClose);
    this.#socket.addEventListener('error', this.#onError);
    this.#endAfter(timings.connectMs, 'not open');
  }

  /** Sends a report and waits for its answer; one at a time. Never rejects. Without an answer the connection ends. */
  report(report: Report): Promise<HubAnswer<Ack>> {
    return this.#ask(report);
  }

  /** As `report`, and never while one waits for its answer. */
  brokeGlass(message: BrokeGlass): Promise<HubAnswer<Ack>> {
    return this.#ask(message);
  }

  /** Says it, whether or not a report waits for its answer; there is none to this. Why it is lost, if it is. */
  say(saying: Saying): Promise<string | undefined> {
    if (this.#over === undefined) return Promise.resolve('the socket is closed');
    this.#socket.send(JSON.stringify(saying));
    return Promise.resolve(undefined);
  }

  /** Ends the connection. Idempotent. */
  close(reason: string): void {
    const over = this.#over;
    if (over === undefined) return;
    // First of all: closing a socket that is not open yet reports an error at once, which comes back here.
    this.#over = undefined;
    this.#clearTimers();
    clearInterval(this.#heartbeat);
    this.#socket.removeEventListener('open', this.#onOpen);
    this.#socket.removeEventListener('message', this.#onMessage);
    this.#socket.removeEventListener('close', this.#onClose);
    // A peer that is gone never answers the closing handshake: nobody waits for it, and its late error is no news.
    this.#socket.close();
    over(reason);
    this.#planned?.reject(new Error(reason));
    this.#answer({ kind: 'lost', error: reason });
  }

  #ask(message: Report | BrokeGlass): Promise<HubAnswer<Ack>> {
    return new Promise((resolve) => {
      if (this.#over === undefined) return resolve({ kind: 'lost', error: 'the socket is closed' });
      this.#inFlight = resolve;
      this.#endAfter(this.#options.timings.ackMs, `${message.type} not acknowledged`);
      this.#socket.send(JSON.stringify(message));
    });
  }

  #startHeartbeat(): void {
    if (this.#over === undefined) return;
    const { heartbeatMs, silenceMs } = this.#options.timings;
    this.#heardAtMs = performance.now();
    this.#heartbeat = setInterval(() => {
      const silentMs = performance.now() - this.#heardAtMs;
      if (silentMs >= silenceMs) this.close(`nothing heard for ${Math.round(silentMs)} ms`);
      else this.#socket.send(PING);
    }, heartbeatMs);
  }

  #onOpen = (): void => {
    this.#clearTimers();
    this.#endAfter(this.#options.timings.ackMs, 'hello not answered');
    this.#socket.send(JSON.stringify(this.#options.hello));
  };

  #onMessage = (event: MessageEvent): void => {
    this.#heardAtMs = performance.now();
    this.#options.onHeard();
    if (event.data === PONG) return;
    if (typeof event.data === 'string' && event.data.length > MESSAGE_BYTES_MAX)
      return this.close(`a message of the hub is over ${MESSAGE_BYTES_MAX} bytes`);
    const parsed = parseWith(HubMessage, jsonOf(event.data));
    if (parsed.ok) this.#take(parsed.value);
    else
      this.#options.log('error', 'hub-message-unreadable', { problems: describeExpected(parsed.problems) });
  };

  #onClose = (event: CloseEvent): void => {
    this.close(`closed by the hub: ${event.code}${event.reason ? ` ${event.reason}` : ''}`);
  };

  #onError = (event: Event): void => {
    const message = 'message' in event && typeof event.message === 'string' ? event.message : '';
    this.close(message || 'the connection could not be made, or broke');
  };

  #take(message: HubMessage): void {
    switch (message.type) {
      case 'plan':
        if (this.#planned) this.#clearTimers();
        this.#planned?.resolve();
        return this.#options.commands.onPlan(message);
      case 'run-now':
      case 'verify-now':
      case 'look-now':
        return this.#options.commands.onCommand(message);
      case 'ack':
        return this.#answer({ kind: 'ok', value: message });
      case 'refusal':
        if (this.#planned) {
          this.#planned.reject(new HubRefusedError(message.status, message.error));
          return this.close(message.error);
        }
        return this.#answer({
          kind: 'refused',
          byHub: true,
          status: message.status,
          error: message.error,
        });
    }
  }

  #answer(answer: HubAnswer<Ack>): void {
    if (this.#inFlight === undefined) return;
    this.#clearTimers();
    const inFlight = this.#inFlight;
    this.#inFlight = undefined;
    inFlight(answer);
  }

  #endAfter(deadlineMs: number, what: string): void {
    this.#timers.push(setTimeout(() => this.close(`${what} within ${deadlineMs} ms`), deadlineMs));
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}

function jsonOf(data: unknown): unknown {
  if (typeof data !== 'string') return data;
  try {
    return JSON.parse(data) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return data;
    throw error;
  }
}
