import { z } from 'zod';

/** A token of RFC 9110, section 5.6.2: the names of header fields and of cookies (RFC 6265, section 4.1.1). */
const Token = z
  .string()
  .max(100)
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'expected a name of letters, digits and -, such as x-canary');

/**
 * Names that belong to the browser or to the connection: a request with another one of these is not what people send. Those by
 * which proxies tell the host that was asked are among them: an app that believes one sends the login, and what is typed there,
 * to that host (OWASP, “Testing for Host Header Injection”).
 */
const RESERVED_HEADERS =
  /^(host|cookie|connection|content-length|transfer-encoding|upgrade|te|trailer|forwarded|x-forwarded-.*|x-original-(host|url)|x-rewrite-url|x-host)$/i;

/**
 * What brings a run to one version and not to the other: a header on every request of its browser, a cookie for the hosts
 * that the check's `vars` name, or another address in the place of one of its `vars`.
 */
export const Selector = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('header'),
    name: Token.refine((name) => !RESERVED_HEADERS.test(name), {
      error: 'expected a header of your own, such as x-canary',
    }),
    /** Field values are visible ASCII and spaces (RFC 9110, section 5.5). */
    value: z
      .string()
      .max(500)
      .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'expected visible ASCII characters'),
  }),
  z.strictObject({
    kind: z.literal('cookie'),
    name: Token,
    /** Cookie octets (RFC 6265, section 4.1.1). */
    value: z
      .string()
      .max(500)
      .regex(
        /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/,
        'expected visible ASCII characters without quotes, commas, semicolons and backslashes',
      ),
  }),
  z.strictObject({
    kind: z.literal('url'),
    url: z.url({ protocol: /^https?$/ }).max(2_000),
    /** Which of the check's `vars` the address replaces. */
    var: z.string().min(1).max(64).default('baseUrl'),
  }),
]);
export type Selector = z.output<typeof Selector>;

/** The selector without its value, which may open a door that is closed to others. */
export function selectorName(selector: Selector): string {
  switch (selector.kind) {
    case 'header':
      return `header ${selector.name}`;
    case 'cookie':
      return `cookie ${selector.name}`;
    case 'url':
      // What is before the host, and behind the path, may be a key to it.
      return selector.url.replace(/^([a-z]+:[/\\]*)(?:[^/\\?#]*@)?([^?#]*)[^]*$/i, '$1$2');
  }
}
