import type { Query, Transport } from '../asking/exchange.ts';
import type { Answered, Inquiry, ShutWays } from '../asking/inquiry.ts';
import { queryOver } from '../asking/question.ts';
import type { Server } from '../asking/server.ts';
import { transportsTo } from '../asking/transports.ts';
import { sameName } from '../codec/name.ts';
import { RR_TYPES } from '../codec/registry.ts';
import { isMeasured } from '../measure/said.ts';
import { walk, type Level } from './walk.ts';

/** Transports that whole networks let nothing out over. TLS and HTTPS are shut for one server at a time. */
const WATCHED = ['udp', 'tcp'] as const satisfies Transport[];
/** Servers above the zone that must be silent too, each of somebody else: the root's and the parent's. */
const WITNESSES_MIN = 2;

/**
 * The transports over which servers above the zone, which are never all down, are as silent from here as the zone's own: many a
 * firewall lets DNS out over UDP alone, or to its own resolvers alone. Resolvers count among them only when the witnesses
 * do reply over another transport. Without a walk from the root there is no witness, and silence counts.
 */
export function shutWays(inquiry: Inquiry): ShutWays {
  const witnesses = new Set(
    witnessesOf(inquiry).flatMap(({ asked }) => asked.map(({ server }) => server.host)),
  );
  const isWitness = ({ query }: Answered) => witnesses.has(query.server.host);
  const measured = inquiry.answered.filter(isMeasured);
  const direct = WATCHED.filter((transport) => {
    const over = measured.filter(
      ({ query }) => query.transport === transport && !isToResolver(inquiry, query),
    );
    const hosts = new Set(over.filter(isWitness).map(({ query }) => query.server.host));
    return hosts.size >= WITNESSES_MIN && over.every(({ message }) => message === undefined);
  });
  const isOtherwiseOpen = measured.some((one) => isWitness(one) && one.message !== undefined);
  const resolvers = direct.filter((transport) => {
    const over = measured.filter(
      ({ query }) => query.transport === transport && isToResolver(inquiry, query),
    );
    return isOtherwiseOpen && over.every(({ message }) => message === undefined);
  });
  return { direct, resolvers };
}

/** Whether a question went a way that is shut. */
export function isShut(inquiry: Inquiry, { direct, resolvers }: ShutWays, query: Query): boolean {
  return (isToResolver(inquiry, query) ? resolvers : direct).includes(query.transport);
}

function isToResolver({ settings }: Inquiry, { server }: Query): boolean {
  return [...settings.resolvers, ...(settings.controlName ? [settings.controlName.server] : [])].some(
    ({ url }) => url === server.url,
  );
}

/** What to ask of the witnesses when the zone's own servers are all silent over a transport. */
export function witnessQueries(inquiry: Inquiry): Query[] {
  const { authorities = [], answered, settings, vantage, zone } = inquiry;
  const urls = new Set(authorities.map(({ url }) => url));
  const own = answered.filter(({ query }) => urls.has(query.server.url) && !query.recursionDesired);
  const silent = WATCHED.filter((transport) => {
    const over = own.filter(({ query }) => query.transport === transport);
    return over.length > 0 && over.every(({ message }) => message === undefined);
  });
  const witnesses = witnessesOf(inquiry).flatMap(({ by }) => by ?? []);
  return silent.flatMap((transport) =>
    witnesses
      .filter((server) => transportsTo(server, vantage).includes(transport))
      .map((server) => questionOf(server, zone ?? settings.name, transport)),
  );
}

/** As the walk puts it. */
function questionOf(server: Server, name: string, transport: Transport): Query {
  return queryOver(transport, {
    server,
    name,
    type: RR_TYPES.SOA,
    recursionDesired: false,
    dnssecOk: true,
  });
}

/** The zones above the check's own on the way from the root. */
function witnessesOf(inquiry: Inquiry): Level[] {
  const { zone } = inquiry;
  return walk(inquiry, zone ?? inquiry.settings.name).levels.filter(
    (level) => zone === undefined || !sameName(level.zone, zone),
  );
}
