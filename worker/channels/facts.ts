import { deployWords, type PageDeploy } from '#core/deploy/telling/page-deploy.ts';
import { serviceOfSubject } from '#core/deploy/telling/subject.ts';
import { sharedFailure, type Page, type Reason } from '#core/page.ts';
import { formatMs, truncate } from '#core/units.ts';
import type { Room } from './room.ts';

export type Link = { text: string; href: string };

/** What a page tells, in words; every channel renders all of it. Absent facts are left out. */
export type PageFacts = {
  summary: string;
  /** Label and value, in the order a person asks. */
  facts: [label: string, value: string][];
  /** A line per region, the failing ones first; before them what all failing ones have in common. */
  regions: string[];
  /** Other checks that went down with this one, and how many more there are. */
  checks: { text: string; href?: string }[];
  /** The incident first, then what to do about it. */
  links: Link[];
};

type Shared = NonNullable<ReturnType<typeof sharedFailure>>;

/** Longer addresses are left out: a cut one leads nowhere, and browsers and providers stop near here. */
const HREF_CHARS_MAX = 2_000;

const REASON_WORDS: Record<Reason, string> = {
  unanimous: 'no success anywhere',
  partial: 'a part of all tries fails',
  regional: 'two or more regions fail',
  latency: 'slower in most regions',
  blind: 'too few regions report',
  'break-glass': 'a probe pages by itself, the hub is out of reach',
  drill: 'a drill, nothing is broken',
  'one-region': 'one region alone fails',
  invalid: 'a probe measures nothing',
  maintenance: 'a maintenance window has ended',
  'channel-broken': 'a channel does not take pages',
  'dns-warning': 'a DNS check passes, and warns',
  deploy: 'of a deploy',
};

const EVENT_MARKS: Record<Page['event'], string> = {
  trigger: '🔴',
  update: '🟠',
  acknowledge: '🟡',
  resolve: '🟢',
  notice: '🔵',
  change: '⚪',
};

/** One sign that tells at a glance what a message is, for providers without a field for it. */
export function markOf(page: Pick<Page, 'event'>): string {
  return EVENT_MARKS[page.event];
}

/** The facts of a page, cut to the room there is. */
export function factsOf(page: Page, room: Room): PageFacts {
  const short = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : truncate(text, room.textCharsMax);
  const lastedMs = lastedMsOf(page);
  const isIncident = page.event !== 'notice' && page.reason !== 'deploy';
  const { deploy } = page;
  const facts: [string, string | undefined][] = [
    [serviceOfSubject(page.check) === undefined ? 'Check' : 'Service', short(page.title)],
    ['Failing step', short(page.step)],
    ['Error class', short(page.errorClass)],
    ['Error', short(page.error)],
    ['Deploy', deploy && short(deployWords(deploy))],
    ['Roll back', deploy && rollbackWords(deploy, room)],
    ['Since', isoTime(page.sinceMs)],
    ['Last good run', isoTimeOf(page.lastGoodAtMs) ?? (isIncident ? 'none known' : undefined)],
    ['Acknowledged by', short(page.acknowledgedBy)],
    ['Resolved', isoTimeOf(page.resolvedAtMs)],
    ['Lasted', lastedMs === undefined ? undefined : formatMs(lastedMs)],
    ['Flapping', page.flapping ? 'yes, it has changed often of late' : undefined],
    ['Reason', `${page.reason} (${REASON_WORDS[page.reason]})`],
    ['Decided', isoTime(page.decidedAtMs)],
    ['Owner', short(page.owner)],
  ];
  return {
    summary: truncate(page.summary, room.textCharsMax),
    facts: facts.filter((fact): fact is [string, string] => fact[1] !== undefined),
    regions: regionLines(page, room),
    checks: groupedLines(page, room),
    links: linksOf(page),
  };
}

/** The facts as lines of plain text, without summary and links. */
export function factLines({ facts, regions, checks }: PageFacts): string[] {
  return [
    ...checks.map(({ text }) => `Also down: ${text}`),
    ...facts.map(([label, value]) => `${label}: ${value}`),
    ...regions,
  ];
}

/** How a deploy is taken back; of one that is already, nothing. Half a command is worse than none. */
function rollbackWords({ rollback, rolledBackAtMs }: PageDeploy, room: Room): string | undefined {
  if (rollback === undefined || rolledBackAtMs !== undefined) return undefined;
  return rollback.length <= room.textCharsMax ? rollback : 'the deploy’s page says how';
}

/** How long the incident lasted, milliseconds; only of one that is over. */
export function lastedMsOf(page: Page): number | undefined {
  return page.event === 'resolve' ? (page.resolvedAtMs ?? page.decidedAtMs) - page.sinceMs : undefined;
}

/** When what the message says happened, epoch ms: an incident's beginning is told apart, as `since`. */
export function happenedAtMs(page: Page): number {
  return page.event === 'resolve' ? (page.resolvedAtMs ?? page.decidedAtMs) : page.decidedAtMs;
}

/** Epoch ms → `2026-11-21T18:40:49.000Z`; a person and a machine can both read it. */
export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function isoTimeOf(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : isoTime(timeMs);
}

function regionLines(page: Page, room: Room): string[] {
  const shared = sharedFailure(page);
  const ordered = page.regions.toSorted((a, b) => Number(b.vote === 'fail') - Number(a.vote === 'fail'));
  const lines = ordered.slice(0, room.linesMax).map((region) => {
    const streak = region.failuresInRow > 1 ? `, ${region.failuresInRow} in a row` : '';
    const failure =
      region.failure === undefined || shared ? '' : ` — ${region.failure.replaceAll(/\s+/g, ' ')}`;
    return truncate(
      `${region.title} (${region.region}): ${region.vote}${streak}${failure}`,
      room.textCharsMax,
    );
  });
  const hidden = ordered.length - lines.length;
  return [
    ...(shared ? [truncate(sharedLine(shared, page), room.textCharsMax)] : []),
    ...lines,
    ...(hidden > 0 ? [`and ${hidden} more`] : []),
  ];
}

/** `all 4 regions: timeout: …`; what the fact `Error` says already is not said again. */
function sharedLine({ text, regions, isError }: Shared, page: Page): string {
  const where =
    regions === page.regions.length
      ? `all ${regions} regions`
      : `${regions} of ${page.regions.length} regions`;
  return `${where}: ${isError ? `the same error, ${page.errorClass ?? 'of no class'}` : text}`;
}

function groupedLines({ checks = [] }: Page, room: Room): PageFacts['checks'] {
  const lines = checks.slice(0, room.linesMax).map(({ title, check, seq, incidentUrl }) => {
    // The key is what other messages know it by: it stays whole.
    const text = `${truncate(title, room.textCharsMax)} (${check}:${seq})`;
    return incidentUrl.length > HREF_CHARS_MAX ? { text } : { text, href: incidentUrl };
  });
  const hidden = checks.length - lines.length;
  return hidden > 0 ? [...lines, { text: `and ${hidden} more` }] : lines;
}

function linksOf(page: Page): Link[] {
  const isOpen = page.event === 'trigger' || page.event === 'update';
  const deployUrl = page.deploy?.deployUrl;
  const isOfDeploy = page.incidentUrl === deployUrl;
  const links: [string, string | undefined][] = [
    [isOfDeploy ? 'Deploy' : 'Incident', page.incidentUrl],
    ['Acknowledge', isOpen ? page.acknowledgeUrl : undefined],
    ['Deploy', isOfDeploy ? undefined : deployUrl],
    ['Runbook', page.runbookUrl],
    ['Failed run', page.runUrl],
    ['Screenshot', page.screenshotUrl],
  ];
  return links.flatMap(([text, href]) =>
    href === undefined || href.length > HREF_CHARS_MAX ? [] : [{ text, href }],
  );
}
