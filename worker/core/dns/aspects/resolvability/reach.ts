import type { Transport } from '../../asking/exchange.ts';
import { firstQuestions } from '../../asking/first-questions.ts';
import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import { outcomeWords } from '../../asking/outcome-words.ts';
import type { Server } from '../../asking/server.ts';
import { transportsTo } from '../../asking/transports.ts';
import type { Finding } from '../../findings/finding.ts';
import { grouped, listText, serverText } from '../../findings/telling.ts';
import { isMeasured, isSilence, shareSeverity } from '../../measure/said.ts';
import { witnessQueries } from '../../walk/way-out.ts';
import type { Aspect } from '../aspect.ts';

const TRANSPORT_WORDS: Record<Transport, string> = { udp: 'UDP', tcp: 'TCP', tls: 'TLS', https: 'HTTPS' };

/**
 * A2: every server replies over every transport it is listed with (RFC 7766 section 5: TCP is not optional). One of many that
 * is silent is what there are many for: it warns; half of them or more fail.
 */
export const reach: Aspect = {
  tasks: (inquiry) => [...firstQuestions(inquiry), ...witnessQueries(inquiry)],
  findings: (inquiry) => [
    ...reachFindings(inquiry, inquiry.authorities ?? []),
    ...reachFindings(inquiry, inquiry.settings.resolvers),
  ],
};

/** A transport over which a server is silent, or shut off from here. */
type Silent = {
  server: Server;
  transport: Transport;
  /** A Worker cannot tell whether the server refuses or the platform does. */
  isBlocked: boolean;
  outcome: Answered['outcome'];
  asked: number;
};

function reachFindings(inquiry: Inquiry, servers: readonly Server[]): Finding[] {
  const all = inquiry.vantage.transports.flatMap((transport) => silentOver(inquiry, servers, transport));
  const mute = new Set(all.filter(({ isBlocked }) => !isBlocked).map(({ server }) => server.url)).size;
  const measured = new Set(inquiry.answered.filter(isMeasured).map(({ query }) => query.server.url));
  const severity = shareSeverity(mute, servers.filter(({ url }) => measured.has(url)).length);
  const byServer = grouped(all, ({ server }) => server.url).map(({ items }) => items);
  return grouped(byServer, howSilent).flatMap(({ items }) => finding(items, severity));
}

function silentOver(inquiry: Inquiry, servers: readonly Server[], transport: Transport): Silent[] {
  return servers
    .filter((server) => transportsTo(server, inquiry.vantage).includes(transport))
    .flatMap((server): Silent[] => {
      const asked = inquiry.answered.filter(
        ({ query }) => query.server.url === server.url && query.transport === transport,
      );
      const [first, ...others] = asked.filter(isMeasured);
      if (first)
        return [first, ...others].every(({ outcome }) => isSilence(outcome))
          ? [{ server, transport, isBlocked: false, outcome: first.outcome, asked: others.length + 1 }]
          : [];
      const closed = asked.find(({ outcome }) => outcome === 'CONNECT_FAILED_OR_BLOCKED');
      if (!closed) return [];
      return [{ server, transport, isBlocked: true, outcome: closed.outcome, asked: asked.length }];
    });
}

/** Servers that are silent alike are told of together. */
function howSilent(silent: readonly Silent[]): string {
  return silent.map(({ transport, outcome }) => `${transport} ${outcome}`).join(', ');
}

function finding(groups: readonly (readonly Silent[])[], severity: 'warn' | 'fail'): Finding[] {
  const [alike] = groups;
  const [first] = alike ?? [];
  if (!alike || !first) return [];
  const servers = groups.flatMap(([one]) => (one ? [one.server] : []));
  const transports = alike.map(({ transport }) => TRANSPORT_WORDS[transport]).join(' nor over ');
  const outcomes = [...new Set(alike.map(({ outcome }) => outcomeWords(outcome)))];
  const asked = groups.flat().reduce((sum, one) => sum + one.asked, 0);
  return [
    {
      id: 'A2',
      severity: alike.every(({ isBlocked }) => isBlocked) ? 'info' : severity,
      subject: servers.map(({ url }) => url).join(', '),
      message: `${listText(servers.map(serverText))} ${servers.length === 1 ? 'does' : 'do'} not reply over ${transports}: ${listText(outcomes)}, ${asked === 1 ? 'asked once' : `whichever of ${asked} questions is asked`}.`,
      outcome: first.outcome,
      figures: { questions: asked, servers: servers.length },
    },
  ];
}
