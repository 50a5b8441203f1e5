import { formatMs, MS_PER_MINUTE } from '#core/units.ts';
import { isSeenInPart, type CheckRow } from './check-row.ts';
import type { IncidentView } from './incident-view.ts';
import type { NetworkRow } from './network-row.ts';
import type { RegionRow } from './region-row.ts';

/** `down`: wake up. `warning`: look. `blind`: nothing is known. `up`: every check is up by the votes of all its regions. */
export type Tone = 'down' | 'warning' | 'blind' | 'up';

/** The state of everything in one line, and what a person should know next. */
export type Headline = {
  tone: Tone;
  text: string;
  /** One sentence each. */
  notes: string[];
  /** For the window's title: `2 open`, `blind`, `all up`. */
  short: string;
};

export type HeadlineSubject = {
  checks: readonly CheckRow[];
  incidents: readonly IncidentView[];
  regions: readonly RegionRow[];
  network: NetworkRow | undefined;
  nowMs: number;
};

/** The words somebody reads first at 3 am. `up` only when every region says so: silence is never health. */
export function headlineOf(subject: HeadlineSubject): Headline {
  return { ...stateOf(subject), notes: notesOf(subject) };
}

function stateOf(subject: HeadlineSubject): Omit<Headline, 'notes'> {
  const { checks, incidents } = subject;
  const open = incidents.filter((incident) => incident.status === 'open');
  if (open.length > 0)
    return {
      tone: 'down',
      text: `${count(open.length, 'incident')} open${whoHas(open)}`,
      short: `${open.length} open`,
    };
  const sight = subject.network;
  if (sight?.incident)
    return {
      tone: 'blind',
      text: `Blind: ${sight.live} of ${count(sight.regions, 'region')} report${whoHasSight(sight)}`,
      short: 'blind',
    };
  if (checks.length === 0) return { tone: 'blind', text: 'No checks are configured', short: 'no checks' };
  const unknown = checks.filter(isUnknown);
  if (unknown.length === checks.length)
    return { tone: 'blind', text: `Blind: ${blindReason(subject)}`, short: 'blind' };
  const failing = checks.filter((check) => !isUnknown(check) && check.verdict !== 'up');
  const [first] = failing;
  if (first) {
    const what =
      failing.length === 1
        ? `${first.title} fails in ${first.failing} of ${first.votes} regions`
        : `${failing.length} checks fail in some regions`;
    const stage = failing.some((check) => check.confirming) ? 'confirming now' : 'no page yet';
    return { tone: 'warning', text: `${what}, ${stage}`, short: 'failing' };
  }
  if (unknown.length > 0)
    return {
      tone: 'blind',
      text: `Blind on ${unknown.length} of ${count(checks.length, 'check')}`,
      short: 'blind',
    };
  if (incidents.length > 0)
    return {
      tone: 'warning',
      text: `${count(incidents.length, 'incident')} recovered, not yet resolved`,
      short: 'recovering',
    };
  const text =
    checks.length === 1 ? `${checks[0]?.title ?? 'The check'} is up` : `All ${checks.length} checks up`;
  const { seeing, regions } = sightOf(subject);
  if (seeing < regions || checks.some(isSeenInPart)) {
    const seen = `${seeing} of ${count(regions, 'region')}`;
    return {
      tone: 'warning',
      text: checks.length === 1 ? `${text}, seen from ${seen}` : `${text}, seen in full from ${seen}`,
      short: `up from ${seeing} of ${regions}`,
    };
  }
  return { tone: 'up', text, short: 'all up' };
}

/** Whether the reader is still needed: somebody has all of them, or nobody is to be woken for them. */
function whoHas(open: readonly IncidentView[]): string {
  if (open.every(({ ledger }) => ledger.held)) return ', held by maintenance';
  const holders = [...new Set(open.map(({ acknowledged }) => acknowledged?.by))];
  if (holders.includes(undefined)) return '';
  return holders.length === 1
    ? `, ${holders[0]} has ${open.length === 1 ? 'it' : 'them'}`
    : ', all acknowledged';
}

function whoHasSight({ incident }: NetworkRow): string {
  if (incident?.ledger.held) return ', held by maintenance';
  return incident?.acknowledged ? `, ${incident.acknowledged.by} has it` : '';
}

/** Regions that some check runs in, and those of them that are live and have a vote on each of their checks. */
function sightOf({ checks, regions }: HeadlineSubject): { seeing: number; regions: number } {
  const cells = checks.flatMap((check) => check.regions);
  const used = [...new Set(cells.map((cell) => cell.region))];
  const seeing = used.filter(
    (id) =>
      regions.every((region) => region.region !== id || region.status === 'live') &&
      cells.every((cell) => cell.region !== id || cell.votes),
  );
  return { seeing: seeing.length, regions: used.length };
}

function isUnknown(check: CheckRow): boolean {
  return check.verdict === 'blind' || check.verdict === 'unreadable';
}

/** Why nothing at all is known. */
function blindReason({ checks, regions, nowMs }: HeadlineSubject): string {
  if (checks.every((check) => check.verdict === 'unreadable')) return 'the hub could not read its checks';
  const cells = checks.flatMap((check) => check.regions);
  if (cells.some((cell) => cell.standing === 'abstains')) return 'no probe could do a usable run';
  if (cells.some((cell) => cell.standing === 'waiting')) return 'no result has come yet';
  const heardMs = [
    ...cells.map((cell) => cell.lastHeardMs ?? 0),
    ...regions.flatMap((region) => region.probes.map((probe) => probe.lastHeardMs)),
  ];
  const lastMs = Math.max(0, ...heardMs);
  if (lastMs === 0) return 'no region has reported yet';
  return `no region has reported for ${coarse(nowMs - lastMs)}`;
}

function notesOf({ checks, incidents, regions, network }: HeadlineSubject): string[] {
  const notes: string[] = [];
  if (network?.incident && incidents.some(({ status }) => status === 'open'))
    notes.push(`Blind besides: ${network.live} of ${count(network.regions, 'region')} report.`);
  const open = incidents.filter((incident) => incident.status === 'open');
  if (open.length > 0)
    notes.push(
      `${list(open.map(({ title, errorClass, latency }) => withCause(title, latency ? 'slow' : errorClass)))}.`,
    );
  const unknown = checks.filter(isUnknown);
  if (unknown.length > 0 && (open.length > 0 || unknown.length < checks.length))
    notes.push(`Nothing is known about ${list(unknown.map((check) => check.title))}.`);
  const silent = regions.filter((region) => region.status !== 'live');
  if (silent.length > 0) notes.push(`No sign of life from ${list(silent.map((region) => region.title))}.`);
  const abstaining = new Set(
    checks.flatMap((check) =>
      check.regions.filter((cell) => cell.standing === 'abstains').map((cell) => cell.regionTitle),
    ),
  );
  if (abstaining.size > 0)
    notes.push(`Our own fault in ${list([...abstaining])}: its runs are invalid and do not vote.`);
  const strangers = regions.filter((region) => region.probes.some((probe) => !probe.configMatches));
  if (strangers.length > 0)
    notes.push(`Probes in ${list(strangers.map((region) => region.title))} run another configuration.`);
  const undelivered = incidents.flatMap((incident) =>
    incident.deliveries.filter((delivery) => delivery.state === 'dead').map((delivery) => delivery.channel),
  );
  if (undelivered.length > 0) notes.push(`A page to ${list([...new Set(undelivered)])} was given up.`);
  const deaf = (network?.watchdogs ?? []).filter(({ status }) => status === 'failing');
  if (deaf.length > 0)
    notes.push(`${list(deaf.map(({ name }) => name))} ${deaf.length === 1 ? 'does' : 'do'} not take pings.`);
  if (silent.length === 0 && regions.length > 0) notes.push(`${count(regions.length, 'region')} reporting.`);
  return notes;
}

function withCause(title: string, cause: string | undefined): string {
  return cause === undefined ? title : `${title} (${cause})`;
}

/** `1 check`, `3 checks`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function list(names: readonly string[]): string {
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** Whole minutes from one minute on: the text must not change each second. */
function coarse(ms: number): string {
  return ms < MS_PER_MINUTE ? 'some seconds' : formatMs(Math.floor(ms / MS_PER_MINUTE) * MS_PER_MINUTE);
}
