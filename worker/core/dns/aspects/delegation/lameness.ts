import type { Query, QueryExchange } from '../../asking/exchange.ts';
import type { Inquiry } from '../../asking/inquiry.ts';
import { outcomeWords } from '../../asking/outcome-words.ts';
import type { Server } from '../../asking/server.ts';
import { settled } from '../../asking/settled.ts';
import { transportsTo } from '../../asking/transports.ts';
import { RCODE, RR_TYPES, rcodeName, typeName } from '../../codec/registry.ts';
import type { Finding } from '../../findings/finding.ts';
import { countText, grouped, listText, serverText } from '../../findings/telling.ts';
import { isOnlyStreamSilence, shareSeverity } from '../../measure/said.ts';
import type { Aspect } from '../aspect.ts';
import {
  isUnmeasured,
  ownQuestion,
  wordsOn,
  zoneServers,
  type Word,
  type ZoneServers,
} from './zone-servers.ts';

/** Words on the SOA that leave nothing to ask the server about. */
const SOUND: ReadonlySet<string> = new Set(['ANSWER']);

/**
 * Whether each listed server speaks for the zone (D3, D4), lists an address at all, and replies from where it was asked
 * (D10). Lame is RFC 9499's word: it refuses, fails, is silent, refers elsewhere or answers without AA. Silence of fewer than
 * half of them warns: the others are there for that, and it may be the way from here. Silence over TCP
 * alone is no lameness where there is no UDP to ask over: many a firewall lets only UDP pass, which assertion A2 tells.
 */
export const lameness: Aspect = {
  tasks(inquiry) {
    const zone = zoneServers(inquiry);
    if (!zone) return [];
    return zone.servers.flatMap((server) => [
      ...settled(inquiry, ownQuestion(server, zone.zone, RR_TYPES.SOA)).tasks,
      ...settled(inquiry, ownQuestion(server, zone.zone, RR_TYPES.NS)).tasks,
      ...inquiry.settings.types.flatMap(
        (type) => settled(inquiry, ownQuestion(server, inquiry.settings.name, type)).tasks,
      ),
      ...strayTasks(inquiry, server, zone.zone),
    ]);
  },
  findings(inquiry) {
    const zone = zoneServers(inquiry);
    if (!zone) return [];
    const words = wordsOn(inquiry, zone, zone.zone, RR_TYPES.SOA).filter((word) => !isUnmeasured(word));
    const lame = words.filter(
      (word) => !SOUND.has(word.outcome) && !isOnlyStreamSilence(inquiry.vantage, word.answered),
    );
    const sound = words.filter(({ outcome }) => SOUND.has(outcome));
    return [
      ...lameFindings(zone, words, lame),
      ...unaddressedFindings(zone),
      ...authorityFindings(inquiry, { ...zone, servers: sound.map(({ server }) => server) }),
      ...strayFindings(inquiry, zone),
    ];
  },
};

function lameFindings({ zone }: ZoneServers, words: readonly Word[], lame: readonly Word[]): Finding[] {
  if (lame.length === 0) return [];
  const isAll = lame.length === words.length;
  const groups = grouped(lame, sayingOf);
  return groups.map(({ said, items }) => ({
    id: 'D3',
    severity: isAll ? 'critical' : isFew(items, words) ? 'warn' : 'fail',
    subject: items.length === 1 ? (items[0]?.server.url ?? zone) : zone,
    message: `${isAll && groups.length === 1 ? `Every server of ${zone}` : listText(items.map(({ server }) => serverText(server)))} ${said} where an authoritative answer was expected${isAll ? '' : `; ${countText(words.length - lame.length, 'other server')} of ${zone} ${words.length - lame.length === 1 ? 'serves' : 'serve'} it`}.`,
    outcome: items[0]?.outcome,
    figures: { lame: lame.length, servers: words.length },
  }));
}

/** Fewer than half, and silent: what answers wrongly is set up wrongly, and stays so. */
function isFew(lame: readonly Word[], all: readonly Word[]): boolean {
  const isSilent = lame.every(({ answered: { message } }) => message === undefined);
  return isSilent && shareSeverity(lame.length, all.length) === 'warn';
}

/** What a server did when it was asked for the zone's SOA. */
function sayingOf({ answered: { message, outcome }, outcome: verdict }: Word): string {
  const isRecords = message?.rcode === 0 && verdict === 'LAME';
  if (!message) return `gave no reply to SOA${outcome === 'TIMEOUT' ? '' : ` (${outcomeWords(outcome)})`}`;
  if (isRecords && (outcome === 'REFERRAL' || outcome === 'UPWARD_REFERRAL')) return 'referred SOA elsewhere';
  if (isRecords) return 'answered SOA without the AA flag';
  if (message.rcode !== 0) return `answered SOA with ${rcodeName(message.rcode)}`;
  return `answered SOA with ${outcomeWords(outcome)}`;
}

/** D3: a listed server nobody can ask. */
function unaddressedFindings({ zone, listed, parent }: ZoneServers): Finding[] {
  const lost = listed.filter(({ addresses, isSaid }) => isSaid && addresses.length === 0);
  if (lost.length === 0 || !parent) return [];
  return [
    {
      id: 'D3',
      severity: lost.length === listed.length ? 'critical' : 'fail',
      subject: zone,
      message: `No address is found for ${listText(lost.map(({ name }) => name))}, which ${parent.zone} lists as ${lost.length === 1 ? 'a server' : 'servers'} of ${zone}.`,
    },
  ];
}

/** D4: AA on NS and on the name, of the servers whose SOA is authoritative. */
function authorityFindings(inquiry: Inquiry, zone: Pick<ZoneServers, 'servers' | 'zone'>): Finding[] {
  const asked = [
    { name: zone.zone, type: RR_TYPES.NS as number },
    ...inquiry.settings.types.map((type) => ({ name: inquiry.settings.name, type })),
  ];
  return asked.flatMap(({ name, type }) => {
    const words = wordsOn(inquiry, zone, name, type).filter(
      ({ answered: { message } }) =>
        (message?.rcode === RCODE.NOERROR || message?.rcode === RCODE.NXDOMAIN) && !message.authoritative,
    );
    return grouped(words, ({ answered }) =>
      answered.outcome === 'REFERRAL' ? 'refers elsewhere' : 'answers without the AA flag',
    ).map(({ said, items }): Finding => ({
      id: 'D4',
      severity: 'fail',
      subject: items.length === 1 ? (items[0]?.server.url ?? name) : `${name} ${typeName(type)}`,
      message: `${items.length === zone.servers.length && items.length > 1 ? `Every server of ${zone.zone}` : listText(items.map(({ server }) => serverText(server)))} ${said} for ${name} ${typeName(type)}; expected an authoritative answer, as for the SOA of ${zone.zone}.`,
      outcome: items[0]?.answered.outcome,
    }));
  });
}

/** A second look after silence over UDP: is there a reply, from another address? */
function strayTasks(inquiry: Inquiry, server: Server, zone: string): Query[] {
  return strayQueries(inquiry, server, zone).map(({ second }) => second);
}

function strayQueries(inquiry: Inquiry, server: Server, zone: string): { second: Query }[] {
  if (transportsTo(server, inquiry.vantage)[0] !== 'udp') return [];
  const first = settled(inquiry, ownQuestion(server, zone, RR_TYPES.SOA)).tasks[0];
  const came = first && inquiry.find(first);
  if (!first || came?.outcome !== 'TIMEOUT' || came.exchange.trouble?.probeFault) return [];
  return [{ second: { ...first, manner: 'unconnected' } }];
}

/** D10. */
function strayFindings(inquiry: Inquiry, { servers, zone }: ZoneServers): Finding[] {
  return servers.flatMap((server) =>
    strayQueries(inquiry, server, zone).flatMap(({ second }): Finding[] => {
      const from = strayOf(inquiry.find(second)?.exchange);
      if (from === undefined) return [];
      return [
        {
          id: 'D10',
          severity: 'fail',
          subject: server.url,
          message: `${serverText(server)} replies from ${from}, not from the address it was asked at: resolvers throw such replies away and see a timeout.`,
        },
      ];
    }),
  );
}

function strayOf(exchange: QueryExchange | undefined): string | undefined {
  if (!exchange?.reply || exchange.from === undefined) return undefined;
  const { host, port } = exchange.task.server;
  const asked = [`${host}:${port}`, `[${host}]:${port}`];
  return asked.includes(exchange.from) ? undefined : exchange.from;
}
