import type { Query } from '../asking/exchange.ts';
import type { Answered, Inquiry } from '../asking/inquiry.ts';
import type { Server } from '../asking/server.ts';
import { agreed } from '../findings/agreement.ts';
import type { Finding } from '../findings/finding.ts';
import { serverText } from '../findings/telling.ts';
import { confirmed } from '../measure/confirmed.ts';
import { isMeasured } from '../measure/said.ts';
import { PLAIN_UDP_BYTES } from '../measure/size.ts';
import type { Aspect } from './aspect.ts';
import { complianceOf, EDNS_TESTS, type EdnsTest } from './edns-tests.ts';

/** EDNS compliance (B10) by the list of RFC 8906, and whether UDP replies keep to what was offered (B9). */
export const edns: Aspect = {
  tasks: (inquiry) =>
    (inquiry.authorities ?? []).flatMap((server) =>
      EDNS_TESTS.filter((test) => isDue(inquiry, server, test)).flatMap((test) => {
        const query = test.query(inquiry, server);
        return query ? confirmed(inquiry, query).tasks : [];
      }),
    ),
  findings: (inquiry) => {
    const servers = inquiry.authorities ?? [];
    return [
      ...agreed(
        servers
          .filter((server) => isAlive(inquiry, server))
          .map((server) => ({ server, findings: compliance(inquiry, server) })),
      ),
      ...servers.flatMap((server) => [...silence(inquiry, server), ...oversize(inquiry, server)]),
    ];
  },
};

/** A test waits for the one it builds on: what does not answer a plain question is not asked eleven more. */
function isDue(inquiry: Inquiry, server: Server, { after, behind }: EdnsTest): boolean {
  if (behind !== undefined) return isMute(inquiry, server, behind);
  return after === undefined || answerTo(inquiry, server, after)?.message !== undefined;
}

function isMute(inquiry: Inquiry, server: Server, id: EdnsTest['id']): boolean {
  const answered = answerTo(inquiry, server, id);
  return answered !== undefined && answered.message === undefined;
}

function answerTo(inquiry: Inquiry, server: Server, id: EdnsTest['id']): Answered | undefined {
  const query = EDNS_TESTS.find((test) => test.id === id)?.query(inquiry, server);
  return query && confirmed(inquiry, query).answered;
}

/** Whether it said anything over UDP to one of the two first questions, or could not be asked over UDP at all. */
function isAlive(inquiry: Inquiry, server: Server): boolean {
  const first = [answerTo(inquiry, server, 'plain'), answerTo(inquiry, server, 'edns')];
  return first.every((one) => one === undefined) || first.some((one) => one?.message !== undefined);
}

function compliance(inquiry: Inquiry, server: Server): Finding[] {
  // What follows from a fault of the question before is that fault again.
  return EDNS_TESTS.filter(
    ({ after }) => after === undefined || faultsOf(inquiry, server, after).length === 0,
  )
    .filter((test) => isDue(inquiry, server, test))
    .flatMap(({ id }) => faultsOf(inquiry, server, id));
}

function faultsOf(inquiry: Inquiry, server: Server, id: EdnsTest['id']): Finding[] {
  const answered = answerTo(inquiry, server, id);
  const test = EDNS_TESTS.find((one) => one.id === id);
  if (!test || !answered || !isMeasured(answered)) return [];
  // Silence over TCP is EDNS's only when there is a reply without it.
  if (id === 'tcp' && !answered.message && !answerTo(inquiry, server, 'bare-tcp')?.message) return [];
  const plain = id === 'plain' ? undefined : answerTo(inquiry, server, 'plain')?.message;
  return complianceOf(test, answered, plain);
}

/** One that is silent to everything is one finding; it is told here only when no other part of the check would. */
function silence(inquiry: Inquiry, server: Server): Finding[] {
  const { aspects } = inquiry.settings;
  if (isAlive(inquiry, server) || aspects.includes('resolvability') || aspects.includes('delegation'))
    return [];
  const answered = answerTo(inquiry, server, 'plain');
  if (!answered || !isMeasured(answered)) return [];
  return [
    {
      id: 'A2',
      severity: 'fail',
      subject: server.url,
      message: `${serverText(server)} does not reply over UDP, with EDNS or without.`,
      outcome: answered.outcome,
    },
  ];
}

/** B9: of everything that was asked of the server over UDP, whoever wanted to know, the reply that is most over the offer. */
function oversize(inquiry: Inquiry, server: Server): Finding[] {
  const over = inquiry.answered
    .filter(({ query, message }) => query.server.url === server.url && query.transport === 'udp' && message)
    .map(({ query, message }) => ({ query, bytes: message?.bytes.length ?? 0, offered: offeredBytes(query) }))
    .filter(({ bytes, offered }) => bytes > offered)
    .toSorted((a, b) => b.bytes - b.offered - (a.bytes - a.offered))[0];
  if (!over) return [];
  const finding: Finding = {
    id: 'B9',
    severity: 'fail',
    subject: server.url,
    message: `${serverText(server)} sent a UDP reply of ${over.bytes} octets where ${over.offered} were offered: clients cut it off or drop it.`,
    figures: { wireBytes: over.bytes, offeredBytes: over.offered },
  };
  return [finding];
}

/** Less than 512 counts as 512 (RFC 6891 section 6.2.3). */
function offeredBytes({ edns }: Query): number {
  return Math.max(PLAIN_UDP_BYTES, edns?.udpBytes ?? PLAIN_UDP_BYTES);
}
