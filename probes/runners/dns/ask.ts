import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { DnsSettings } from '#core/checks/dns.ts';
import {
  IDLE_MS,
  TRANSPORTS,
  type Ask,
  type Connect,
  type ConnectExchange,
  type Exchange,
  type Fetch,
  type FetchExchange,
  type Query,
  type Task,
} from '#core/dns/asking/exchange.ts';
import type { Vantage } from '#core/dns/asking/inquiry.ts';
import { encodeQuery } from '#core/dns/codec/encode.ts';
import type { Answer } from './answer.ts';
import { DohSessions } from './doh-sessions.ts';
import { ExchangeTimes } from './exchange-time.ts';
import { fetchFile } from './fetched-file.ts';
import { Gate } from './gate.ts';
import { IdentityError, openLink, type Link, type LinkTarget } from './link.ts';
import { askOnStream } from './stream.ts';
import { notAsked, notMeasurable, troubleOf } from './trouble.ts';
import { UdpLines } from './udp-lines.ts';

/** What a probe can ask by. */
export const PROBE_VANTAGE: Vantage = { kind: 'node', transports: TRANSPORTS };

/** Exchanges at once: a few servers that say nothing must not keep the others from being asked. */
export const AT_ONCE_MAX = 32;
/** A file of some megabytes takes longer than a question, milliseconds. */
const FETCH_MS_MAX = 10_000;

export type AskerOptions = {
  settings: Pick<DnsSettings, 'paceMs' | 'exchangeTimeoutMs'>;
  /** Shared by all who ask the same servers; one of its own when absent. */
  gate?: Gate | undefined;
  /** Certificates to trust instead of the platform's, PEM; not for `Fetch`. */
  ca?: string | undefined;
};

/** Asks by the sockets of this machine until it is closed. */
export type Asker = {
  ask: Ask;
  /**
   * Ends what is under way and frees every socket. What had waited long enough was not answered; what had not, or was
   * still to be asked, is not measurable. Idempotent.
   */
  close: () => void;
};

export function createAsker(options: AskerOptions): Asker {
  const asker = new SocketAsker(options);
  return { ask: (task) => asker.ask(task), close: () => asker.close() };
}

class SocketAsker {
  readonly #paceMs: number;
  readonly #timeoutMs: number;
  readonly #ca: string | undefined;
  readonly #gate: Gate;
  readonly #startedMs = performance.now();
  readonly #times = new ExchangeTimes();
  readonly #udp = new UdpLines();
  readonly #doh = new DohSessions();
  readonly #addresses = new Map<string, Promise<string>>();

  constructor({ settings, gate = new Gate(AT_ONCE_MAX), ca }: AskerOptions) {
    this.#paceMs = settings.paceMs;
    this.#timeoutMs = settings.exchangeTimeoutMs;
    this.#gate = gate;
    this.#ca = ca;
  }

  /** Whole questions over UDP go through here by the ten thousand: no promise is made that is not needed. */
  ask(task: Task): Promise<Exchange> {
    if (this.#times.isOver) return Promise.resolve(this.#unasked(task));
    const turn = this.#gate.enter(laneOf(task), this.#paceMs, this);
    if (turn === true) return this.#perform(task);
    return turn.then((hasCome) => (hasCome ? this.#perform(task) : this.#unasked(task)));
  }

  close(): void {
    this.#times.end();
    this.#gate.giveUp(this);
    this.#udp.close();
    this.#doh.close();
  }

  #perform(task: Task): Promise<Exchange> {
    const atMs = performance.now() - this.#startedMs;
    const left = <E extends Exchange>(exchange: E): E => {
      this.#gate.leave();
      return exchange;
    };
    switch (task.kind) {
      case 'query':
        return this.#answer(task).then((answer) => left({ task, atMs, ...answer }));
      case 'connect':
        return this.#connect(task, atMs).then(left);
      case 'fetch':
        return this.#fetch(task, atMs).then(left);
    }
  }

  #unasked(task: Task): Exchange {
    const atMs = performance.now() - this.#startedMs;
    const trouble = notAsked();
    switch (task.kind) {
      case 'query':
        return { task, atMs, exchangeMs: 0, tries: 1, trouble };
      case 'connect':
        return { task, atMs, durationMs: 0, trouble };
      case 'fetch':
        return { task, atMs, durationMs: 0, trouble };
    }
  }

  #answer(query: Query): Promise<Answer> {
    return query.transport === 'udp' ? this.#overUdp(query) : this.#overConnection(query);
  }

  async #overConnection(query: Query): Promise<Answer> {
    const startedMs = performance.now();
    const answer: Answer = { exchangeMs: 0, tries: 1 };
    try {
      await this.#times.within(this.#limitMs(query), (signal) =>
        query.transport === 'https'
          ? this.#overHttp(query, signal, answer)
          : this.#overStream(query, signal, answer),
      );
    } catch (error) {
      if (answer.exchangeMs === 0) answer.exchangeMs = performance.now() - startedMs;
      if (error instanceof IdentityError) answer.tls = error.tls;
      answer.trouble = this.#troubleOf(error, answer);
    }
    return answer;
  }

  /** A second question that is not answered is no trouble of the first: that it is missing says it. */
  #troubleOf(error: unknown, { reply }: Answer): Answer['trouble'] {
    const trouble = troubleOf(error);
    if (reply === undefined || trouble.probeFault) return trouble;
    return this.#times.isOver ? notMeasurable("the run's time was over before the second answer") : undefined;
  }

  /** The second question of `idle` has a time of its own. */
  #limitMs({ manner }: Query): number {
    return manner === 'idle' ? 2 * this.#timeoutMs + IDLE_MS : this.#timeoutMs;
  }

  #overUdp(query: Query): Promise<Answer> {
    const { host } = query.server;
    try {
      const message = encodeQuery({ ...query, id: 0 });
      const kept = this.#udp.kept(query);
      if (kept) return kept.ask(message, this.#timeoutMs);
      return isIP(host) === 0
        ? this.#overUdpByName(query, message)
        : this.#udp.ask(query, host, message, this.#timeoutMs);
    } catch (error) {
      // A name that is none: nothing was asked.
      return Promise.resolve({ exchangeMs: 0, tries: 1, trouble: troubleOf(error) });
    }
  }

  async #overUdpByName(query: Query, message: Uint8Array): Promise<Answer> {
    const startedMs = performance.now();
    try {
      const address = await this.#times.within(this.#timeoutMs, (signal) =>
        this.#addressOf(query.server.host, signal),
      );
      return await this.#udp.ask(query, address, message, this.#timeoutMs);
    } catch (error) {
      return { exchangeMs: performance.now() - startedMs, tries: 1, trouble: troubleOf(error) };
    }
  }

  async #overStream(query: Query, signal: AbortSignal, answer: Answer): Promise<void> {
    const { host, port, authName } = query.server;
    const secure = query.transport === 'tls' ? { name: authName ?? host, ca: this.#ca } : undefined;
    const link = await this.#link(host, { port, secure }, signal);
    const { connectMs, tlsMs, tls, socket } = link;
    Object.assign(answer, { connectMs, tlsMs, tls });
    try {
      answer.second = await askOnStream(socket, query, signal, (timed) => Object.assign(answer, timed));
    } finally {
      socket.destroy();
    }
  }

  async #overHttp(query: Query, signal: AbortSignal, answer: Answer): Promise<void> {
    const { host, port, scheme } = query.server;
    const secure =
      scheme === 'https' ? { name: host, protocols: ['h2', 'http/1.1'], ca: this.#ca } : undefined;
    await this.#doh.ask(query, signal, answer, () => this.#link(host, { port, secure }, signal));
    const { status = 0 } = answer.http ?? {};
    if (status !== 200) answer.trouble = { class: 'HTTP_STATUS', message: `HTTP ${status}` };
  }

  async #connect(task: Connect, atMs: number): Promise<ConnectExchange> {
    const { address, port, serverName } = task;
    const startedMs = performance.now();
    const secure = serverName === undefined ? undefined : { name: serverName, ca: this.#ca };
    try {
      const { socket, tls } = await this.#times.within(this.#timeoutMs, (signal) =>
        openLink({ address, port, secure }, signal),
      );
      socket.destroy();
      return { task, atMs, durationMs: performance.now() - startedMs, tls };
    } catch (error) {
      const durationMs = performance.now() - startedMs;
      const tls = error instanceof IdentityError ? error.tls : undefined;
      return { task, atMs, durationMs, tls, trouble: troubleOf(error) };
    }
  }

  async #fetch(task: Fetch, atMs: number): Promise<FetchExchange> {
    const startedMs = performance.now();
    try {
      const file = await this.#times.within(FETCH_MS_MAX, (signal) => fetchFile(task, signal));
      return { task, atMs, durationMs: performance.now() - startedMs, ...file };
    } catch (error) {
      return { task, atMs, durationMs: performance.now() - startedMs, trouble: troubleOf(error) };
    }
  }

  async #link(host: string, target: Omit<LinkTarget, 'address'>, signal: AbortSignal): Promise<Link> {
    const address = isIP(host) ? host : await this.#addressOf(host, signal);
    return openLink({ ...target, address }, signal);
  }

  /** The address of a server that is given by name, by this machine's own resolver: looked up once a run. */
  async #addressOf(host: string, signal: AbortSignal): Promise<string> {
    const looking = this.#addresses.get(host) ?? lookup(host).then(({ address }) => address);
    this.#addresses.set(host, looking);
    // A lookup cannot be ended: it is left alone.
    const aborted = new Promise<never>((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason as Error);
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    return Promise.race([looking, aborted]);
  }
}

/** What shares a rate limit: a host and a port, whatever the transport. */
function laneOf(task: Task): string {
  switch (task.kind) {
    case 'query':
      return `${task.server.host} ${task.server.port}`;
    case 'connect':
      return `${task.address} ${task.port}`;
    case 'fetch':
      return new URL(task.url).host;
  }
}
