import type { Inquiry } from '../../asking/inquiry.ts';
import { settled } from '../../asking/settled.ts';
import { isSubdomain, sameName } from '../../codec/name.ts';
import { canonicalRdata } from '../../codec/present.ts';
import { RR_TYPES, typeName } from '../../codec/registry.ts';
import { isLater } from '../../codec/serial.ts';
import type { Finding } from '../../findings/finding.ts';
import { countText, grouped, listText, serverText } from '../../findings/telling.ts';
import { changesByItself } from '../../measure/said.ts';
import type { Aspect } from '../aspect.ts';
import { nsNames, ownQuestion, wordsOn, zoneServers, type Word, type ZoneServers } from './zone-servers.ts';

/** Words that say what is in the zone. */
const SPEAKS: ReadonlySet<string> = new Set(['ANSWER', 'NODATA', 'NXDOMAIN', 'DANGLING_CNAME']);

/**
 * Whether all who should serve the zone serve the same one: serial (D1), name servers, the parent's word included (D2), and
 * the records of the name (D5). A run sees one moment and not for how long it has been so: serials that differ are a warning,
 * as are records, which differ for a minute after every change where servers have no serials to compare (Route 53); the hub,
 * which remembers, fails both after `limits.graceS`. With no grace at all they fail here. Answers that are declared to rotate
 * or to differ by place are not compared; where one server gives others each time, that is what is told (C2).
 */
export const consistency: Aspect = {
  tasks(inquiry) {
    const zone = zoneServers(inquiry);
    if (!zone) return [];
    const types = inquiry.settings.rotation ? [] : typesOf(inquiry);
    return [
      ...zone.tasks,
      ...zone.servers.flatMap((server) => [
        ...settled(inquiry, ownQuestion(server, zone.zone, RR_TYPES.SOA)).tasks,
        ...settled(inquiry, ownQuestion(server, zone.zone, RR_TYPES.NS)).tasks,
        ...types.flatMap((type) => settled(inquiry, ownQuestion(server, inquiry.settings.name, type)).tasks),
      ]),
    ];
  },
  findings(inquiry) {
    const zone = zoneServers(inquiry);
    if (!zone) return [];
    const serials = serialsOf(inquiry, zone);
    return [
      ...serialFindings(inquiry, zone, serials),
      ...nameServerFindings(inquiry, zone),
      ...delegatedFindings(zone),
      ...recordFindings(inquiry, zone, serials),
    ];
  },
};

function typesOf({ settings }: Inquiry): number[] {
  return [...settings.types, ...settings.optionalTypes];
}

type Serial = { word: Word; serial: number };

function serialsOf(inquiry: Inquiry, zone: ZoneServers): Serial[] {
  return wordsOn(inquiry, zone, zone.zone, RR_TYPES.SOA).flatMap((word) => {
    if (word.outcome !== 'ANSWER') return [];
    const soa = word.answered.message?.answers.find(({ rdata }) => rdata.kind === 'SOA');
    return soa?.rdata.kind === 'SOA' ? [{ word, serial: soa.rdata.serial }] : [];
  });
}

/** D1. Serials half the circle apart have no order (RFC 1982): the first server's counts as the newest then. */
function serialFindings(inquiry: Inquiry, { zone }: ZoneServers, serials: readonly Serial[]): Finding[] {
  const newest = serials.reduce<number | undefined>(
    (most, { serial }) => (most === undefined || isLater(serial, most) ? serial : most),
    undefined,
  );
  if (newest === undefined || serials.every(({ serial }) => serial === newest)) return [];
  const behind = grouped(
    serials.filter(({ serial }) => serial !== newest),
    ({ serial }) => String(serial),
  );
  const { graceS } = inquiry.settings.limits;
  return [
    {
      id: 'D1',
      severity: graceS === 0 ? 'fail' : 'warn',
      subject: zone,
      message: `The servers of ${zone} have different versions of it: serial ${newest} is the newest; ${behind.map(({ said, items }) => `${listText(items.map(({ word }) => serverText(word.server)))} ${items.length === 1 ? 'has' : 'have'} ${said}`).join('; ')}.`,
      figures: { serials: behind.length + 1, servers: serials.length, graceS },
    },
  ];
}

/** D2: what the zone's servers say of themselves, against each other and against the parent. */
function nameServerFindings(inquiry: Inquiry, { zone, servers, parent }: ZoneServers): Finding[] {
  const words = wordsOn(inquiry, { zone, servers }, zone, RR_TYPES.NS).flatMap((word) => {
    const names = word.outcome === 'ANSWER' ? nsNames(word, zone) : undefined;
    return names ? [{ word, names }] : [];
  });
  const own = grouped(words, ({ names }) => names.join(', '));
  const findings: Finding[] = [];
  if (own.length > 1)
    findings.push({
      id: 'D2',
      severity: 'fail',
      subject: zone,
      message: `The servers of ${zone} list different name servers: ${own.map(({ said, items }) => `${said} (${items.length === 1 ? items.map(({ word }) => serverText(word.server)).join('') : countText(items.length, 'server')})`).join('; ')}.`,
      figures: { sets: own.length },
    });
  const parents = grouped(parent?.views ?? [], (view) => nameList(view.servers.map(({ name }) => name)));
  if (parent && parents.length > 1)
    findings.push({
      id: 'D2',
      severity: 'fail',
      subject: parent.zone,
      message: `The servers of the parent ${parent.zone} list different servers of ${zone}: ${parents.map(({ said, items }) => `${said} (${listText(items.map(({ server }) => serverText(server)))})`).join('; ')}.`,
    });
  const theirs = parents[0]?.said.split(', ') ?? [];
  const ours = [...new Set(words.flatMap(({ names }) => names))];
  if (!parent || theirs.length === 0 || words.length === 0) return findings;
  const onlyParent = theirs.filter((name) => !ours.includes(name));
  const onlyZone = ours.filter((name) => !theirs.includes(name));
  if (onlyParent.length + onlyZone.length === 0) return findings;
  const parts = [
    onlyParent.length > 0 ? `only the parent lists ${listText(onlyParent)}` : undefined,
    onlyZone.length > 0 ? `only the zone lists ${listText(onlyZone)}` : undefined,
  ];
  findings.push({
    id: 'D2',
    severity: 'fail',
    subject: zone,
    message: `The parent ${parent.zone} and ${zone} itself do not agree on its name servers: ${parts.filter(Boolean).join('; ')}.`,
    figures: { parentServers: theirs.length, zoneServers: ours.length },
  });
  return findings;
}

function nameList(names: readonly string[]): string {
  return [...new Set(names.map((name) => name.toLowerCase()))].toSorted().join(', ');
}

/** D2: a walk from the root that does not arrive at the zone. */
function delegatedFindings({ zone, walk: { end, levels } }: ZoneServers): Finding[] {
  if (end?.kind === 'reached' && !end.exists)
    return [
      {
        id: 'D2',
        severity: 'fail',
        subject: zone,
        message: `${end.zone} has no delegation of ${zone}: ${serverText(levels.at(-1)?.by ?? { url: end.zone })} says that the name does not exist.`,
        outcome: 'NXDOMAIN',
      },
    ];
  if (end?.kind === 'reached' && !sameName(end.zone, zone) && isSubdomain(zone, end.zone))
    return [
      {
        id: 'D2',
        severity: 'warn',
        subject: zone,
        message: `${end.zone} has no delegation of ${zone}: its servers answer for ${zone} themselves.`,
      },
    ];
  if (end?.kind === 'stuck' && !sameName(end.zone, zone))
    return [
      {
        id: 'D2',
        severity: 'warn',
        subject: zone,
        message: `The way from the root to ${zone} ends at ${end.zone}: ${end.why}.`,
      },
    ];
  return [];
}

/** D5: the records of the name itself. What an alias leads to may be another zone's, of which a server need not know. */
function recordFindings(inquiry: Inquiry, zone: ZoneServers, serials: readonly Serial[]): Finding[] {
  const { name, rotation, differsByRegion, limits } = inquiry.settings;
  if (rotation || differsByRegion) return [];
  const serialOf = new Map(serials.map(({ word, serial }) => [word.server.url, serial]));
  return typesOf(inquiry).flatMap((type): Finding[] => {
    const words = wordsOn(inquiry, zone, name, type).filter(
      ({ outcome, answered }) => SPEAKS.has(outcome) && !answered.message?.truncated,
    );
    const sets = grouped(words, (word) => setText(word, name, type));
    if (sets.length < 2) return [];
    const versions = new Set(words.map(({ server }) => serialOf.get(server.url)));
    const isChanging = words.some(({ server }) => changesByItself(inquiry, server, name, type));
    const what = `${name} ${typeName(type)}`;
    const each = sets.map(({ items }) => differenceText(items, sets, name, type)).join('; ');
    const figures = { sets: sets.length, servers: words.length };
    if (isChanging)
      return [
        {
          id: 'C2',
          severity: 'warn',
          subject: what,
          message: `The servers of ${zone.zone} answer ${what} with other records each time: ${each}. If that is meant, declare rotation.`,
          figures,
        },
      ];
    return [
      {
        id: 'D5',
        severity: limits.graceS === 0 ? 'fail' : 'warn',
        subject: what,
        message: `The servers of ${zone.zone} answer ${what} differently${versions.size > 1 ? ', as do their serials' : ' under one serial'}: ${each}.`,
        figures,
      },
    ];
  });
}

function recordsOf({ answered: { message } }: Word, name: string, type: number): string[] {
  const own = (message?.answers ?? []).filter(
    (record) => sameName(record.name, name) && (record.type === type || record.type === RR_TYPES.CNAME),
  );
  return own.map(({ rdata }) => canonicalRdata(rdata)).toSorted();
}

function setText(word: Word, name: string, type: number): string {
  const records = recordsOf(word, name, type);
  return records.length > 0 ? records.join('\n') : word.outcome;
}

/** Who answers what: records that all have are left out where each has many. */
function differenceText(
  words: readonly Word[],
  sets: readonly { items: Word[] }[],
  name: string,
  type: number,
): string {
  const who =
    words.length === 1
      ? words.map(({ server }) => serverText(server)).join('')
      : countText(words.length, 'server');
  const mine = words[0] ? recordsOf(words[0], name, type) : [];
  if (mine.length === 0) return `${who} ${words[0]?.outcome ?? ''}`;
  const others = sets.flatMap(({ items }) => items.slice(0, 1)).map((word) => recordsOf(word, name, type));
  const own = mine.filter((record) => !others.every((records) => records.includes(record)));
  return `${who} ${countText(mine.length, 'record')}${own.length > 0 ? ` with ${listText(own, 3)}` : ''}`;
}
