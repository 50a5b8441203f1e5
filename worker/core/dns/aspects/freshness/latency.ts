import { median } from '../../../statistics.ts';
import { authoritiesOf, resolversOf, type Audience } from '../../asking/audience.ts';
import { TRANSPORTS, type Transport } from '../../asking/exchange.ts';
import { controlQueries, firstQuestions } from '../../asking/first-questions.ts';
import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import type { Server } from '../../asking/server.ts';
import { sameName } from '../../codec/name.ts';
import type { Finding } from '../../findings/finding.ts';
import { listText, serverText } from '../../findings/telling.ts';
import type { Aspect } from '../aspect.ts';
import { repetition } from '../resolvability/repetition.ts';

/** E6: how long an answer takes, by transport, cold and warm apart: a median of each server, without lost packets. */
export const latency: Aspect = {
  tasks: (inquiry) => [...firstQuestions(inquiry), ...repetition.tasks(inquiry)],
  findings: (inquiry) =>
    TRANSPORTS.flatMap((transport) => [
      ...slowness(inquiry, authoritiesOf(inquiry), { transport, isWarm: false }),
      ...slowness(inquiry, resolversOf(inquiry), { transport, isWarm: false }),
      ...slowness(inquiry, resolversOf(inquiry), { transport, isWarm: true }),
    ]),
};

type Kind = { transport: Transport; isWarm: boolean };
type Timed = { server: Server; medianMs: number };

/** A server that is slow by itself is seen; half of them slow is the service, unless the control is as slow as they are. */
function slowness(inquiry: Inquiry, audience: Audience, kind: Kind): Finding[] {
  const { latencyWarnMs, latencyFailMs } = inquiry.settings.limits;
  const timed = timedOver(inquiry, audience, kind);
  const over = (limitMs: number) => timed.filter(({ medianMs }) => medianMs > limitMs);
  const slow = over(latencyWarnMs);
  const slowest = slow.reduce((most, { medianMs }) => Math.max(most, medianMs), 0);
  if (slow.length === 0) return [];
  // Of all of them, not of those alone that have this transport: of three resolvers each may have another one.
  const all = TRANSPORTS.flatMap((transport) => timedOver(inquiry, audience, { ...kind, transport }));
  const isBad = over(latencyFailMs).length * 2 >= new Set(all.map(({ server }) => server.url)).size;
  const isOurs = isControlSlow(inquiry, latencyFailMs);
  const limitMs = isBad ? latencyFailMs : latencyWarnMs;
  const shown = over(limitMs);
  const who = audience.recursionDesired ? 'resolvers' : 'servers of the zone';
  const each = listText(shown.map(({ server, medianMs }) => `${serverText(server)} ${medianMs} ms`));
  const how = audience.recursionDesired ? (kind.isWarm ? ', from their caches' : ', asked first') : '';
  return [
    {
      id: 'E6',
      severity: isBad && !isOurs ? 'fail' : 'warn',
      subject: shown.length === 1 && shown[0] ? shown[0].server.url : kind.transport,
      message: `${shown.length} of ${timed.length} ${who} ${shown.length === 1 ? 'is' : 'are'} slower than ${limitMs} ms over ${kind.transport.toUpperCase()}${how}: ${each}${isOurs ? '; the control name is as slow, so it may be our own way out' : ''}.`,
      figures: { medianMs: slowest, limitMs, slow: shown.length, of: timed.length },
    },
  ];
}

function timedOver(inquiry: Inquiry, audience: Audience, kind: Kind): Timed[] {
  return audience.servers.flatMap((server): Timed[] => {
    const timesMs = inquiry.answered
      .filter((answered) => isTimed(inquiry, answered, server, audience, kind))
      .map(({ exchange }) => exchange.exchangeMs);
    return timesMs.length === 0 ? [] : [{ server, medianMs: Math.round(median(timesMs)) }];
  });
}

function isTimed(
  { settings }: Inquiry,
  { query, message, exchange }: Answered,
  server: Server,
  audience: Audience,
  { transport, isWarm }: Kind,
): boolean {
  return (
    query.server.url === server.url &&
    query.transport === transport &&
    query.recursionDesired === audience.recursionDesired &&
    query.manner === undefined &&
    message !== undefined &&
    exchange.tries === 1 &&
    sameName(query.name, settings.name) &&
    settings.types.includes(query.type) &&
    (query.time === 2) === isWarm
  );
}

function isControlSlow(inquiry: Inquiry, limitMs: number): boolean {
  const timesMs = controlQueries(inquiry).flatMap((query) => inquiry.find(query)?.exchange.exchangeMs ?? []);
  return timesMs.length > 0 && median(timesMs) > limitMs;
}
