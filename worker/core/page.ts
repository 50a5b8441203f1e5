import { z } from 'zod';
import type { Check, Config } from './config.ts';
import type { DeployMark } from './deploy/telling/mark.ts';
import { afterDeploy, PageDeploy, pageDeployOf } from './deploy/telling/page-deploy.ts';
import { failureLabel, type Failure } from './failure.ts';
import { formatMs, truncate } from './units.ts';
import type { RegionState } from './region.ts';

/** How one region stands, as a page shows it. */
const RegionLine = z.strictObject({
  region: z.string(),
  title: z.string(),
  /** `fail`, `pass`, or why it has no say: `abstains`, `silent`, `no result yet`. */
  vote: z.string(),
  /** Label and message of its last failure. */
  failure: z.string().optional(),
  failuresInRow: z.int(),
});

/** Another check that one page speaks for. */
export const GroupedCheck = z.strictObject({
  check: z.string(),
  title: z.string(),
  seq: z.int(),
  incidentUrl: z.string(),
});
export type GroupedCheck = z.infer<typeof GroupedCheck>;

/**
 * Why a page or notice goes out. The first three are the rules; `latency`: slower in most regions; `blind`: too few
 * regions live; `break-glass`: a probe paged by itself; `drill`: a test of the way. The rest are notices: `one-region`,
 * `invalid` (a probe measures nothing), `maintenance` (a window has ended), `channel-broken`, `grouped` (an incident
 * joined one page), `dns-warning` (a DNS check has begun to warn of something). `deploy`: of a deploy, a page, a notice or a change.
 */
export const REASONS = [
  'unanimous',
  'partial',
  'regional',
  'latency',
  'blind',
  'break-glass',
  'drill',
  'one-region',
  'invalid',
  'maintenance',
  'channel-broken',
  'dns-warning',
  'deploy',
] as const;
export type Reason = (typeof REASONS)[number];

/**
 * What a message is: the opening of a page, a changed page, that somebody has it, that it is over; or what wakes nobody: a
 * notice, or a change (a deploy), which is only to be seen beside incidents.
 */
export const PAGE_EVENTS = ['trigger', 'update', 'acknowledge', 'resolve', 'notice', 'change'] as const;

/**
 * A message that wakes somebody (`trigger`), says more of the same (`update`), that it is taken care of
 * (`acknowledge`) or over (`resolve`), or one that wakes nobody (`notice`).
 * Everything a channel needs to render; times are epoch ms, the hub's.
 */
export const Page = z.strictObject({
  event: z.enum(PAGE_EVENTS),
  /** `<check>:<seq>`: the same for every attempt, every channel and the resolve. A notice has a key of its own. */
  dedupKey: z.string(),
  check: z.string(),
  title: z.string(),
  seq: z.int(),
  severity: z.enum(['critical', 'error', 'warning', 'info']),
  owner: z.string(),
  /** One line: what is broken, where, since when. */
  summary: z.string(),
  reason: z.enum(REASONS),
  /** The check has changed its mind often of late. */
  flapping: z.boolean().optional(),
  /** Who acknowledged, for `acknowledge`. */
  acknowledgedBy: z.string().optional(),
  /** The deploy it is about, or the one soon before it: then `afterMs` says how long before. */
  deploy: PageDeploy.optional(),
  /** Other checks that went down with this one. */
  checks: z.array(GroupedCheck).optional(),
  step: z.string().optional(),
  /** Label of the failure: `timeout`, `http 502`, `assertion`… */
  errorClass: z.string().optional(),
  error: z.string().optional(),
  regions: z.array(RegionLine),
  sinceMs: z.int(),
  decidedAtMs: z.int(),
  lastGoodAtMs: z.int().optional(),
  resolvedAtMs: z.int().optional(),
  /** The incident on the operator's page, the failed run there, and its screenshot. */
  incidentUrl: z.string(),
  runUrl: z.string().optional(),
  screenshotUrl: z.string().optional(),
  runbookUrl: z.string().optional(),
  /** A signed link that acknowledges the page; added when it is sent. */
  acknowledgeUrl: z.string().optional(),
});
export type Page = z.infer<typeof Page>;

/** What a page tells about what is behind it. */
export type PageSubject = {
  seq: number;
  reason: Reason;
  /** Of a notice, which has neither an incident's key nor its summary. */
  notice?: { key: string; summary: string; severity: Page['severity'] } | undefined;
  sinceMs: number;
  decidedAtMs: number;
  resolvedAtMs?: number | undefined;
  /** The failure the page speaks of, and the run it came from. */
  failure?: Failure | undefined;
  runId?: string | undefined;
  screenshot: boolean;
  lastGoodAtMs?: number | undefined;
  latency?: { latestMs: number; normalMs: number; regions: string[] } | undefined;
  /** The deploy that was soon before it began, and how long before. */
  deploy?: { deploy: DeployMark; afterMs: number } | undefined;
  checks?: GroupedCheck[] | undefined;
  flapping: boolean;
};

/** Characters of the summary: PagerDuty's limit, the tightest of the channels (Events API v2, `payload.summary`). */
const SUMMARY_CHARS_MAX = 1_024;
/** Characters of an error message in a page; the whole is on the operator's page. */
const ERROR_CHARS_MAX = 600;

/** Characters of a region's failure: a line or two of a list. */
const REGION_FAILURE_CHARS_MAX = 200;

/** The page for an incident. Pure: the same subject gives the same page, so a repeat is the same message. */
export function pageOf(
  event: Page['event'],
  config: Pick<Config, 'publicUrl' | 'regions'>,
  check: Check,
  regions: Record<string, RegionState>,
  isRegionLive: (region: RegionState) => boolean,
  subject: PageSubject,
): Page {
  const { failure, runId, notice, checks } = subject;
  const deploy =
    subject.deploy && pageDeployOf(config.publicUrl, subject.deploy.deploy, subject.deploy.afterMs);
  const lines = check.regions.map((id) => regionLine(id, config, regions[id], isRegionLive));
  const runUrl =
    runId === undefined ? undefined : `${config.publicUrl}/operator/runs/${encodeURIComponent(runId)}`;
  return {
    event,
    dedupKey: notice?.key ?? dedupKey(check.id, subject.seq),
    check: check.id,
    title: check.title,
    seq: subject.seq,
    severity: notice?.severity ?? check.severity,
    owner: check.owner,
    summary: truncate(notice?.summary ?? summaryOf(event, check, lines, subject, deploy), SUMMARY_CHARS_MAX),
    reason: subject.reason,
    ...(subject.flapping ? { flapping: true } : {}),
    ...(deploy ? { deploy } : {}),
    ...(checks && checks.length > 0 ? { checks } : {}),
    ...(failure?.step === undefined ? {} : { step: failure.step }),
    ...(failure === undefined
      ? {}
      : { errorClass: failureLabel(failure), error: truncate(failure.message, ERROR_CHARS_MAX) }),
    regions: lines,
    sinceMs: subject.sinceMs,
    decidedAtMs: subject.decidedAtMs,
    ...(subject.lastGoodAtMs === undefined ? {} : { lastGoodAtMs: subject.lastGoodAtMs }),
    ...(subject.resolvedAtMs === undefined ? {} : { resolvedAtMs: subject.resolvedAtMs }),
    incidentUrl: notice
      ? `${config.publicUrl}/operator/checks/${check.id}`
      : `${config.publicUrl}/operator/checks/${check.id}/incidents/${subject.seq}`,
    ...(runUrl === undefined ? {} : { runUrl }),
    ...(runUrl === undefined || !subject.screenshot ? {} : { screenshotUrl: `${runUrl}/screenshot` }),
    ...(check.runbook === undefined ? {} : { runbookUrl: check.runbook }),
  };
}

/**
 * The failure that all regions with a failure have in common, if two or more have one: it is said once for all of them.
 * `regions`: how many; `isError`: it is the page's own `error`. White space does not tell failures apart.
 */
export function sharedFailure(
  page: Pick<Page, 'regions' | 'errorClass' | 'error'>,
): { text: string; regions: number; isError: boolean } | undefined {
  const failures = page.regions.flatMap(({ failure }) => (failure === undefined ? [] : [oneLine(failure)]));
  const [text] = failures;
  if (text === undefined || failures.length < 2 || failures.some((other) => other !== text)) return undefined;
  const error = truncate(`${page.errorClass ?? ''}: ${page.error ?? ''}`, REGION_FAILURE_CHARS_MAX);
  return { text, regions: failures.length, isError: oneLine(error) === text };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

/** Key of an incident at every provider (DESIGN section 5: `dedup_key = check:seq`). */
export function dedupKey(check: string, seq: number): string {
  return `${check}:${seq}`;
}

function summaryOf(
  event: Page['event'],
  check: Check,
  lines: Page['regions'],
  subject: PageSubject,
  deploy: PageDeploy | undefined,
): string {
  if (event === 'resolve') {
    const lasted = formatMs((subject.resolvedAtMs ?? subject.decidedAtMs) - subject.sinceMs);
    return `${check.title} works again after ${lasted}`;
  }
  const others = subject.checks?.length ?? 0;
  const who = others === 0 ? check.title : `${check.title} and ${others} more`;
  const after = deploy && afterDeploy(deploy);
  const when = after === undefined ? '' : `, ${after}`;
  if (subject.latency) {
    const { latestMs, normalMs, regions } = subject.latency;
    return `${who} is slow in ${regions.length} of ${lines.length} regions — ${formatMs(latestMs)} instead of ${formatMs(normalMs)}${when}`;
  }
  const failing = lines.filter((line) => line.vote === 'fail').length;
  const what = subject.failure
    ? ` — ${failureLabel(subject.failure)}${subject.failure.step ? ` at “${subject.failure.step}”` : ''}`
    : '';
  return `${who} ${others === 0 ? 'fails' : 'fail'} in ${failing} of ${lines.length} regions${what}${when}`;
}

function regionLine(
  id: string,
  config: Pick<Config, 'regions'>,
  region: RegionState | undefined,
  isRegionLive: (region: RegionState) => boolean,
): Page['regions'][number] {
  const title = config.regions.find((known) => known.id === id)?.title ?? id;
  const base = { region: id, title, failuresInRow: region?.failuresInRow ?? 0 };
  if (!region || !isRegionLive(region)) return { ...base, vote: 'silent' };
  if (region.abstains) return { ...base, vote: 'abstains' };
  if (!region.vote) return { ...base, vote: 'no result yet' };
  const failure = region.vote.failure;
  return {
    ...base,
    vote: region.vote.outcome,
    ...(failure
      ? { failure: truncate(`${failureLabel(failure)}: ${failure.message}`, REGION_FAILURE_CHARS_MAX) }
      : {}),
  };
}

/** What the outbox must know of an incident that its messages are about. */
export type Paged = {
  seq: number;
  isOver: boolean;
  acknowledged?: { atMs: number; by: string; via: string } | undefined;
};
