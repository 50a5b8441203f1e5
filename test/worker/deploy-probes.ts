import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterAll } from 'vitest';
import { Announcement, type AnnouncementInput } from '#core/deploy/pipeline/announcement.ts';
import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import type { Failure } from '#core/failure.ts';
import type { DeploySide, Run } from '#core/run.ts';
import type { Ack, Command, PollAnswer, VerifyNow } from '#core/wire.ts';
import { aRun, ask, REGIONS, report, type Region } from './hub.ts';
import { helloOf } from './probe-socket.ts';

export const BROKEN: Failure = {
  owner: 'target',
  class: 'http',
  message: 'the page says: internal error',
  httpStatus: 500,
  step: 'Sign in',
};

const announced = new Set<string>();

// A verification that goes on wakes its object for as long as it lasts: the file's run would not always come to its end.
afterAll(async () => {
  for (const service of announced)
    await runInDurableObject(serviceObject(service), async (_object, { storage }) => {
      await storage.deleteAlarm();
      await storage.deleteAll();
    });
  await abortAllDurableObjects();
});

/** The object of a service. */
export function serviceObject(service: string) {
  return env.DEPLOYS.getByName(service);
}

/** Announces a deploy as a route does, its announcement checked; gives it, or throws what was wrong. */
export async function announce(
  announcement: AnnouncementInput,
): Promise<{ isNew: boolean; deploy: ToldDeploy }> {
  announced.add(announcement.service);
  const result = await serviceObject(announcement.service).announce(
    Announcement.parse(announcement),
    'pipeline test',
  );
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result;
}

/** The service's latest deploy. */
export async function latest(service: string): Promise<ToldDeploy> {
  const told = await serviceObject(service).deploy();
  if (!told) throw new Error(`${service} was never deployed`);
  return told;
}

/** What the hub wants of the region's probe, which is alive by asking. */
export async function commandsIn(region: Region): Promise<Command[]> {
  const response = await ask(region, 'POST', '/api/probe/poll', helloOf(probeOf(region)));
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json<PollAnswer>()).commands;
}

/** The pairs of a service's deploy that the hub wants now, by region. */
export async function pairsAsked(service: string): Promise<{ region: Region; command: VerifyNow }[]> {
  const asked = await Promise.all(
    REGIONS.map(async (region) =>
      (await commandsIn(region)).flatMap((command) =>
        command.type === 'verify-now' && command.deploy.service === service ? [{ region, command }] : [],
      ),
    ),
  );
  return asked.flat();
}

/** A call of a rollback as its receiver got it. */
type Called = {
  door: string;
  duplicate?: boolean;
  body: { type: string; data: { key: string; service: string; deploy: number } };
};

/** What the receiver of rollbacks has got for a service, oldest first. */
export async function rollbacksOf(service: string): Promise<Called[]> {
  const response = await fetch('https://pager.test/api/received');
  const received = await response.json<(Called | { door: string; body: { data?: undefined } })[]>();
  return received.filter(
    (one): one is Called => one.door === 'webhook' && one.body.data?.service === service,
  );
}

/** How a side of a pair ends: `undefined` passes. */
export type Ends = (side: DeploySide, region: Region) => Failure | undefined;

/** Does what the hub asks of the service's probes, once. Gives the pairs. */
export async function work(service: string, ends: Ends): Promise<VerifyNow[]> {
  const asked = await pairsAsked(service);
  for (const { region, command } of asked) await reportPair(region, command, ends);
  return asked.map(({ command }) => command);
}

export function reportPair(region: Region, command: VerifyNow, ends: Ends): Promise<Ack> {
  return report(region, ...runsOf(region, command, ends));
}

/** The runs of a pair, in the order they were asked for. */
export function runsOf(region: Region, { check, deploy, sides }: VerifyNow, ends: Ends): Run[] {
  return sides.map(({ side, selector }) => {
    const failure = ends(side, region);
    return aRun(check, region, {
      probe: probeOf(region),
      trigger: 'deploy',
      deploy: { ...deploy, side, apart: selector !== undefined },
      ...(failure ? { failure } : {}),
    });
  });
}

function probeOf(region: Region): string {
  return `probe-${region}`;
}
