import { firstQuestions } from '../../asking/first-questions.ts';
import type { Aspect } from '../aspect.ts';

/** F4: where the zone's own servers want resolvers to report errors (RFC 9567). */
export const reportChannel: Aspect = {
  tasks: firstQuestions,
  findings: ({ answered, authorities, zone }) => {
    const urls = new Set((authorities ?? []).map(({ url }) => url));
    const agents = new Set(
      answered.flatMap(({ query, message }) =>
        urls.has(query.server.url) ? (message?.opt?.reportChannel ?? []) : [],
      ),
    );
    return [...agents].map((agent) => ({
      id: 'F4',
      severity: 'info',
      subject: zone ?? agent,
      message: `Resolvers are asked to report errors of ${zone ?? 'the zone'} to ${agent} (RFC 9567).`,
    }));
  },
};
