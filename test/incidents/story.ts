import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { vi } from 'vitest';
import type { AnnouncementInput } from '#core/deploy/pipeline/announcement.ts';
import { DEPLOYS_PATH } from '#core/deploy/pipeline/path.ts';
import { Announced, type ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import type { Incident } from '#core/incident.ts';
import type { CheckView } from '#core/view.ts';
import { checkOf } from '#worker/settings.ts';
import { mintServiceToken } from '#worker/service-token.ts';
import { ModelledProbe, type ProbeOptions, type Target } from './modelled-probes.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;

/**
 * Far ahead of the machine's clock: the alarms that the hub sets never fire by themselves, so that time passes only here.
 * Its timers never do either; an object's alarm is set for the same moment, and the story fires that.
 */
const ORIGIN_MS = Date.UTC(2040, 0, 1);
/** The hub has a cron; a story's minute has one too. */
const CRON_INTERVAL_MS = MINUTE_MS;
/** Real time that a page may take to the pager on loopback before the story counts as stuck. */
const SETTLE_MS_MAX = 10_000;

let stories = 0;

/**
 * An incident as it was, against the real hub: its objects run in workerd, their clock and timers belong to the story,
 * and probes are modelled. Nothing here waits for real time but for what really leaves the hub.
 */
export class Story {
  readonly #check: string;
  /** When the story began, epoch ms. */
  readonly originMs: number;
  readonly #probes: ModelledProbe[];
  /** The service that is deployed, once one is. */
  #service: string | undefined;
  #nowMs: number;
  #cronMs: number;
  #alarmMs = { check: Number.POSITIVE_INFINITY, service: Number.POSITIVE_INFINITY };

  constructor(checkId: string, target: Target, { pollMs, shelf }: ProbeOptions = {}) {
    const check = checkOf(checkId);
    if (!check) throw new Error(`the configuration has no check ${checkId}`);
    this.#check = checkId;
    // Each story a day later than the one before: the regions' objects are the same, and time does not go back.
    this.originMs = ORIGIN_MS + stories++ * 86_400_000;
    this.#nowMs = this.originMs;
    this.#cronMs = this.originMs + CRON_INTERVAL_MS;
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    vi.setSystemTime(this.originMs);
    const stepMs = check.intervalMs / check.regions.length;
    this.#probes = check.regions.map(
      (region, index) =>
        new ModelledProbe(region, check, target, this.originMs, this.originMs + index * stepMs, {
          pollMs,
          shelf,
        }),
    );
  }

  /** Milliseconds since the story began. */
  get atMs(): number {
    return this.#nowMs - this.originMs;
  }

  /** Lets the story go on to this moment, milliseconds since it began. */
  async until(atMs: number): Promise<void> {
    const endMs = this.originMs + atMs;
    while (this.#nowMs < endMs) {
      const probesMs = this.#probes.map((probe) => probe.dueMs);
      const { check, service } = this.#alarmMs;
      const dueMs = Math.min(endMs, this.#cronMs, check, service, ...probesMs);
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      vi.setSystemTime(this.#nowMs);
      await this.#turn();
      await this.#learnAlarms();
    }
  }

  /** A pipeline announces a deploy by the hub's own API. */
  async announce(announcement: AnnouncementInput): Promise<ToldDeploy> {
    const { service } = announcement;
    const token = await mintServiceToken(env.PROBE_TOKEN_KEYS.split(','), service, this.#nowMs);
    const response = await exports.default.fetch(`https://hub.test${DEPLOYS_PATH}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(announcement),
    });
    if (!response.ok) throw new Error(await response.text());
    this.#service = service;
    const { deploy } = Announced.parse(await response.json());
    await this.#settled();
    for (const probe of this.#probes) await probe.obey(this.#nowMs);
    await this.#learnAlarms();
    return deploy;
  }

  /** The latest deploy, as pipelines are told of it. */
  async deploy(): Promise<ToldDeploy> {
    const deploy = await this.#serviceObject()?.deploy();
    if (!deploy) throw new Error('nothing was deployed');
    return deploy;
  }

  async view(): Promise<CheckView> {
    return this.#object().view();
  }

  /** Incidents, oldest first, their times in milliseconds since the story began. */
  async incidents(): Promise<Told[]> {
    const { incidents } = await this.view();
    return incidents.toReversed().map((incident) => told(incident, this.originMs));
  }

  async #turn(): Promise<void> {
    let asked = false;
    for (const probe of this.#probes)
      if (probe.dueMs <= this.#nowMs) asked = (await probe.act(this.#nowMs)) || asked;
    if (this.#nowMs >= this.#cronMs) {
      this.#cronMs += CRON_INTERVAL_MS;
      await this.#object().tick();
    }
    if (this.#nowMs >= this.#alarmMs.check) asked = (await runDurableObjectAlarm(this.#object())) || asked;
    const service = this.#serviceObject();
    if (service && this.#nowMs >= this.#alarmMs.service)
      asked = (await runDurableObjectAlarm(service)) || asked;
    if (!asked && !(await this.#isDeploying()) && !(await this.#isUnderWay())) return;
    await this.#settled();
    for (const probe of this.#probes) await probe.obey(this.#nowMs);
  }

  #object() {
    return env.CHECKS.getByName(this.#check);
  }

  #serviceObject() {
    return this.#service === undefined ? undefined : env.DEPLOYS.getByName(this.#service);
  }

  async #learnAlarms(): Promise<void> {
    const service = this.#serviceObject();
    this.#alarmMs = {
      check: await nextAlarmMs(this.#object()),
      service: service ? await nextAlarmMs(service) : Number.POSITIVE_INFINITY,
    };
  }

  /** Pairs may have been asked of the probes, which would be told by their sockets. */
  async #isDeploying(): Promise<boolean> {
    return this.#service !== undefined && (await this.deploy()).phase !== 'ended';
  }

  /** What the hub does beside its answers is done: nobody is being asked, and no page and no order is on its way. */
  async #settled(): Promise<void> {
    const startedMs = performance.now();
    do {
      await macrotask();
      if (performance.now() - startedMs > SETTLE_MS_MAX) throw new Error('the hub does not come to rest');
    } while (await this.#isUnderWay());
  }

  async #isUnderWay(): Promise<boolean> {
    const service = await this.#serviceObject()?.overview();
    const deliveries = [...(await this.view()).deliveries, ...(service?.deliveries ?? [])];
    if (deliveries.some(({ state }) => state === 'in-flight')) return true;
    if (!service) return false;
    const { rollback, verification, again } = await this.deploy();
    const pairs = [verification, again].flatMap((seen) => seen?.pairs ?? []);
    return rollback?.leaseUntilMs !== undefined || pairs.some(({ state }) => state === 'asked');
  }
}

async function nextAlarmMs(object: DurableObjectStub): Promise<number> {
  const alarmMs = await runInDurableObject(object, (_object, { storage }) => storage.getAlarm());
  return alarmMs ?? Number.POSITIVE_INFINITY;
}

/** An incident as a story tells it, milliseconds since it began. */
export type Told = {
  seq: number;
  status: Incident['status'];
  rule: Incident['rule'];
  errorClass: string | undefined;
  firstFailedStartMs: number;
  decidedMs: number | undefined;
  acceptedMs: number | undefined;
  resolvedAtMs: number | undefined;
};

function told({ seq, status, rule, cause, ledger, resolvedAtMs }: Incident, originMs: number): Told {
  const since = (timeMs: number | undefined): number | undefined =>
    timeMs === undefined ? undefined : timeMs - originMs;
  return {
    seq,
    status,
    rule,
    errorClass: cause?.failure.class,
    firstFailedStartMs: ledger.firstFailedStartMs - originMs,
    decidedMs: since(ledger.decidedMs),
    acceptedMs: since(ledger.acceptedMs),
    resolvedAtMs: since(resolvedAtMs),
  };
}

/** A turn of the event loop: whatever the hub has put off has begun. Timers are the story's, so it is not one of those. */
function macrotask(): Promise<void> {
  return scheduler.wait(1);
}

/** Numbers in [0, 1) that are the same in every run of a test (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
