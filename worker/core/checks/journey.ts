import { z } from 'zod';
import { MESSAGE_CHARS_MAX, type Failure, type PROBE_FAULTS } from '../failure.ts';
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

/** What a runner saw of a journey that did not end well; the facts only, no judgement. */
export type JourneyTrouble = {
  /** Where the trouble arose: in our own machinery, at the run's deadline, or thrown by the journey. */
  source: 'probe' | 'deadline' | 'journey';
  /** For `source: 'probe'`: which of our own faults it was. */
  probeFault?: (typeof PROBE_FAULTS)[number] | undefined;
  errorName: string;
  message: string;
  step?: string | undefined;
  url?: string | undefined;
  /** Status of the main document in place when the trouble arose. */
  documentStatus?: number | undefined;
  /** Network errors of the main document's own request, newest last, e.g. `net::ERR_CONNECTION_REFUSED`. */
  networkErrors: readonly string[];
  /** Whether the journey was waiting for the browser at the deadline; false means it hung by itself. */
  waitingForBrowser: boolean;
};

/**
 * Whose fault a journey's trouble is, and of what class. Never throws; every branch ends in a failure, never in a pass.
 *
 * An error of the language itself (TypeError and its kin) is a mistake in the journey, hence `invalid`: the target
 * must not be blamed for it. Any other thrown error is the journey's way of saying that the target is wrong.
 */
export function evaluateJourney(trouble: JourneyTrouble): Failure {
  const message = truncate(trouble.message, MESSAGE_CHARS_MAX);
  const step = trouble.step === undefined ? {} : { step: truncate(trouble.step, 1_000) };
  if (trouble.source === 'probe')
    return { owner: 'probe', class: trouble.probeFault ?? 'probe-error', message, ...step };
  if (isOwnMistake(trouble)) return { owner: 'probe', class: 'journey-error', message, ...step };

  const target = (fault: (typeof TARGET_ORDER)[number], httpStatus?: number): Failure => ({
    owner: 'target',
    class: fault,
    message,
    ...step,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(trouble.url ? { url: truncate(trouble.url, 2_000) } : {}),
  });
  const netError = netErrorOf(trouble.message) ?? trouble.networkErrors.at(-1);
  const fault = netError === undefined ? undefined : faultOfNetError(netError);
  if (fault === 'egress') return { owner: 'probe', class: 'egress', message, ...step };
  if (fault !== undefined && fault !== 'aborted') return target(fault);
  if (trouble.documentStatus !== undefined && trouble.documentStatus >= 400)
    return target('http', trouble.documentStatus);
  if (trouble.source === 'deadline') return target('timeout');
  if (fault === 'aborted') return target('navigation');
  if (isExpectation(trouble)) return target('assertion');
  return target(trouble.errorName === 'TimeoutError' ? 'timeout' : 'assertion');
}

const TARGET_ORDER = ['dns', 'connect', 'tls', 'timeout', 'http', 'assertion', 'navigation'] as const;

const LANGUAGE_ERRORS = new Set([
  'TypeError',
  'ReferenceError',
  'SyntaxError',
  'RangeError',
  'EvalError',
  'URIError',
]);

function isOwnMistake(trouble: JourneyTrouble): boolean {
  if (trouble.source === 'deadline') return !trouble.waitingForBrowser;
  return LANGUAGE_ERRORS.has(trouble.errorName);
}

function isExpectation(trouble: JourneyTrouble): boolean {
  return /expect\(.*\)\.|^expect/i.test(trouble.message) || trouble.errorName === 'AssertionError';
}

/** The Chromium network error inside a message, e.g. `net::ERR_NAME_NOT_RESOLVED`. */
function netErrorOf(message: string): string | undefined {
  return /net::ERR_[A-Z0-9_]+/.exec(message)?.[0];
}

/**
 * Class of a Chromium network error, by the ranges of chromium/src/net/base/net_error_list.h:
 * 1–99 system, 100–199 connection, 200–299 certificate, 300–399 HTTP, 800–899 DNS.
 */
function faultOfNetError(
  name: string,
): 'dns' | 'connect' | 'tls' | 'timeout' | 'navigation' | 'egress' | 'aborted' {
  const error = name.replace(/^net::/, '');
  if (/^ERR_(NAME_|DNS_|ICANN_)/.test(error)) return 'dns';
  if (/^ERR_(CERT_|SSL_|BAD_SSL|TLS|ECH_)/.test(error)) return 'tls';
  if (error === 'ERR_TIMED_OUT' || error === 'ERR_CONNECTION_TIMED_OUT') return 'timeout';
  if (
    /^ERR_(INTERNET_DISCONNECTED|NETWORK_CHANGED|PROXY_|TUNNEL_|NETWORK_ACCESS_DENIED|INSUFFICIENT_RESOURCES)/.test(
      error,
    )
  )
    return 'egress';
  if (error === 'ERR_ABORTED') return 'aborted';
  if (/^ERR_(CONNECTION_|ADDRESS_|SOCKET_|EMPTY_RESPONSE|HTTP2_|QUIC_)/.test(error)) return 'connect';
  return 'navigation';
}
