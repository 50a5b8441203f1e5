import type { Trouble } from '#core/dns/asking/exchange.ts';
import { truncate } from '#core/units.ts';
import { errorCode, errorText } from '../../log.ts';

/** Characters of a trouble's message: what a stored exchange takes. */
const MESSAGE_CHARS_MAX = 300;

/** Codes of system errors that tell of this machine or its way out, and nothing of who was asked. */
const OWN_CODES: ReadonlySet<string> = new Set([
  'EACCES',
  'EADDRINUSE',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EAI_AGAIN',
  'EINVAL',
  'EMFILE',
  'ENETDOWN',
  'ENETUNREACH',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'ENOTFOUND',
  'EPERM',
]);

/** Of those that tell of who was asked. `EHOSTUNREACH` is a router's word that the host is not there. */
const CLASS_OF_CODE: Readonly<Record<string, Trouble['class']>> = {
  ECONNREFUSED: 'CONN_REFUSED',
  EHOSTUNREACH: 'CONN_REFUSED',
  EHOSTDOWN: 'CONN_REFUSED',
  ETIMEDOUT: 'TIMEOUT',
  UND_ERR_CONNECT_TIMEOUT: 'TIMEOUT',
  ECONNRESET: 'CONN_RESET',
  ECONNABORTED: 'CONN_RESET',
  EPIPE: 'CONN_RESET',
  ERR_STREAM_PREMATURE_CLOSE: 'CONN_RESET',
};

/** Codes of Node's HTTP clients when the other side does not keep to the protocol, or leaves in the middle. */
const BROKEN_HTTP_CODE = /^(ERR_HTTP2_|HPE_|UND_ERR_)/;
/** Codes of OpenSSL's verdicts on a certificate, and of Node's. */
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/;

/** Why there is no answer, thrown between the parts of the asker. */
export class AskError extends Error {
  override readonly name = 'AskError';
  readonly trouble: Trouble;

  constructor(trouble: Trouble, options?: ErrorOptions) {
    super(trouble.message, options);
    this.trouble = trouble;
  }
}

/** Our own doing: the run was over, no socket, no way out. */
export function notMeasurable(message: string): Trouble {
  return { class: 'NOT_MEASURABLE', message: truncate(message, MESSAGE_CHARS_MAX), probeFault: true };
}

/** The run was over before the question was put. */
export function notAsked(): Trouble {
  return notMeasurable("the run's time was over before it was asked");
}

/** What an error says, and of whom. What is in no list is an error of ours, not the target's. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof AskError) return error.trouble;
  const code = codeOf(error);
  const message = truncate(errorText(error), MESSAGE_CHARS_MAX);
  if (code === undefined || OWN_CODES.has(code)) return notMeasurable(message);
  const known = CLASS_OF_CODE[code];
  if (known !== undefined) return { class: known, message };
  if (BROKEN_HTTP_CODE.test(code)) return { class: 'CONN_RESET', message };
  return TLS_CODE.test(code) ? { class: 'TLS_FAIL', message } : notMeasurable(message);
}

/** The code of an error, or of its cause: `fetch` wraps what its sockets say, and a host of several addresses all of them. */
function codeOf(error: unknown): string | undefined {
  const own = errorCode(error);
  if (own !== undefined || !(error instanceof Error)) return own;
  const inner = error instanceof AggregateError ? (error.errors as unknown[])[0] : error.cause;
  return inner === undefined ? undefined : codeOf(inner);
}
