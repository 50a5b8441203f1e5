import { parseServer, type Server } from '#core/dns/asking/server.ts';

/** As resolv.conf(5): more are not asked. */
const SERVERS_MAX = 3;

/** The resolvers that this machine's programs use, by the text of `/etc/resolv.conf`. Addresses with a zone (`%eth0`) are left out. */
export function resolversIn(text: string): Server[] {
  return text
    .split('\n')
    .flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? [])
    .flatMap((address) => parseServer(address) ?? [])
    .slice(0, SERVERS_MAX);
}
