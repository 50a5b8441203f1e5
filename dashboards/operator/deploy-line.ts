import type { ToldDeploy } from '#core/deploy/telling/told-deploy.ts';
import { MS_PER_HOUR } from '#core/units.ts';
import { deployHeadline, type DeployTone } from './deploy-headline.ts';
import type { ServiceSource } from './source.ts';

/** A deploy that went bad is shown on the wall for so long: a watch. */
const SHOWN_MS = 8 * MS_PER_HOUR;
/** Deploys of one service on the wall. */
const LINES_MAX = 3;

/** A deploy on the wall, in one line. Times epoch ms. */
export type DeployLine = {
  service: string;
  n: number;
  tone: DeployTone;
  text: string;
  /** When it was announced; of one that is over, when that was. */
  sinceMs: number;
  isGoingOn: boolean;
};

/** What is to be seen of a service beside the checks. */
export type ServiceLines = {
  service: string;
  title: string;
  /** Its object did not answer. */
  isUnreadable: boolean;
  frozen: { sinceMs: number; why: string } | undefined;
  /** Deploys that go on, or went bad in the last hours; newest first. */
  deploys: DeployLine[];
};

/** The services of which there is something to be seen. Pure. */
export function serviceLines(services: readonly ServiceSource[], nowMs: number): ServiceLines[] {
  return services
    .map(({ service, title, view }) => ({
      service,
      title: view?.title ?? title,
      isUnreadable: view === undefined,
      frozen: view?.freeze && { sinceMs: view.freeze.sinceMs, why: view.freeze.why },
      deploys: (view?.deploys ?? [])
        .flatMap((deploy, index) => lineOf(deploy, index === 0, nowMs))
        .slice(0, LINES_MAX),
    }))
    .filter(({ isUnreadable, frozen, deploys }) => isUnreadable || frozen || deploys.length > 0);
}

function lineOf(deploy: ToldDeploy, isLatest: boolean, nowMs: number): DeployLine[] {
  const { service, n, outcome, announcedAtMs, decidedAtMs, endedAtMs, healthyAgainAtMs } = deploy;
  const { tone, text, isGoingOn } = deployHeadline(deploy, isLatest);
  const overMs = healthyAgainAtMs ?? endedAtMs ?? decidedAtMs ?? announcedAtMs;
  const wentBad =
    outcome === 'bad' || outcome === 'both-failing' || outcome === 'cannot-tell' || outcome === 'blocked';
  if (!isGoingOn && !(wentBad && nowMs - overMs <= SHOWN_MS)) return [];
  return [{ service, n, tone, text, sinceMs: isGoingOn ? announcedAtMs : overMs, isGoingOn }];
}
