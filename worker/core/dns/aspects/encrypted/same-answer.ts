import { authoritiesOf, resolversOf, type Audience } from '../../asking/audience.ts';
import { firstQuestions } from '../../asking/first-questions.ts';
import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import { outcomeWords } from '../../asking/outcome-words.ts';
import { queriesTo } from '../../asking/question.ts';
import type { Server } from '../../asking/server.ts';
import { typeName } from '../../codec/registry.ts';
import type { Finding } from '../../findings/finding.ts';
import { countText, listText, serverText } from '../../findings/telling.ts';
import { changesByItself, isMeasured, isSilence, isTruncated, ofMany, setOf } from '../../measure/said.ts';
import type { Aspect } from '../aspect.ts';

/** F3: one host says the same over UDP, TCP, TLS and HTTPS. Silence is A2's to tell, truncation B6's. */
export const sameAnswer: Aspect = {
  tasks: firstQuestions,
  findings: (inquiry) => [
    ...audienceFindings(inquiry, authoritiesOf(inquiry)),
    ...audienceFindings(inquiry, resolversOf(inquiry)),
  ],
};

/** A host that may be listed with several schemes. */
type Host = { servers: Server[] };

function audienceFindings(inquiry: Inquiry, audience: Audience): Finding[] {
  const hosts = new Map<string, Host>();
  for (const server of audience.servers) {
    // Several ports of this machine are several servers.
    const key = server.host === 'localhost' || server.host.startsWith('127.') ? server.url : server.host;
    hosts.set(key, { servers: [...(hosts.get(key)?.servers ?? []), server] });
  }
  const found = [...hosts.values()].flatMap((host) => hostFindings(inquiry, audience, host));
  return audience.recursionDesired ? ofMany(found, hosts.size) : found;
}

function hostFindings(inquiry: Inquiry, { recursionDesired }: Audience, { servers }: Host): Finding[] {
  const { name, types, rotation } = inquiry.settings;
  return types.flatMap((type): Finding[] => {
    const said = servers
      .flatMap((server) => queriesTo(inquiry, { server, name, type, recursionDesired }))
      .flatMap((query) => inquiry.find(query) ?? [])
      .filter((one) => isMeasured(one) && !isSilence(one.outcome) && !isTruncated(one.outcome));
    const [first] = said;
    if (!first) return [];
    const what = `${serverText(first.query.server)} does not say the same of ${name} ${typeName(type)} over every transport`;
    const told = (severity: 'warn' | 'fail', how: string): Finding[] => [
      {
        id: 'F3',
        severity,
        subject: first.query.server.url,
        message: `${what}: ${how}.`,
      },
    ];
    if (said.some(({ outcome }) => outcome !== first.outcome))
      return told(
        'fail',
        listText(
          said.map((one) => `${over(one)} ${outcomeWords(one.outcome)}`),
          6,
        ),
      );
    const set = setOf(first)?.join('\n');
    if (rotation || said.every((one) => setOf(one)?.join('\n') === set)) return [];
    const isChanging = servers.some((server) => changesByItself(inquiry, server, name, type));
    const each = listText(
      said.map((one) => `${over(one)} ${countText(setOf(one)?.length ?? 0, 'record')}`),
      6,
    );
    // A resolver's machines behind one address may hold the answer before and after a change.
    return isChanging
      ? told('warn', `${each}, and others each time; if that is meant, declare rotation`)
      : told(recursionDesired ? 'warn' : 'fail', each);
  });
}

function over({ query }: Answered): string {
  return query.transport.toUpperCase();
}
