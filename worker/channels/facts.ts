import { sharedFailure, type Page } from '#core/page.ts';
import { formatMs, truncate } from '#core/units.ts';

/** How much of a page a provider has room for. */
export type Room = { textCharsMax: number; regionsMax: number };

/** What a page tells, in words; every channel renders all of it. Absent facts are left out. */
export type PageFacts = {
  summary: string;
  /** Label and value, in the order a person asks. */
  facts: [label: string, value: string][];
  /** A line per region, the failing ones first; before them what all failing ones have in common. */
  regions: string[];
  /** The incident first. */
  links: { text: string; href: string }[];
};

type Shared = NonNullable<ReturnType<typeof sharedFailure>>;

/** Ever less room: a page is shortened, never refused for its size (reference: paging, section 1.4, rule 9). */
const ROOMS: readonly Room[] = [
  { textCharsMax: 2_000, regionsMax: 100 },
  { textCharsMax: 600, regionsMax: 30 },
  { textCharsMax: 200, regionsMax: 20 },
  { textCharsMax: 80, regionsMax: 10 },
];
const LAST_ROOM: Room = { textCharsMax: 40, regionsMax: 3 };
/** Longer addresses are left out: a cut one leads nowhere, and browsers and providers stop near here. */
const HREF_CHARS_MAX = 2_000;

/** The first rendering, from roomy to tight, whose UTF-8 is within `bytesMax`; the tightest when none is. */
export function fitBytes(bytesMax: number, render: (room: Room) => string): string {
  const encoder = new TextEncoder();
  for (const room of ROOMS) {
    const text = render(room);
    if (encoder.encode(text).byteLength <= bytesMax) return text;
  }
  return render(LAST_ROOM);
}

/** The facts of a page, cut to the room there is. */
export function factsOf(page: Page, room: Room): PageFacts {
  const short = (text: string): string => truncate(text, room.textCharsMax);
  const facts: [string, string | undefined][] = [
    ['Check', short(page.title)],
    ['Failing step', page.step === undefined ? undefined : short(page.step)],
    ['Error class', page.errorClass === undefined ? undefined : short(page.errorClass)],
    ['Error', page.error === undefined ? undefined : short(page.error)],
    ['Since', isoTime(page.sinceMs)],
    ['Last good run', page.lastGoodAtMs === undefined ? 'none known' : isoTime(page.lastGoodAtMs)],
    ['Resolved', page.resolvedAtMs === undefined ? undefined : isoTime(page.resolvedAtMs)],
    ['Lasted', lastedMsOf(page) === undefined ? undefined : formatMs(lastedMsOf(page) ?? 0)],
    ['Decided by', `rule “${page.rule}” at ${isoTime(page.decidedAtMs)}`],
    ['Owner', short(page.owner)],
  ];
  return {
    summary: short(page.summary),
    facts: facts.filter((fact): fact is [string, string] => fact[1] !== undefined),
    regions: regionLines(page, room),
    links: linksOf(page),
  };
}

/** How long the incident lasted, milliseconds; only of one that is over. */
export function lastedMsOf(page: Page): number | undefined {
  return page.event === 'resolve' ? (page.resolvedAtMs ?? page.decidedAtMs) - page.sinceMs : undefined;
}

/** Epoch ms → `2026-11-21T18:40:49.000Z`; a person and a machine can both read it. */
export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function regionLines(page: Page, room: Room): string[] {
  const shared = sharedFailure(page);
  const ordered = page.regions.toSorted((a, b) => Number(b.vote === 'fail') - Number(a.vote === 'fail'));
  const lines = ordered.slice(0, room.regionsMax).map((region) => {
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

function linksOf(page: Page): PageFacts['links'] {
  const links: [string, string | undefined][] = [
    ['Incident', page.incidentUrl],
    ['Runbook', page.runbookUrl],
    ['Failed run', page.runUrl],
    ['Screenshot', page.screenshotUrl],
  ];
  return links.flatMap(([text, href]) =>
    href === undefined || href.length > HREF_CHARS_MAX ? [] : [{ text, href }],
  );
}
