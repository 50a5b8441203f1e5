import { isConnect, type Connect, type ConnectExchange } from '../../asking/exchange.ts';
import type { Inquiry } from '../../asking/inquiry.ts';
import { parseAddress } from '../../contract/ip.ts';
import { specialRange } from '../../contract/special-ranges.ts';
import type { Finding } from '../../findings/finding.ts';
import { grouped, listText } from '../../findings/telling.ts';
import { isIntranet } from '../../walk/roots.ts';
import type { Aspect } from '../aspect.ts';
import { ownAddresses } from './seen-addresses.ts';

/** Addresses that are tried in one run: a run has half a minute, and more than this is no answer but a pool. */
const TRIED_MAX = 64;
/** What says that the address does not serve; `CONNECT_FAILED_OR_BLOCKED` may be the platform's own doing. */
const DEAD: ReadonlySet<string> = new Set(['TIMEOUT', 'CONN_REFUSED', 'CONN_RESET', 'TLS_FAIL']);

/**
 * Whether each address takes connections on the service's port, with a certificate for its name (C5). Where everybody asked is
 * public, addresses of special ranges are not tried: a public answer must not lead a probe into its own network.
 */
export const usable: Aspect = {
  tasks: connects,
  findings(inquiry) {
    const { service, name } = inquiry.settings;
    if (!service) return [];
    const tried = connects(inquiry).flatMap((task) => {
      const exchange = inquiry.done(task);
      return exchange && isConnect(exchange) && isTheirs(exchange) ? [exchange] : [];
    });
    const dead = tried.filter(({ trouble }) => trouble !== undefined);
    return grouped(dead, ({ trouble }) => trouble?.class ?? '').map(({ items }): Finding => {
      const addresses = items.map(({ task }) => task.address).toSorted();
      const isAll = dead.length === tried.length;
      const [first] = items;
      return {
        id: 'C5',
        severity: isAll ? 'critical' : 'fail',
        subject: addresses.length === 1 ? addresses.join('') : name,
        message: `${isAll ? 'None' : `${items.length}`} of the ${tried.length} addresses of ${name} that were tried ${isAll ? 'serves' : items.length === 1 ? 'does not serve' : 'do not serve'} on port ${service.port}: ${listText(addresses)} (${first?.trouble?.message ?? ''}).`,
        outcome: first?.trouble?.class,
        figures: { dead: items.length, tried: tried.length },
      };
    });
  },
};

function connects(inquiry: Inquiry): Connect[] {
  const { service } = inquiry.settings;
  if (!service) return [];
  const isInside = isIntranet(inquiry);
  const addresses = ownAddresses(inquiry).filter((text) => {
    const address = parseAddress(text);
    return address !== undefined && (isInside || specialRange(address) === undefined);
  });
  return addresses
    .slice(0, TRIED_MAX)
    .map((address) => ({ kind: 'connect', address, port: service.port, serverName: service.serverName }));
}

function isTheirs({ trouble }: ConnectExchange): boolean {
  return trouble === undefined || (trouble.probeFault !== true && DEAD.has(trouble.class));
}
