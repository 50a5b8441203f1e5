import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import type { Aspect } from '../aspect.ts';
import type { Transport } from '../../asking/exchange.ts';
import type { Finding } from '../../findings/finding.ts';
import { outcomeWords } from '../../asking/outcome-words.ts';
import { transportsTo } from '../../asking/transports.ts';
import type { Server } from '../../asking/server.ts';
import { firstQuestions } from '../../asking/first-questions.ts';
import { isMeasured, isSilence, shareSeverity } from '../../measure/said.ts';
import { serverText } from '../../findings/telling.ts';

const TRANSPORT_WORDS: Record<Transport, string> = { udp: 'UDP', tcp: 'TCP', tls: 'TLS', https: 'HTTPS' };

/** A2: every server replies over every transport it is listed with (RFC 7766 section 5: TCP is not optional). */
export const reach: Aspect = {
  tasks: firstQuestions,
  findings: (inquiry) => [
    ...reachFindings(inquiry, inquiry.authorities ?? [], 'all-must'),
    ...reachFindings(inquiry, inquiry.settings.resolvers, 'half-must'),
  ],
};

/** A transport over which a server is silent. */
type Silent = { server: Server; transport: Transport; answered: Answered; asked: number };

function reachFindings(
  inquiry: Inquiry,
  servers: readonly Server[],
  rule: 'all-must' | 'half-must',
): Finding[] {
  const silent: Silent[] = [];
  const blocked: Silent[] = [];
  for (const server of servers)
    for (const transport of transportsTo(server, inquiry.vantage)) {
      const all = inquiry.answered.filter(
        ({ query }) => query.server.url === server.url && query.transport === transport,
      );
      const [first, ...others] = all.filter(isMeasured);
      if (first && [first, ...others].every(({ outcome }) => isSilence(outcome)))
        silent.push({ server, transport, answered: first, asked: others.length + 1 });
      const closed = all.find(({ outcome }) => outcome === 'CONNECT_FAILED_OR_BLOCKED');
      if (!first && closed) blocked.push({ server, transport, answered: closed, asked: all.length });
    }
  const bad = new Set(silent.map(({ server }) => server.url)).size;
  const severity = rule === 'all-must' ? 'fail' : shareSeverity(bad, servers.length);
  return [...silent.map((one) => finding(one, severity)), ...blocked.map((one) => finding(one, 'info'))];
}

function finding({ server, transport, answered, asked }: Silent, severity: Finding['severity']): Finding {
  const { outcome } = answered;
  return {
    id: 'A2',
    severity,
    subject: server.url,
    message: `${serverText(server)} does not reply over ${TRANSPORT_WORDS[transport]}: ${outcomeWords(outcome)}, ${asked === 1 ? 'asked once' : `whichever of ${asked} questions is asked`}.`,
    outcome,
    figures: { questions: asked },
  };
}
