/**
 * A DNS server as an address to ask. Written as a URL:
 * - `dns://192.0.2.53` or `dns://[2001:db8::53]:5353`: UDP and TCP (Do53; the form is RFC 4501's authority);
 * - `tcp://192.0.2.53`: TCP only;
 * - `tls://192.0.2.53?name=dns.example`: DoT (RFC 7858), port 853; `name` is what the certificate must be for, the host when absent;
 * - `https://dns.example/dns-query`: DoH (RFC 8484); `http:` only to this machine.
 */
export type Server = {
  /** The URL, written one way: what findings and stored runs call the server. */
  url: string;
  scheme: 'dns' | 'tcp' | 'tls' | 'https' | 'http';
  /** An IP address without brackets, or a host name. */
  host: string;
  port: number;
  /** What a certificate must be for; only of `tls`. */
  authName?: string | undefined;
  /** Name it goes by in a zone, such as `ns1.example.com`; only of a server found in a delegation. */
  title?: string | undefined;
};

const PORTS = { dns: 53, tcp: 53, tls: 853, https: 443, http: 80 } as const;

/** Reads a server's URL; a bare address or `address:port` is `dns:`. `undefined` for anything else. */
export function parseServer(text: string): Server | undefined {
  const spelt = /^[a-z]+:\/\//.test(text) ? text : `dns://${bracketed(text)}`;
  const match =
    /^(dns|tcp|tls|https|http):\/\/(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::(\d{1,5}))?(\/[^?#]*)?(?:\?([^#]*))?$/i.exec(
      spelt,
    );
  if (!match) return undefined;
  const scheme = match[1]?.toLowerCase() as Server['scheme'];
  const host = (match[2] ?? match[3] ?? '').toLowerCase();
  const port = match[4] === undefined ? PORTS[scheme] : Number(match[4]);
  const path = match[5] ?? '';
  const isWeb = scheme === 'https' || scheme === 'http';
  if (port < 1 || port > 65_535 || host === '') return undefined;
  if (scheme === 'http' && !isLoopback(host)) return undefined;
  if (!isWeb && path !== '' && path !== '/') return undefined;
  const authName = scheme === 'tls' ? /^name=([a-z0-9.-]+)$/i.exec(match[6] ?? '')?.[1] : undefined;
  if (match[6] !== undefined && !isWeb && authName === undefined) return undefined;
  const shownPort = port === PORTS[scheme] ? '' : `:${port}`;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  const query = match[6] === undefined ? '' : `?${match[6]}`;
  const shownPath = isWeb ? (path === '' ? '/dns-query' : path) : '';
  return {
    url: `${scheme}://${shownHost}${shownPort}${shownPath}${query}`,
    scheme,
    host,
    port,
    ...(authName === undefined ? {} : { authName }),
  };
}

/** Whether an address or a name is this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** An IPv6 address without brackets has no port; with one colon it is `host:port`. */
function bracketed(text: string): string {
  return (text.match(/:/g)?.length ?? 0) > 1 && !text.startsWith('[') ? `[${text}]` : text;
}
