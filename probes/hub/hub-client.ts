import type { BrokeGlass, Hello, Looked, NextStart, Overdue, PollAnswer } from '#core/wire.ts';
import { backoffMs } from './backoff.ts';
import type { Clock } from '../clock.ts';
import { Delivery } from './delivery.ts';
import { HubHttp, type HubAnswer } from './hub-http.ts';
import { HubRefusedError, HubSocket, type HubCommands } from './hub-socket.ts';
import { HUB_TIMINGS, type HubTimings } from './hub-timings.ts';
import type { Link } from './link.ts';
import { errorText, type Log } from '../log.ts';
import { Loop, type Pause } from './loop.ts';
import { Reach, type ReachListener } from './reach.ts';
import type { Saying } from './saying.ts';
import { ScreenshotUpload } from './screenshot-upload.ts';
import type { Spool } from '../spool/spool.ts';

/** Sockets that could not be opened, in a row, before HTTP is tried: a proxy refuses every upgrade alike. */
const SOCKET_FAILURES_MAX = 3;
/** A connection that ends sooner is no sign of a healthy hub: two probes of one name throw each other out like that. */
const STABLE_MS = 10_000;

export type HubClientOptions = {
  hubUrl: string;
  token: string;
  spool: Spool;
  clock: Clock;
  log: Log;
  timings?: Partial<HubTimings>;
  /** Made anew for each connection and each poll. */
  hello(): Hello;
  onStarts(starts: readonly NextStart[]): void;
  onReach: ReachListener;
  nextBrokeGlass(): BrokeGlass | undefined;
  onBrokeGlassTold(message: BrokeGlass): void;
} & HubCommands;

type Round = { established: boolean; error: string; refusedStatus?: number };

/**
 * The probe's connection to the hub: a socket, HTTP when a socket cannot be had, and back to a socket as soon as it can.
 * Sends what the spool holds and hands over what the hub says.
 */
export class HubClient {
  readonly #options: HubClientOptions;
  readonly #timings: HubTimings;
  readonly #http: HubHttp;
  readonly #delivery: Delivery;
  readonly #upload: ScreenshotUpload;
  readonly #reach: Reach;
  readonly #loop = new Loop(() => this.#round());
  #tasks: Promise<void>[] = [];
  #socket: HubSocket | undefined;
  #link: Link | undefined;
  /** Rounds without a stable connection, in a row: for the pause. */
  #failures = 0;
  /** Sockets that could not be opened, in a row: for the choice of HTTP. */
  #unopened = 0;
  #drained: (() => void) | undefined;
  #knocking: Promise<boolean> | undefined;

  constructor(options: HubClientOptions) {
    const { hubUrl, token, spool, clock, log } = options;
    this.#options = options;
    this.#timings = { ...HUB_TIMINGS, ...options.timings };
    this.#reach = new Reach(clock, options.onReach);
    this.#http = new HubHttp(hubUrl, token, this.#timings);
    this.#upload = new ScreenshotUpload({ spool, http: this.#http, timings: this.#timings, log });
    this.#delivery = new Delivery({
      spool,
      clock,
      log,
      timings: this.#timings,
      onStarts: (starts) => options.onStarts(starts),
      nextBrokeGlass: () => options.nextBrokeGlass(),
      onBrokeGlassTold: (message) => options.onBrokeGlassTold(message),
      onAcknowledged: (drained) => {
        this.#upload.wake();
        if (drained) this.#drained?.();
      },
    });
  }

  /** Begins to connect and to deliver; returns at once. A fault of our own in here ends the process. */
  start(): void {
    this.#reach.begin();
    this.#tasks = [this.#loop.start(), this.#delivery.start(), this.#upload.start()];
  }

  /** A run has been spooled, or the probe has paged by itself. */
  wake(): void {
    this.#delivery.wake();
  }

  /** Tells it once, if there is a way to the hub now; later it would be no news. */
  async overdue(overdue: Overdue): Promise<void> {
    const error = await this.#say(overdue);
    if (error !== undefined) this.#options.log('warn', 'overdue-not-told', { check: overdue.check, error });
  }

  /** As `overdue`: without an answer the hub's gate stays closed, and says so. */
  async looked(looked: Looked): Promise<void> {
    const error = await this.#say(looked);
    const { service, n, item } = looked;
    if (error !== undefined) this.#options.log('warn', 'looked-not-told', { service, n, item, error });
  }

  async #say(saying: Saying): Promise<string | undefined> {
    return this.#link === undefined ? 'no way to the hub' : this.#link.say(saying);
  }

  /** Whether the hub answers, whatever it says; over HTTP, within `knockMs`. Asked at once by several, it asks once. */
  knock(): Promise<boolean> {
    this.#knocking ??= this.#knock().finally(() => (this.#knocking = undefined));
    return this.#knocking;
  }

  async #knock(): Promise<boolean> {
    const answer = await this.#http.poll(this.#options.hello(), this.#timings.knockMs);
    if (answer.kind === 'ok') this.#take(answer.value);
    else if (isHubsRefusal(answer)) this.#reach.heard();
    else return false;
    return true;
  }

  /** Waits until the spool is empty, at most `deadlineMs`; not at all when the hub is out of reach. True when it is empty. */
  async drain(deadlineMs: number): Promise<boolean> {
    const isEmpty = (): boolean => this.#options.spool.stats().pending === 0;
    if (isEmpty() || this.#link === undefined) return isEmpty();
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
      timer = setTimeout(resolve, deadlineMs);
    });
    clearTimeout(timer);
    return isEmpty();
  }

  /** Ends the connection and waits for what is under way, each part within its own deadline. */
  async stop(): Promise<void> {
    this.#loop.stop();
    this.#delivery.stop();
    this.#upload.stop();
    this.#socket?.close('the probe stops');
    await Promise.all(this.#tasks);
  }

  async #round(): Promise<Pause> {
    const { clock, log } = this.#options;
    const startedMs = clock.monotonicMs();
    const ended = await this.#trySocket();
    if (this.#loop.stopped) return 'now';
    log('warn', ended.established ? 'hub-lost' : 'hub-socket-failed', {
      error: ended.error,
      status: ended.refusedStatus,
    });
    // Beside a socket that cannot be had, HTTP may still be there.
    if (ended.refusedStatus === undefined && this.#link === undefined) this.#reach.lost();
    if (ended.refusedStatus !== undefined) return this.#refused(ended.refusedStatus, ended.error);
    const wasStable = ended.established && clock.monotonicMs() - startedMs >= STABLE_MS;
    this.#failures = wasStable ? 1 : this.#failures + 1;
    this.#unopened = ended.established ? 0 : this.#unopened + 1;
    if (this.#unopened < SOCKET_FAILURES_MAX) return this.#backOff();
    return this.#pollForAWhile();
  }

  async #trySocket(): Promise<Round> {
    const { hubUrl, token, log } = this.#options;
    try {
      const hello = this.#options.hello();
      const socket = await HubSocket.open({
        hubUrl,
        token,
        hello,
        commands: this.#options,
        timings: this.#timings,
        log,
        onHeard: () => this.#reach.heard(),
        opened: (opening) => {
          this.#socket = opening;
        },
      });
      if (!this.#loop.stopped) {
        this.#use(socket);
        log('info', 'hub-connected', { url: hubUrl, spooled: hello.spooled, dropped: hello.dropped });
      }
      const error = await socket.closed;
      this.#use(undefined);
      return { established: true, error };
    } catch (error) {
      const text = errorText(error);
      return error instanceof HubRefusedError
        ? { established: false, error: text, refusedStatus: error.status }
        : { established: false, error: text };
    }
  }

  /** Asks over HTTP until it is time to try the socket again, or the hub does not answer this way either. */
  async #pollForAWhile(): Promise<Pause> {
    const { clock, log, hubUrl } = this.#options;
    const untilMs = clock.monotonicMs() + this.#timings.socketRetryMs;
    while (!this.#loop.stopped && clock.monotonicMs() < untilMs) {
      const answer: HubAnswer<PollAnswer> = await this.#http.poll(this.#options.hello());
      if (answer.kind !== 'ok') {
        this.#use(undefined);
        if (isHubsRefusal(answer)) this.#reach.heard();
        else this.#reach.lost();
        const status = answer.kind === 'refused' ? answer.status : undefined;
        if (status !== undefined && status < 500 && status !== 408 && status !== 429)
          return this.#refused(status, answer.error);
        log('warn', 'hub-out-of-reach', { url: hubUrl, status, error: answer.error });
        this.#failures += 1;
        return this.#backOff(answer.kind === 'refused' ? answer.retryAfterMs : undefined);
      }
      if (this.#loop.stopped) break;
      if (this.#link === undefined) {
        log('warn', 'hub-over-http', {
          url: hubUrl,
          why: 'no socket can be opened',
          pollMs: this.#timings.pollMs,
        });
        this.#failures = 0;
        this.#use(this.#http);
      }
      this.#take(answer.value);
      await this.#loop.sleep(Math.min(this.#timings.pollMs, Math.max(0, untilMs - clock.monotonicMs())));
    }
    return 'now';
  }

  /** What a poll has brought. */
  #take({ plan, commands }: PollAnswer): void {
    this.#reach.heard();
    this.#options.onPlan(plan);
    for (const command of commands) this.#options.onCommand(command);
  }

  #refused(status: number, error: string): Pause {
    const hint =
      status === 401 || status === 403
        ? 'is the token right, and for this region?'
        : status === 409
          ? 'are probe and hub of the same version?'
          : 'is the URL that of the hub?';
    this.#options.log('error', 'hub-refuses-probe', {
      status,
      error,
      hint,
      retryMs: this.#timings.slowRetryMs,
    });
    return { forMs: this.#timings.slowRetryMs };
  }

  #backOff(atLeastMs = 0): Pause {
    const { backoffMinMs, backoffMaxMs } = this.#timings;
    const waitMs = backoffMs(this.#failures, Math.random(), backoffMinMs, backoffMaxMs);
    return { forMs: Math.max(atLeastMs, waitMs) };
  }

  #use(link: Link | undefined): void {
    this.#link = link;
    this.#delivery.use(link);
    if (link !== undefined) this.#upload.wake();
    else this.#drained?.();
  }
}

/** Whether a hub said no, and not somebody in its place or a hub that cannot. */
function isHubsRefusal(answer: HubAnswer<unknown>): boolean {
  return answer.kind === 'refused' && answer.byHub && answer.status < 500;
}
