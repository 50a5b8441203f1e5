import type { Query } from '../../asking/exchange.ts';
import { firstQuestions } from '../../asking/first-questions.ts';
import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import { outcomeWords } from '../../asking/outcome-words.ts';
import { queryOver } from '../../asking/question.ts';
import type { Server } from '../../asking/server.ts';
import { typeName } from '../../codec/registry.ts';
import type { Finding } from '../../findings/finding.ts';
import { serverText } from '../../findings/telling.ts';
import { confirmed } from '../../measure/confirmed.ts';
import { isMeasured, isSilence, ofMany, setOf } from '../../measure/said.ts';
import type { Aspect } from '../aspect.ts';

const MEDIA_TYPE = 'application/dns-message';

/** F2: DoH as RFC 8484 has it: 200, the media type, an id of 0, nothing cached for longer than it is valid, GET as POST. Of
 * resolvers, half. */
export const doh: Aspect = {
  tasks: (inquiry) => [
    ...firstQuestions(inquiry),
    ...dohServers(inquiry).flatMap((server) =>
      questionsTo(inquiry, server).flatMap(({ get }) => confirmed(inquiry, get).tasks),
    ),
  ],
  findings: (inquiry) =>
    ofMany(
      dohServers(inquiry).flatMap((server) =>
        questionsTo(inquiry, server).flatMap(({ post, get }) =>
          dohFindings(inquiry, inquiry.find(post), confirmed(inquiry, get).answered),
        ),
      ),
      inquiry.settings.resolvers.length,
    ),
};

function dohServers({ settings, vantage }: Inquiry): Server[] {
  if (!vantage.transports.includes('https')) return [];
  return settings.resolvers.filter(({ scheme }) => scheme === 'https' || scheme === 'http');
}

/** The first required type, by both methods: the others would say the same. */
function questionsTo({ settings }: Inquiry, server: Server): { post: Query; get: Query }[] {
  return settings.types.slice(0, 1).map((type) => {
    const post = queryOver('https', { server, name: settings.name, type, recursionDesired: true });
    return { post, get: { ...post, manner: 'get' } };
  });
}

function dohFindings(inquiry: Inquiry, post: Answered | undefined, get: Answered | undefined): Finding[] {
  if (!post || !isMeasured(post)) return [];
  return [...protocolFindings(post), ...(get && isMeasured(get) ? methodFindings(inquiry, post, get) : [])];
}

function told({ query, outcome }: Answered, severity: 'warn' | 'fail', message: string): Finding {
  return {
    id: 'F2',
    severity,
    subject: query.server.url,
    message: `${serverText(query.server)} ${message}.`,
    outcome,
  };
}

function protocolFindings(post: Answered): Finding[] {
  const { http, trouble } = post.exchange;
  const status = http?.status;
  if (trouble?.class === 'HTTP_STATUS' || (status !== undefined && status !== 200))
    return [
      told(
        post,
        'fail',
        `replies to DoH with ${status === undefined ? trouble?.message : `HTTP ${status}`}, not with 200`,
      ),
    ];
  const found: Finding[] = [];
  const mediaType = http?.contentType?.split(';')[0]?.trim().toLowerCase();
  if (mediaType !== undefined && mediaType !== MEDIA_TYPE)
    found.push(
      told(
        post,
        'fail',
        `sends ${mediaType === '' ? 'no content type' : mediaType} instead of ${MEDIA_TYPE}`,
      ),
    );
  const { message } = post;
  if (!message) return found;
  if (message.id !== 0)
    found.push(
      told(
        post,
        'warn',
        `replies with the id ${message.id} to a question with the id 0: HTTP caches keep it once an id (RFC 8484 section 4.1)`,
      ),
    );
  const leastS = Math.min(...message.answers.map(({ ttlS }) => ttlS));
  const maxAgeS = http?.maxAgeS;
  if (maxAgeS !== undefined && maxAgeS > leastS)
    found.push({
      ...told(
        post,
        'fail',
        `lets HTTP caches keep an answer for ${maxAgeS} s that is valid for ${leastS} s (RFC 8484 section 5.1)`,
      ),
      figures: { maxAgeS, ttlS: leastS },
    });
  return found;
}

function methodFindings({ settings }: Inquiry, post: Answered, get: Answered): Finding[] {
  const { name, type } = post.query;
  const what = `${name} ${typeName(type)}`;
  if (post.outcome !== get.outcome) {
    // A POST that fails is told of already.
    if (isSilence(post.outcome)) return [];
    return [
      told(
        get,
        'fail',
        `gives ${what} by GET ${outcomeWords(get.outcome)}, by POST ${outcomeWords(post.outcome)}`,
      ),
    ];
  }
  const sets = [setOf(post)?.join('\n'), setOf(get)?.join('\n')];
  if (settings.rotation || sets[0] === sets[1]) return [];
  // Two machines behind one name may hold the answer before and after a change.
  return [told(get, 'warn', `gives ${what} other records by GET than by POST`)];
}
