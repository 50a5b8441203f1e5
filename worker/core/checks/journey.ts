import { z } from 'zod';
import { MESSAGE_CHARS_MAX, type Failure, type PROBE_FAULTS, type TARGET_FAULTS } from '../failure.ts';
import { truncate } from '../units.ts';

/** Settings of a journey check beside those every check has. */
export const journeySettings = {
  kind: z.literal('journey'),
  /** Path of the journey's file, from the folder of the configuration. */
  file: z
    .string()
    .max(300)
    .regex(/^[^/].*\.journey\.ts$/, 'expected a relative path ending in .journey.ts'),
  /** Plain values the journey reads as `vars`, such as the address of the portal. Never secrets. */
  vars: z.record(z.string().max(64), z.string().max(2_000)).default({}),
  /** Names of the secrets the journey may read; each must be set on the probe as an environment variable. */
  secrets: z
    .array(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'expected a name like PORTAL_PASSWORD'))
    .max(50)
    .default([]),
};

type TargetFault = (typeof TARGET_FAULTS)[number];
type ProbeFault = (typeof PROBE_FAULTS)[number];

/** What a runner saw of a journey that did not end well; the facts only, no judgement. */
export type JourneyTrouble = {
  /**
   * Where the trouble arose: in our own machinery, at the run's deadline, thrown by the journey, found in the page after
   * a journey that ended well, or measured by a tool of the journey. Of that nothing in the page tells more.
   */
  source: 'probe' | 'deadline' | 'journey' | 'page' | 'finding';
  /** For `source: 'probe'`: which of our own faults it was. */
  probeFault?: ProbeFault | undefined;
  errorName: string;
  message: string;
  step?: string | undefined;
  url?: string | undefined;
  /** Status of the main document in place when the trouble arose. */
  documentStatus?: number | undefined;
  /** Network error in whose place the browser showed its own error page, e.g. `net::ERR_CONNECTION_REFUSED`. */
  documentError?: string | undefined;
  /** Whether the main document did not answer: a navigation was under way, or the page was stuck. */
  documentPending: boolean;
  /** Whether the journey was waiting for the browser at the deadline; false means it hung by itself. */
  waitingForBrowser: boolean;
  /** Whether the journey was in the middle of an `expect` at the deadline: it saw a page, and not what it should show. */
  expecting: boolean;
};

/**
 * Whose fault a journey's trouble is, and of what class. Never throws; every branch ends in a failure, never in a pass.
 *
 * An error of the language itself (TypeError and its kin) is a mistake in the journey, hence `invalid`: the target
 * must not be blamed for it. Any other thrown error is the journey's way of saying that the target is wrong. What the
 * page shows (a network error, a status) explains more than what the journey missed in it, and goes first.
 */
export function evaluateJourney(trouble: JourneyTrouble): Failure {
  const said = {
    message: truncate(trouble.message, MESSAGE_CHARS_MAX),
    ...(trouble.step ? { step: truncate(trouble.step, 1_000) } : {}),
  };
  const own = (fault: ProbeFault): Failure => ({ owner: 'probe', class: fault, ...said });
  const target = (fault: TargetFault, httpStatus?: number): Failure => ({
    owner: 'target',
    class: fault,
    ...said,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(trouble.url ? { url: truncate(trouble.url, 2_000) } : {}),
  });

  if (trouble.source === 'probe') return own(trouble.probeFault ?? 'probe-error');
  if (trouble.source === 'finding') return target('assertion');
  // What an expectation quotes is the page's text, not an error of ours.
  const quoted = /\bexpect\(/.test(trouble.message);
  const thrown = trouble.source === 'journey' && !quoted ? networkFault(trouble.message) : undefined;
  if (thrown === undefined && isOwnMistake(trouble)) return own('journey-error');
  const network = thrown ?? networkFault(trouble.documentError ?? '');
  if (network) return network.owner === 'probe' ? own(network.class) : target(network.class);
  if (trouble.documentStatus !== undefined && trouble.documentStatus >= 400)
    return target('http', trouble.documentStatus);
  if (trouble.documentPending) return target('timeout');
  if (trouble.source === 'deadline') return target(trouble.expecting ? 'assertion' : 'timeout');
  if (isBrokenNavigation(trouble.message) || trouble.documentError !== undefined) return target('navigation');
  return target(trouble.errorName === 'TimeoutError' ? 'timeout' : 'assertion');
}

const LANGUAGE_ERRORS = new Set([
  'JourneyMistake',
  'TypeError',
  'ReferenceError',
  'SyntaxError',
  'RangeError',
  'EvalError',
  'URIError',
]);

/** Ways in which Playwright says that a journey asks for what cannot be: no target can cause them. */
const MISUSE =
  /Cannot navigate to invalid URL|while parsing (?:css )?selector|Unknown engine "|Malformed attribute selector/;

function isOwnMistake(trouble: JourneyTrouble): boolean {
  if (trouble.source === 'deadline') return !trouble.waitingForBrowser && !trouble.documentPending;
  return (
    trouble.source === 'journey' && (LANGUAGE_ERRORS.has(trouble.errorName) || MISUSE.test(trouble.message))
  );
}

/** The document went away under the journey's hands: a navigation that nobody expected, an abort, a closed popup. */
function isBrokenNavigation(message: string): boolean {
  return /net::ERR_ABORTED|interrupted by another navigation|frame was detached|Execution context was destroyed|Download is starting|page, context or browser has been closed/i.test(
    message,
  );
}

type NetworkFault = { owner: 'target'; class: TargetFault } | { owner: 'probe'; class: ProbeFault };

/** The fault behind a network error inside a text, Chromium's or Node's; `undefined` without one, or when it is just an abort. */
function networkFault(text: string): NetworkFault | undefined {
  const chromium = /\bnet::(ERR_[A-Z0-9_]+)/.exec(text)?.[1];
  if (chromium !== undefined) return CHROMIUM_ERRORS.find(([pattern]) => pattern.test(chromium))?.[1];
  const node = NODE_ERRORS.find(([pattern]) => pattern.test(text));
  return node?.[1];
}

const target = (fault: TargetFault): NetworkFault => ({ owner: 'target', class: fault });
const own = (fault: ProbeFault): NetworkFault => ({ owner: 'probe', class: fault });

/**
 * By the names and ranges of chromium/src/net/base/net_error_list.h: 1–99 system, 100–199 connection, 200–299 certificate,
 * 300–399 HTTP, 800–899 DNS. The first match counts; the last takes what is left.
 */
const CHROMIUM_ERRORS: readonly (readonly [RegExp, NetworkFault | undefined])[] = [
  [/^ERR_ABORTED$/, undefined],
  [/^ERR_(NAME_|DNS_|ICANN_)/, target('dns')],
  [/^ERR_(CERT_|SSL_|BAD_SSL|TLS|ECH_)/, target('tls')],
  [/^ERR_(CONNECTION_)?TIMED_OUT$/, target('timeout')],
  [/^ERR_(OUT_OF_MEMORY|INSUFFICIENT_RESOURCES)$/, own('memory')],
  [/^ERR_FILE_NO_SPACE$/, own('disk-full')],
  [
    /^ERR_(INTERNET_DISCONNECTED|NETWORK_CHANGED|NETWORK_IO_SUSPENDED|NETWORK_ACCESS_DENIED|PROXY_|TUNNEL_|MANDATORY_PROXY_|SOCKS_)/,
    own('egress'),
  ],
  [/^ERR_(CONNECTION_|ADDRESS_|SOCKET_|EMPTY_RESPONSE|HTTP2_|QUIC_)/, target('connect')],
  [/^/, target('navigation')],
];

/** Errors of Node's sockets, which a journey meets in `page.request` and `fetch`. */
const NODE_ERRORS: readonly (readonly [RegExp, NetworkFault])[] = [
  [/\b(ENOTFOUND|EAI_AGAIN|EAI_NODATA|EAI_NONAME)\b/, target('dns')],
  [/\b(ECONNREFUSED|ECONNRESET|EHOSTUNREACH|EPIPE|UND_ERR_SOCKET)\b|socket hang up/, target('connect')],
  [/\b(ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|EMFILE|ENFILE)\b/, own('egress')],
  [/\b(ETIMEDOUT|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT)\b/, target('timeout')],
  [
    /\b(CERT_[A-Z_]+|ERR_TLS_[A-Z_]+|ERR_SSL_[A-Z_]+|[A-Z_]*SELF_SIGNED_CERT[A-Z_]*|UNABLE_TO_[A-Z_]+)\b|self-signed certificate/,
    target('tls'),
  ],
];
