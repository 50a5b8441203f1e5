import { MS_PER_DAY } from '../../../units.ts';
import type { QueryExchange } from '../../asking/exchange.ts';
import { firstQuestions } from '../../asking/first-questions.ts';
import type { Inquiry } from '../../asking/inquiry.ts';
import type { Server } from '../../asking/server.ts';
import type { Finding } from '../../findings/finding.ts';
import { serverText } from '../../findings/telling.ts';
import { ofMany } from '../../measure/said.ts';
import type { Aspect } from '../aspect.ts';

/** Days that a certificate must still be valid for (reference: dns, section 1.3, F1). */
const DAYS_WARN = 14;
const DAYS_FAIL = 3;
/** Versions of TLS that are no protection any more (RFC 8996). */
const OLD_PROTOCOLS: ReadonlySet<string> = new Set(['SSLv3', 'TLSv1', 'TLSv1.1']);

/**
 * F1: servers over TLS and HTTPS prove who they are (RFC 8310, strict), and will for a while. A Worker sees no certificate. Of
 * resolvers, half.
 */
export const certificates: Aspect = {
  tasks: firstQuestions,
  findings: (inquiry) => {
    const { resolvers } = inquiry.settings;
    return [
      ...ofMany(certificateFindings(inquiry, resolvers), resolvers.length),
      ...certificateFindings(inquiry, inquiry.authorities ?? []),
    ];
  },
};

function certificateFindings(inquiry: Inquiry, servers: readonly Server[]): Finding[] {
  return servers.flatMap(({ url }) => {
    const exchanges = inquiry.answered
      .filter(({ query }) => query.server.url === url)
      .map(({ exchange }) => exchange);
    return certificateFinding(exchanges, inquiry.nowMs) ?? [];
  });
}

function certificateFinding(exchanges: readonly QueryExchange[], nowMs: number): Finding | undefined {
  const failed = exchanges.find(
    ({ trouble }) => trouble?.class === 'TLS_FAIL' && trouble.probeFault !== true,
  );
  const sample = exchanges.find(({ tls }) => tls !== undefined);
  const { server } = (failed ?? sample)?.task ?? {};
  if (!server) return undefined;
  const told = (severity: 'warn' | 'fail', message: string): Finding => ({
    id: 'F1',
    severity,
    subject: server.url,
    message: `${serverText(server)} ${message}.`,
  });
  if (failed)
    return {
      ...told('fail', `cannot be trusted over TLS: ${failed.trouble?.message ?? ''}`),
      outcome: 'TLS_FAIL',
    };
  const { tls } = sample ?? {};
  if (!tls) return undefined;
  if (OLD_PROTOCOLS.has(tls.protocol))
    return told('fail', `speaks ${tls.protocol}; TLS 1.2 is the least (RFC 8996)`);
  const days = Math.floor((tls.validToMs - nowMs) / MS_PER_DAY);
  if (days >= DAYS_WARN) return undefined;
  const isBad = days < DAYS_FAIL;
  const left = days < 0 ? 'has expired' : `ends in ${days} ${days === 1 ? 'day' : 'days'}`;
  return { ...told(isBad ? 'fail' : 'warn', `has a certificate that ${left}`), figures: { days } };
}
