import type { Query } from '../../asking/exchange.ts';
import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import { outcomeWords } from '../../asking/outcome-words.ts';
import type { Asked } from '../../asking/question.ts';
import type { Server } from '../../asking/server.ts';
import { settled, type Settled } from '../../asking/settled.ts';
import { typeName } from '../../codec/registry.ts';
import type { Finding } from '../../findings/finding.ts';
import { grouped, listText, serverText } from '../../findings/telling.ts';
import { isMeasured, isSilence, setOf, shareSeverity } from '../../measure/said.ts';
import type { Aspect } from '../aspect.ts';

/** The second time of asking: the resolver answers from its cache. */
const WARM = 2;
/**
 * Octets offered the second time, the least that RFC 4035 section 3 lets a resolver offer: PowerDNS Recursor keeps replies to
 * questions that are the same octet for octet, and its records are what must be asked for again.
 */
const WARM_BYTES = 1_220;

/**
 * A5: who asks again gets the same. PowerDNS Recursor 4.8 gives 257 records once, and SERVFAIL from its cache (reference:
 * dns, section 0.4).
 */
export const repetition: Aspect = {
  tasks: (inquiry) => pairsOf(inquiry).flatMap(({ cold, warm }) => [...cold.tasks, ...(warm?.tasks ?? [])]),
  findings: (inquiry) => {
    const worse = pairsOf(inquiry).flatMap((pair) => worsened(pair) ?? []);
    const bad = new Set(worse.map(({ server }) => server.url)).size;
    const severity = shareSeverity(bad, inquiry.settings.resolvers.length);
    return [...worse.map((one) => worseFinding(one, severity)), ...changes(inquiry)];
  },
};

type Pair = { server: Server; type: number; cold: Settled; warm?: Settled | undefined };

/** The second question goes out when the first has been answered: at once, so well within any TTL and 30 s. */
function pairsOf(inquiry: Inquiry): Pair[] {
  const { name, types, resolvers } = inquiry.settings;
  return resolvers.flatMap((server) =>
    types.map((type): Pair => {
      const asked = { server, name, type, recursionDesired: true };
      const cold = settled(inquiry, asked);
      const isAnswered = cold.isOver && cold.answered?.message !== undefined;
      return {
        server,
        type,
        cold,
        warm: isAnswered ? repeated(inquiry, asked) : undefined,
      };
    }),
  );
}

/** The question again, over TCP too where the reply is truncated or does not come. */
function repeated(inquiry: Inquiry, asked: Asked): Settled {
  const again = (query: Query): Query => ({
    ...query,
    edns: { udpBytes: WARM_BYTES, dnssecOk: false },
  });
  const find = (query: Query) => inquiry.find(again(query));
  const put = settled({ vantage: inquiry.vantage, find }, { ...asked, time: WARM });
  return { ...put, tasks: put.tasks.map(again) };
}

type Worse = { server: Server; first: Answered; second: Answered };

function worsened({ server, cold, warm }: Pair): Worse | undefined {
  const first = cold.answered;
  const second = warm?.isOver ? warm.answered : undefined;
  if (!first || !second || !isMeasured(second)) return undefined;
  return first.outcome === 'ANSWER' && second.outcome !== 'ANSWER' ? { server, first, second } : undefined;
}

function worseFinding({ server, second }: Worse, severity: 'warn' | 'fail'): Finding {
  const { query, outcome } = second;
  return {
    id: 'A5',
    // A reply that does not come the second time is a lost packet or a tired server, not what its cache says.
    severity: isSilence(outcome) ? 'warn' : severity,
    subject: server.url,
    message: `${serverText(server)} answers ${query.name} ${typeName(query.type)} once; asked again at once it gives ${outcomeWords(outcome)}.`,
    outcome,
  };
}

/** Other records a moment later, where none are declared to change. */
function changes(inquiry: Inquiry): Finding[] {
  if (inquiry.settings.rotation) return [];
  const changed = pairsOf(inquiry).flatMap(({ server, type, cold, warm }) => {
    const first = cold.answered && setOf(cold.answered);
    const second = warm?.answered && setOf(warm.answered);
    if (!first || !second || first.join('\n') === second.join('\n')) return [];
    return [{ server, type, first: first.length, second: second.length }];
  });
  return grouped(changed, ({ type }) => typeName(type)).flatMap(({ said, items }): Finding[] => {
    const [one] = items;
    if (!one) return [];
    const { first, second } = one;
    const who = listText(
      items.map(({ server }) => serverText(server)),
      3,
    );
    return [
      {
        id: 'A5',
        severity: 'warn',
        subject: items.length === 1 ? one.server.url : said,
        message: `${who} ${items.length === 1 ? 'gives' : 'give'} ${inquiry.settings.name} ${said} other records when asked again at once: ${first}, then ${second}. If that is meant, declare rotation.`,
        figures: { first, second },
      },
    ];
  });
}
