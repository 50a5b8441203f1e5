import type { Query } from '../asking/exchange.ts';
import type { Answered, Inquiry } from '../asking/inquiry.ts';
import { askedBy } from '../asking/question.ts';
import type { Server } from '../asking/server.ts';
import { decodeMessage, ShortHeaderError } from '../codec/decode.ts';
import { RR_TYPES, typeName } from '../codec/registry.ts';
import { agreed } from '../findings/agreement.ts';
import type { Finding } from '../findings/finding.ts';
import { confirmed, type Confirmed } from '../measure/confirmed.ts';
import { isMeasured } from '../measure/said.ts';
import type { Aspect } from './aspect.ts';

const MANNERS = ['split', 'pipelined', 'idle'] as const;
type Manner = (typeof MANNERS)[number];

/** TCP behaviour (B8): asked of each authority that takes a plain question over its stream. */
export const tcp: Aspect = {
  tasks: (inquiry) =>
    (inquiry.authorities ?? []).flatMap((server) => {
      const plain = plainOf(inquiry, server);
      if (!plain) return [];
      if (!inquiry.find(plain)?.message) return [plain];
      return [plain, ...MANNERS.flatMap((manner) => tried(inquiry, plain, manner).tasks)];
    }),
  findings: (inquiry) =>
    agreed(
      (inquiry.authorities ?? []).flatMap((server) => {
        const plain = plainOf(inquiry, server);
        if (!plain || !inquiry.find(plain)?.message) return [];
        const findings = MANNERS.flatMap((manner) => {
          const { answered } = tried(inquiry, plain, manner);
          return answered && isMeasured(answered) ? judged(manner, answered) : [];
        });
        return [{ server, findings }];
      }),
    ),
};

function plainOf({ settings, vantage }: Inquiry, server: Server): Query | undefined {
  const type = settings.types[0] ?? RR_TYPES.A;
  return askedBy('T', { server, name: settings.name, type, recursionDesired: false }, vantage);
}

/** To lose the second question after an idle time is a server's right: it is not tried again. */
function tried(inquiry: Inquiry, plain: Query, manner: Manner): Confirmed {
  const query = put(plain, manner);
  if (manner === 'idle') return { tasks: [query], answered: inquiry.find(query) };
  return confirmed(
    inquiry,
    query,
    ({ message, exchange }) =>
      message !== undefined && (manner === 'split' || answersSecond(exchange.second, query)),
  );
}

/** What is asked second is the other address type: so programs ask, one behind the other on one connection. */
function put(plain: Query, manner: Manner): Query {
  if (manner === 'split') return { ...plain, manner };
  return { ...plain, manner, secondType: plain.type === RR_TYPES.A ? RR_TYPES.AAAA : RR_TYPES.A };
}

function judged(manner: Manner, answered: Answered): Finding[] {
  const { exchange, query, message } = answered;
  const why = exchange.trouble ? ` (${exchange.trouble.message})` : '';
  switch (manner) {
    case 'split':
      return message
        ? []
        : [
            said(
              'fail',
              `no reply when a question's length comes in two segments${why}: some clients send it so`,
            ),
          ];
    case 'pipelined':
      if (message && answersSecond(exchange.second, query)) return [];
      return [
        said(
          'fail',
          `of ${typeName(query.type)} and ${typeName(query.secondType ?? 0)} sent at once on one connection ${
            message ? 'the second is not answered' : 'neither is answered'
          }${why}: glibc asks so, and hangs`,
        ),
      ];
    case 'idle':
      // To close an idle connection is a server's right (RFC 7766 section 6.2.3); most wait for longer.
      return message && !answersSecond(exchange.second, query)
        ? [said('warn', `a second question after two seconds on the same connection is lost${why}`)]
        : [];
  }
}

function answersSecond(second: Uint8Array | undefined, { secondType }: Query): boolean {
  if (!second) return false;
  try {
    const message = decodeMessage(second);
    return message.response && message.questions[0]?.type === secondType;
  } catch (error) {
    if (!(error instanceof ShortHeaderError)) throw error;
    return false;
  }
}

function said(severity: 'warn' | 'fail', text: string): Finding {
  return { id: 'B8', severity, subject: 'TCP', message: `TCP: ${text}.` };
}
