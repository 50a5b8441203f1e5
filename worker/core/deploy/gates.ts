import { truncate } from '../units.ts';
import type { Looked } from '../wire.ts';
import type { Announcement } from './pipeline/announcement.ts';
import { judgeCache } from '../cache-rule.ts';
import type { ChecklistItem, Gate } from './service/checklist.ts';
import type { OutageFreeze } from './deploy.ts';
import type { CheckStanding } from './event.ts';
import type { Service } from './service/service.ts';

/** Ids of the gates that every verification has; no item's id has a dot. */
const NO_INCIDENT = 'latchkey.no-incident';
const NO_FREEZE = 'latchkey.no-freeze';

const EVIDENCE_CHARS_MAX = 500;
const TITLE_CHARS_MAX = 200;

/** The gates of a deploy as they stand at its announcement: what the announcement itself can answer is answered. */
export function gatesOf(
  service: Service,
  announcement: Announcement,
  freeze: OutageFreeze | undefined,
  nowMs: number,
): Gate[] {
  return [
    freezeGate(service, announcement, freeze, nowMs),
    announcement.duringIncident
      ? closedOver(NO_INCIDENT, 'no-incident', 'No incident is open', nowMs)
      : {
          id: NO_INCIDENT,
          kind: 'no-incident',
          title: 'No incident is open',
          state: 'waiting',
          evidence: [],
        },
    ...service.checklist.map((item) => itemGate(item, announcement, nowMs)),
  ];
}

/** The mend of an outage is not held up by it, and says so. */
function closedOver(id: string, kind: Gate['kind'], title: string, atMs: number): Gate {
  return { id, kind, title, state: 'passed', evidence: ['announced as the mend of an incident'], atMs };
}

function freezeGate(
  { freezes }: Service,
  { duringIncident }: Announcement,
  outage: OutageFreeze | undefined,
  nowMs: number,
): Gate {
  const title = 'No freeze';
  if (duringIncident) return closedOver(NO_FREEZE, 'no-freeze', title, nowMs);
  const planned = freezes
    .filter(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs)
    .map(({ title: name, untilMs }) => `${name}: until ${new Date(untilMs).toISOString()}`);
  const after = outage
    ? [
        `frozen since ${new Date(outage.sinceMs).toISOString()}: ${outage.why}; lift it on the operator's page`,
      ]
    : [];
  const evidence = [...planned, ...after].map((line) => truncate(line, EVIDENCE_CHARS_MAX));
  return {
    id: NO_FREEZE,
    kind: 'no-freeze',
    title,
    state: evidence.length > 0 ? 'failed' : 'passed',
    evidence,
    atMs: nowMs,
  };
}

function itemGate(item: ChecklistItem, announcement: Announcement, nowMs: number): Gate {
  const { id, kind } = item;
  switch (item.kind) {
    case 'confirmed': {
      const said = Object.hasOwn(announcement.confirmations, id) ? announcement.confirmations[id] : undefined;
      return {
        id,
        kind,
        title: item.title,
        state: said === undefined ? 'failed' : 'passed',
        evidence: [said ?? `nobody has confirmed it: latchkey verify --confirm ${id}=…`],
        atMs: nowMs,
      };
    }
    case 'cache-primed':
      return {
        id,
        kind,
        title: item.title ?? 'Cache primed in every region',
        state: 'waiting',
        evidence: [],
      };
    case 'dns-plan': {
      const title = truncate(item.title ?? `DNS plan of ${item.zone} is clean`, TITLE_CHARS_MAX);
      const plan = announcement.dnsPlans.find(({ zone }) => plain(zone) === plain(item.zone));
      if (!plan) {
        const evidence = [`no plan of ${item.zone} came: latchkey verify --dns-plan report.json`];
        return { id, kind, title, state: 'failed', evidence, atMs: nowMs };
      }
      const { critical, fail, warn } = plan;
      return {
        id,
        kind,
        title,
        state: critical + fail > 0 ? 'failed' : 'passed',
        evidence: [`${critical} critical, ${fail} failing, ${warn} to be warned of`],
        atMs: nowMs,
      };
    }
  }
}

function plain(zone: string): string {
  return zone.toLowerCase().replace(/\.$/, '');
}

/** The gates once the deploy's checks have said how they stand. One that has not answered leaves the gate waiting. */
export function withStandings(
  gates: readonly Gate[],
  checks: readonly string[],
  standings: readonly CheckStanding[],
  nowMs: number,
): Gate[] {
  return gates.map((gate) => {
    if (gate.kind !== 'no-incident' || gate.state !== 'waiting') return gate;
    const open = standings.flatMap(({ check, openIncident }) =>
      openIncident && checks.includes(check)
        ? [truncate(`${check}:${openIncident.seq} ${openIncident.summary}`, EVIDENCE_CHARS_MAX)]
        : [],
    );
    if (open.length > 0) return { ...gate, state: 'failed', evidence: open, atMs: nowMs };
    const isWhole = checks.every((id) => standings.some(({ check }) => check === id));
    return isWhole ? { ...gate, state: 'passed', evidence: [checks.join(', ')], atMs: nowMs } : gate;
  });
}

/** The gates once it is known which regions look at an item's addresses. Without a live one nothing can be shown. */
export function withLookers(
  gates: readonly Gate[],
  item: string,
  liveRegions: readonly string[],
  nowMs: number,
): Gate[] {
  return gates.map((gate) => {
    if (gate.id !== item || gate.kind !== 'cache-primed' || gate.state !== 'waiting') return gate;
    if (liveRegions.length === 0)
      return {
        ...gate,
        state: 'failed',
        evidence: ['no region has a live probe that could look'],
        atMs: nowMs,
      };
    return judged({ ...gate, regions: [...liveRegions] }, nowMs);
  });
}

/** The gates once a region has looked. Its first answer stands: a second one would find what the first has primed. */
export function withLook(
  gates: readonly Gate[],
  items: readonly ChecklistItem[],
  region: string,
  { item: id, answers }: Looked,
  nowMs: number,
): Gate[] {
  const item = items.find((known) => known.id === id);
  return gates.map((gate) => {
    if (gate.id !== id || gate.state !== 'waiting' || item?.kind !== 'cache-primed') return gate;
    if (gate.looks?.some((look) => look.region === region)) return gate;
    const lines = item.urls.map((url) => {
      const answer = answers.find((known) => known.url === url);
      if (answer?.status === undefined)
        return { isPrimed: false, line: `${region}: ${url}: ${answer?.error ?? 'no answer'}` };
      if (answer.status >= 400) return { isPrimed: false, line: `${region}: ${url}: http ${answer.status}` };
      const { hit, evidence } = judgeCache(answer.headers, item);
      return { isPrimed: hit === true, line: `${region}: ${url}: ${evidence}` };
    });
    const look = { region, isPrimed: lines.every(({ isPrimed }) => isPrimed) };
    const evidence = lines.map(({ line }) => truncate(line, EVIDENCE_CHARS_MAX));
    return judged(
      { ...gate, looks: [...(gate.looks ?? []), look], evidence: [...gate.evidence, ...evidence] },
      nowMs,
    );
  });
}

/** A miss anywhere closes the gate; it opens when every region that was to look has seen a hit. */
function judged(gate: Gate, atMs: number): Gate {
  const { looks = [], regions } = gate;
  const isAll = regions?.every((region) => looks.some((look) => look.region === region)) ?? false;
  // All regions are heard before it closes: each has its own line to say.
  if (!isAll) return gate;
  return { ...gate, state: looks.every(({ isPrimed }) => isPrimed) ? 'passed' : 'failed', atMs };
}

/** Why nothing is verified, when a gate is closed. */
export function closedWhy(gates: readonly Gate[]): string | undefined {
  const closed = gates.filter(({ state }) => state === 'failed');
  if (closed.length === 0) return undefined;
  const lines = closed.map(({ title, evidence }) => `${title} (${evidence.at(-1) ?? 'not so'})`);
  return `The checklist is not done: ${lines.join('; ')}.`;
}

/** The gates once there is no more waiting: what is not shown is not so. */
export function withoutWaiting(gates: readonly Gate[], nowMs: number): Gate[] {
  return gates.map((gate) => {
    if (gate.state !== 'waiting') return gate;
    const silent = gate.regions?.filter((region) => !gate.looks?.some((look) => look.region === region));
    const line = silent ? `no answer from ${silent.join(', ')}` : 'no answer in time';
    return { ...gate, state: 'failed', evidence: [...gate.evidence, line], atMs: nowMs };
  });
}
