import { DurableObject } from 'cloudflare:workers';
import { dedupKey } from '#core/page.ts';
import type { Region } from '#core/config.ts';
import { assignedProbe } from '#core/schedule.ts';
import type { RegionView } from '#core/view.ts';
import {
  HEARTBEAT_INTERVAL_MS,
  SILENT_AFTER_MS,
  WIRE_VERSION,
  type Ack,
  type BrokeGlass,
  type Command,
  type Hello,
  type LookNow,
  type Looked,
  type Overdue,
  type PollAnswer,
  type ProbeMessage,
  type Refusal,
  type Report,
  type RunNow,
  type VerifyNow,
} from '#core/wire.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { log, logError, messageOf } from '../log.ts';
import type { ProbeIdentity } from '../probe-token.ts';
import { checkOf, hubConfigHash, workerRegions } from '../settings.ts';
import { AlarmClock } from './alarm-clock.ts';
import { NETWORK_NAME } from './network-rpc.ts';
import { objectName } from './object-name.ts';
import { readProbeMessage } from './probe-message.ts';
import { ProbeRegistry, type ProbeRecord } from './probe-registry.ts';
import { CLOSE, ProbeSockets } from './probe-sockets.ts';
import { planFor, planKey } from './region-plan.ts';
import { ReportDelivery } from './report-delivery.ts';
import { probeRefusal, refusal, reportRefusal, unknownCheck } from './report-rules.ts';
import type { RegionRpc } from './rpc.ts';
import { WaitingCommands } from './waiting-commands.ts';
import { wakeWorkerProbe, workerProbeName } from './worker-probe-rpc.ts';

/** Telling a check's or a service's object takes milliseconds; one that is being moved may take seconds. */
const CHECK_TIMEOUT_MS = 5_000;
/** The network's object asks the regions first. */
const NETWORK_TIMEOUT_MS = 10_000;
/** The asker of a region without probes comes by at each heartbeat: one that has missed two was not woken by its alarm. */
const ASKER_MISSING_MS = 2.5 * HEARTBEAT_INTERVAL_MS;
/** Header by which the route passes on whom the token speaks for. The route sets it; a client cannot. */
export const TOKEN_PROBE_HEADER = 'x-latchkey-token-probe';

/**
 * One region: its probes' sockets, which checks each of them runs, and the way of their runs to the checks' objects.
 * Named by the region's id. Heartbeats are answered by the runtime and wake nobody.
 */
export class RegionObject extends DurableObject<HubBindings> implements RegionRpc {
  readonly #region: string;
  /** Set when the hub itself asks from here: then there are no probes. */
  readonly #own: Region | undefined;
  readonly #probes: ProbeRegistry;
  readonly #sockets: ProbeSockets;
  readonly #delivery: ReportDelivery;
  readonly #clock: AlarmClock;
  readonly #commands = new WaitingCommands();
  /** Last report taken, of whatever probe: a region that reports is live even before a hello. */
  #reportedMs = 0;
  /** Last time a check's object stored runs of this region, and by that evaluated them. */
  #evaluatedMs = 0;

  constructor(ctx: DurableObjectState, env: HubBindings) {
    super(ctx, env);
    this.#region = objectName(ctx);
    this.#own = workerRegions.find(({ id }) => id === this.#region);
    this.#probes = new ProbeRegistry(ctx.storage.kv);
    this.#sockets = new ProbeSockets(ctx);
    this.#probes.startedAnew((probe) => this.#sockets.of(probe).length > 0, Date.now());
    this.#delivery = new ReportDelivery(this.#region, env);
    this.#clock = new AlarmClock(ctx.storage, () => undefined);
    void ctx.blockConcurrencyWhile(() => this.#clock.load());
  }

  /** Opens a probe's socket. The route has checked the token and says whom it speaks for. */
  override fetch(request: Request): Response {
    const tokenProbe = request.headers.get(TOKEN_PROBE_HEADER) ?? undefined;
    const client = this.#sockets.accept(tokenProbe, Date.now());
    if (!client)
      return Response.json({ error: `region ${this.#region} has too many sockets open` }, { status: 503 });
    return new Response(null, { status: 101, webSocket: client });
  }

  async report(report: Report, identity: ProbeIdentity): Promise<Ack | Refusal> {
    const answer = await this.#store(report, identity);
    if (answer.type === 'ack')
      for (const { run } of report.entries.slice(-1)) this.#probes.heard(run.probe, Date.now());
    return answer;
  }

  async poll(hello: Hello, identity: ProbeIdentity): Promise<PollAnswer | Refusal> {
    const refused = this.#helloRefusal(hello, identity);
    if (refused) return refused;
    this.#sockets.closeOlder(hello.probe);
    this.#probes.hello(hello, 'http', Date.now());
    await this.#replan();
    const hash = await hubConfigHash();
    const nowMs = Date.now();
    const commands = this.#commands.take(hello.probe, nowMs);
    return { plan: planFor(this.#region, hello.probe, this.#liveProbes(nowMs), hash, nowMs), commands };
  }

  async overdue(overdue: Overdue, identity: ProbeIdentity): Promise<Refusal | undefined> {
    const refused = probeRefusal(overdue.probe, identity) ?? unknownCheck(overdue.check);
    if (refused) return refused;
    this.#probes.heard(overdue.probe, Date.now());
    const told = this.env.CHECKS.getByName(overdue.check).overdue(this.#region, overdue.ageMs);
    await withDeadline(told, CHECK_TIMEOUT_MS, `check ${overdue.check}`);
    return undefined;
  }

  /** On a socket it is not answered: a refusal there would be taken for the answer to a report. */
  async #hearOverdue(overdue: Overdue, identity: ProbeIdentity): Promise<undefined> {
    const refused = await this.overdue(overdue, identity);
    if (refused) log('overdue-refused', { region: this.#region, check: overdue.check, error: refused.error });
  }

  async brokeGlass(glass: BrokeGlass, identity: ProbeIdentity): Promise<Ack | Refusal> {
    const wrongRegion =
      glass.region === this.#region
        ? undefined
        : refusal(403, `region: the token is for region ${this.#region}, the page is of ${glass.region}`);
    const refused = wrongRegion ?? probeRefusal(glass.probe, identity) ?? unknownCheck(glass.check);
    if (refused) return refused;
    const told = this.env.CHECKS.getByName(glass.check).brokeGlass(glass);
    await withDeadline(told, CHECK_TIMEOUT_MS, `check ${glass.check}`);
    return { type: 'ack', runs: [], starts: [], brokeGlass: [dedupKey(glass.check, glass.seq)] };
  }

  async runNow(
    check: string,
    trigger: RunNow['trigger'],
    deadlineMs?: number,
  ): Promise<{ live: boolean; lastHeardMs: number }> {
    const probe = checkOf(check) && assignedProbe(check, this.#liveProbes(Date.now()));
    if (probe !== undefined)
      this.#command(probe, {
        type: 'run-now',
        check,
        trigger,
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
      });
    if (this.#own) this.ctx.waitUntil(wakeWorkerProbe(this.env, this.#own));
    await this.#replan();
    return this.liveness();
  }

  async verifyNow(command: VerifyNow): Promise<{ live: boolean }> {
    const check = checkOf(command.check);
    const probes = check?.regions.includes(this.#region) ? this.#probesToTell() : [];
    return this.#tell(assignedProbe(command.check, probes), command);
  }

  async lookNow(command: LookNow): Promise<{ live: boolean }> {
    return this.#tell(assignedProbe(command.item, this.#probesToTell()), command);
  }

  async looked(looked: Looked, identity: ProbeIdentity): Promise<Refusal | undefined> {
    const refused = probeRefusal(looked.probe, identity);
    if (refused) return refused;
    this.#probes.heard(looked.probe, Date.now());
    const told = this.env.DEPLOYS.getByName(looked.service).looked(this.#region, looked);
    await withDeadline(told, CHECK_TIMEOUT_MS, `service ${looked.service}`);
    return undefined;
  }

  /** On a socket it is not answered, as an overdue run is not. */
  async #hearLooked(looked: Looked, identity: ProbeIdentity): Promise<undefined> {
    const refused = await this.looked(looked, identity);
    if (refused)
      log('looked-refused', { region: this.#region, service: looked.service, error: refused.error });
  }

  liveness(): { live: boolean; lastHeardMs: number; evaluatedMs: number } {
    const nowMs = Date.now();
    const heardMs = this.#members().map(({ probe }) => this.#lastHeardMs(probe));
    const lastHeardMs = Math.max(this.#reportedMs, ...heardMs);
    if (this.#own && nowMs - lastHeardMs > ASKER_MISSING_MS)
      this.ctx.waitUntil(wakeWorkerProbe(this.env, this.#own));
    return { live: nowMs - lastHeardMs <= SILENT_AFTER_MS, lastHeardMs, evaluatedMs: this.#evaluatedMs };
  }

  knows(probe: string): boolean {
    return this.#probes.get(probe) !== undefined;
  }

  async overview(): Promise<RegionView> {
    const hash = await hubConfigHash();
    const nowMs = Date.now();
    const probes = this.#members().map((record) => {
      const lastHeardMs = this.#lastHeardMs(record.probe);
      return {
        ...record,
        lastHeardMs,
        live: nowMs - lastHeardMs <= SILENT_AFTER_MS,
        configMatches: record.configHash === hash,
      };
    });
    const lastHeardMs = Math.max(this.#reportedMs, ...probes.map((probe) => probe.lastHeardMs));
    return {
      region: this.#region,
      live: nowMs - lastHeardMs <= SILENT_AFTER_MS,
      ...(lastHeardMs > 0 ? { lastHeardMs } : {}),
      probes,
      nowMs,
    };
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    try {
      await this.#receive(socket, message);
    } catch (error) {
      logError('socket-message-failed', error, { region: this.#region });
      this.#sockets.send(socket, refusal(500, 'the hub failed on this message'));
    }
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    await this.#left(socket);
  }

  override async webSocketError(socket: WebSocket, error: unknown): Promise<void> {
    log('socket-error', {
      region: this.#region,
      probe: this.#sockets.state(socket).probe,
      error: messageOf(error),
    });
    await this.#left(socket);
  }

  /** Only set while several probes share the region: one that has fallen silent hands its checks to the others. */
  override async alarm(): Promise<void> {
    this.#clock.fired();
    try {
      await this.#replan();
    } catch (error) {
      logError('region-alarm-failed', error, { region: this.#region });
    }
  }

  async #receive(socket: WebSocket, raw: string | ArrayBuffer): Promise<void> {
    const parsed = readProbeMessage(raw);
    if (!parsed.ok) {
      this.#sockets.send(socket, parsed.refusal);
      if (parsed.refusal.status === 413) socket.close(CLOSE.tooBig, 'message too big');
      return;
    }
    if (parsed.message.type === 'hello') return this.#hello(socket, parsed.message);
    const state = this.#sockets.state(socket);
    if (state.probe === undefined)
      return this.#sockets.send(socket, refusal(400, 'expected a hello before the first report'));
    this.#sockets.setState(socket, { ...state, lastMessageMs: Date.now() });
    const answer = await this.#answer(parsed.message, { region: this.#region, probe: state.tokenProbe });
    if (answer) this.#sockets.send(socket, answer);
    await this.#replan();
  }

  #answer(
    message: Exclude<ProbeMessage, Hello>,
    identity: ProbeIdentity,
  ): Promise<Ack | Refusal | undefined> {
    switch (message.type) {
      case 'report':
        return this.#store(message, identity);
      case 'overdue':
        return this.#hearOverdue(message, identity);
      case 'broke-glass':
        return this.brokeGlass(message, identity);
      case 'looked':
        return this.#hearLooked(message, identity);
    }
  }

  async #hello(socket: WebSocket, hello: Hello): Promise<void> {
    const state = this.#sockets.state(socket);
    const refused = this.#helloRefusal(hello, { region: this.#region, probe: state.tokenProbe });
    if (refused) {
      this.#sockets.send(socket, refused);
      return socket.close(CLOSE.policy, 'refused');
    }
    this.#sockets.closeOlder(hello.probe, socket);
    const nowMs = Date.now();
    this.#probes.hello(hello, 'socket', nowMs);
    // Without a plan key it gets its plan now, whoever else is live.
    this.#sockets.setState(socket, {
      tokenProbe: state.tokenProbe,
      probe: hello.probe,
      lastMessageMs: nowMs,
    });
    await this.#replan();
    for (const command of this.#commands.take(hello.probe, nowMs)) this.#sockets.send(socket, command);
    this.ctx.waitUntil(
      Promise.all([this.#wakeNetwork(), ...workerRegions.map((region) => wakeWorkerProbe(this.env, region))]),
    );
  }

  /** Whoever watches all regions is awake once there is one: the cron may be a quarter of an hour away after a deploy. */
  async #wakeNetwork(): Promise<void> {
    try {
      await withDeadline(this.env.NETWORK.getByName(NETWORK_NAME).tick(), NETWORK_TIMEOUT_MS, 'the network');
    } catch (error) {
      logError('network-not-woken', error, { region: this.#region });
    }
  }

  async #store(report: Report, identity: ProbeIdentity): Promise<Ack | Refusal> {
    const refused = reportRefusal(report, identity);
    if (refused) return refused;
    const { runs, starts } = await this.#delivery.deliver(report);
    this.#reportedMs = Date.now();
    if (runs.length > 0) this.#evaluatedMs = this.#reportedMs;
    const live = this.#liveProbes(Date.now());
    const reporters = new Set(report.entries.map(({ run }) => run.probe));
    return {
      type: 'ack',
      runs,
      // Another probe's check is that one's to start.
      starts: starts.filter(({ check }) => reporters.has(assignedProbe(check, live) ?? '')),
    };
  }

  /** Sends a new plan to each probe whose plan was made for other live probes, and drops sockets that fell silent. */
  async #replan(): Promise<void> {
    const hash = await hubConfigHash();
    const nowMs = Date.now();
    this.#sockets.closeSilent(nowMs);
    const live = this.#liveProbes(nowMs);
    const key = planKey(live);
    for (const socket of this.#sockets.open()) {
      const state = this.#sockets.state(socket);
      if (state.probe === undefined || !live.includes(state.probe) || state.planKey === key) continue;
      this.#sockets.send(socket, planFor(this.#region, state.probe, live, hash, nowMs));
      this.#sockets.setState(socket, { ...state, planKey: key });
    }
    await this.#clock.arm(live.length > 1 ? nowMs + SILENT_AFTER_MS : undefined, undefined, nowMs);
  }

  /** The hub asks DNS only where it asks by itself: there is no browser, and no cache near anybody. */
  #probesToTell(): string[] {
    return this.#own ? [] : this.#liveProbes(Date.now());
  }

  async #tell(probe: string | undefined, command: VerifyNow | LookNow): Promise<{ live: boolean }> {
    if (probe !== undefined) this.#command(probe, command);
    await this.#replan();
    return { live: probe !== undefined };
  }

  #command(probe: string, command: Command): void {
    const [socket] = this.#sockets.of(probe);
    if (socket) this.#sockets.send(socket, command);
    else this.#commands.put(probe, command, Date.now());
  }

  /** Probes that can be given work: with an open socket or polling, and heard from lately. */
  #liveProbes(nowMs: number): string[] {
    const connected = new Set(this.#sockets.open().map((socket) => this.#sockets.state(socket).probe));
    return this.#members()
      .filter(({ probe, transport }) => transport === 'http' || connected.has(probe))
      .map(({ probe }) => probe)
      .filter((probe) => nowMs - this.#lastHeardMs(probe) <= SILENT_AFTER_MS);
  }

  /** Those that belong here: a region may have had probes before the hub itself asked from there, and the other way round. */
  #members(): ProbeRecord[] {
    const asker = workerProbeName(this.#region);
    return this.#probes.all().filter(({ probe }) => (probe === asker) === (this.#own !== undefined));
  }

  #lastHeardMs(probe: string): number {
    const ofSockets = this.#sockets.of(probe).map((socket) => this.#sockets.heardMs(socket));
    return Math.max(this.#probes.get(probe)?.lastHeardMs ?? 0, ...ofSockets);
  }

  async #left(socket: WebSocket): Promise<void> {
    const { probe } = this.#sockets.state(socket);
    if (probe === undefined) return;
    this.#probes.left(probe, this.#sockets.heardMs(socket), this.#sockets.of(probe).length > 0);
    await this.#replan();
  }

  #helloRefusal(hello: Hello, identity: ProbeIdentity): Refusal | undefined {
    if (hello.wireVersion !== WIRE_VERSION)
      return refusal(409, `this hub speaks wire version ${WIRE_VERSION}, the probe ${hello.wireVersion}`);
    if (this.#own && hello.probe !== workerProbeName(this.#region))
      return refusal(403, `region ${this.#region} has no probes: the hub itself asks from there`);
    return probeRefusal(hello.probe, identity);
  }
}
