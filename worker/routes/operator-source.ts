import type { Check } from '#core/config.ts';
import type { ServiceView } from '#core/deploy/telling/service-view.ts';
import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import type { CheckView, IncidentView, NetworkView, RegionView, StoredRun } from '#core/view.ts';
import type { OverviewSource, ServiceSource } from '#dashboards/operator/source.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import { logError } from '../log.ts';
import { NETWORK_NAME } from '../objects/network-rpc.ts';
import { Semaphore } from '../semaphore.ts';
import { config } from '../settings.ts';

/** An object answers in milliseconds; a page that waits longer is better shown without it. Below app.js's own 5 s. */
const OBJECT_TIMEOUT_MS = 3_000;
/** Objects asked at once: the platform lets six connections wait (DESIGN section 6). */
const ASKED_AT_ONCE_MAX = 6;
/** Services on the pages: those of the configuration, and some that it does not name. */
const SERVICES_SHOWN_MAX = 100;

/** Reads what every check and every region says of itself. An object that does not answer in time is left out. */
export async function readOverview(env: HubBindings): Promise<OverviewSource> {
  const slots = new Semaphore(ASKED_AT_ONCE_MAX);
  const [network, checks, regions] = await Promise.all([
    slots.run(() => readNetwork(env)),
    Promise.all(
      config.checks.map(async (check) => ({ check, view: await slots.run(() => readCheck(env, check)) })),
    ),
    Promise.all(
      config.regions.map(async ({ id }) => ({
        region: id,
        view: await slots.run(() => readRegion(env, id)),
      })),
    ),
  ]);
  const views = checks.flatMap(({ view }) => view ?? []);
  const services = await readServices(env, views);
  return { config, checks, regions, network, services, nowMs: Date.now() };
}

/**
 * The services of the configuration, and those that it does not name and that a check has lately been told of: pipelines may
 * announce any. One that does not answer in time has no view.
 */
async function readServices(env: HubBindings, views: readonly CheckView[]): Promise<ServiceSource[]> {
  const slots = new Semaphore(ASKED_AT_ONCE_MAX);
  const titles = new Map(config.services.map(({ id, title }) => [id, title]));
  for (const { state } of views)
    for (const { service, title } of state.deploys ?? [])
      if (!titles.has(service) && titles.size < SERVICES_SHOWN_MAX) titles.set(service, title);
  return Promise.all(
    [...titles].map(async ([service, title]) => ({
      service,
      title,
      view: await slots.run(() => readService(env, service)),
    })),
  );
}

/** All services with their deploys, for their own page. */
export async function readAllServices(env: HubBindings): Promise<ServiceSource[]> {
  const slots = new Semaphore(ASKED_AT_ONCE_MAX);
  const views = await Promise.all(config.checks.map((check) => slots.run(() => readCheck(env, check))));
  return readServices(
    env,
    views.flatMap((view) => view ?? []),
  );
}

/** What a service's object says, or `undefined` when it does not answer. */
export function readService(env: HubBindings, service: string): Promise<ServiceView | undefined> {
  return answerOf(service, () => env.DEPLOYS.getByName(service).overview());
}

/** A deploy with its pairs, or `undefined` when there is none of that number (any more). @throws DeadlineError */
export async function readDeploy(
  env: HubBindings,
  service: string,
  n: number,
): Promise<ToldDeploy | undefined> {
  const asked = env.DEPLOYS.getByName(service).deploy(n) as Promise<ToldDeploy | undefined>;
  return withDeadline(asked, OBJECT_TIMEOUT_MS, 'the service');
}

/** What a check's object says, or `undefined` when it does not answer. */
export function readCheck(env: HubBindings, check: Check): Promise<CheckView | undefined> {
  return answerOf(check.id, () => env.CHECKS.getByName(check.id).view());
}

/** An incident of a check, or `undefined` when there is none of that number. @throws DeadlineError */
export async function readIncident(
  env: HubBindings,
  check: Check,
  seq: number,
): Promise<IncidentView | undefined> {
  return withDeadline(env.CHECKS.getByName(check.id).incident(seq), OBJECT_TIMEOUT_MS, 'the check');
}

/**
 * A run and the check it belongs to. Its id does not tell the check: without a hint every check is asked, which only
 * the links in pages do. `undefined` when no check has it (any more).
 * @throws DeadlineError when a check that may have it does not answer
 */
export async function readRun(
  env: HubBindings,
  runId: string,
  hint: Check | undefined,
): Promise<{ check: Check; stored: StoredRun } | undefined> {
  const slots = new Semaphore(ASKED_AT_ONCE_MAX);
  const asked = hint ? [hint] : config.checks;
  const found = await Promise.all(
    asked.map((check) =>
      slots.run(async () => {
        const answer = env.CHECKS.getByName(check.id).run(runId) as Promise<StoredRun | undefined>;
        const stored = await withDeadline(answer, OBJECT_TIMEOUT_MS, 'the check');
        return stored && stored.run.check === check.id ? { check, stored } : undefined;
      }),
    ),
  );
  return found.find((one) => one !== undefined);
}

/** What the object of all regions together says, or `undefined` when it does not answer. */
export function readNetwork(env: HubBindings): Promise<NetworkView | undefined> {
  return answerOf(NETWORK_NAME, () => env.NETWORK.getByName(NETWORK_NAME).overview());
}

function readRegion(env: HubBindings, region: string): Promise<RegionView | undefined> {
  return answerOf(region, () => env.REGIONS.getByName(region).overview());
}

async function answerOf<T>(name: string, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await withDeadline(ask(), OBJECT_TIMEOUT_MS, name);
  } catch (error) {
    logError('object-unreadable', error, { name });
    return undefined;
  }
}
