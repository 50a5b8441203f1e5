import { isIP, connect as connectTcp, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls';
import type { QueryExchange } from '#core/dns/asking/exchange.ts';
import { AskError, troubleOf } from './trouble.ts';

/** A connection that is there: over TLS, one whose certificate is right. Times are milliseconds. */
export type Link = {
  socket: Socket;
  connectMs: number;
  tlsMs?: number | undefined;
  tls?: QueryExchange['tls'];
  /** What the server chose among the offered, e.g. `h2`. */
  protocol?: string | undefined;
  /** From now on the connection does not end with the signal it was opened under. */
  outlive(): void;
};

export type LinkTarget = {
  /** An IP address. */
  address: string;
  port: number;
  /** With TLS, for a certificate of this name (or address). */
  secure?: { name: string; protocols?: string[] | undefined; ca?: string | undefined } | undefined;
};

/** TLS came about, but not with the one that was meant. */
export class IdentityError extends AskError {
  readonly tls: QueryExchange['tls'];

  constructor(message: string, tls: QueryExchange['tls']) {
    super({ class: 'TLS_FAIL', message });
    this.tls = tls;
  }
}

/** Connects. Rejects with what went wrong, or with the signal's reason; nothing is left open then. */
export async function openLink(target: LinkTarget, signal: AbortSignal): Promise<Link> {
  const startedMs = performance.now();
  const socket = connectTcp({ host: target.address, port: target.port, noDelay: true });
  const outlive = destroyAt(signal, socket);
  await happened(socket, 'connect');
  const connectMs = performance.now() - startedMs;
  if (!target.secure) return { socket, connectMs, outlive };
  outlive();
  return { ...(await secure(socket, target.address, target.secure, signal)), connectMs };
}

async function secure(
  socket: Socket,
  address: string,
  { name, protocols, ca }: NonNullable<LinkTarget['secure']>,
  signal: AbortSignal,
): Promise<Omit<Link, 'connectMs'>> {
  const startedMs = performance.now();
  let wrongName: Error | undefined;
  const secured = connectTls({
    socket,
    // An address has no place in SNI (RFC 6066 section 3); its certificate is checked all the same.
    ...(isIP(name) === 0 ? { servername: name } : { host: address }),
    ...(protocols ? { ALPNProtocols: protocols } : {}),
    ...(ca === undefined ? {} : { ca }),
    checkServerIdentity: (_host, certificate) => (wrongName = checkServerIdentity(name, certificate)),
    // Judged below, where the certificate of a refused server can still be told of. Nothing is sent before.
    rejectUnauthorized: false,
  });
  const outlive = destroyAt(signal, secured);
  try {
    await happened(secured, 'secureConnect');
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    socket.destroy();
    // Whatever the socket says now, the connection was there and TLS was not.
    const { message } = troubleOf(error);
    throw new AskError({ class: 'TLS_FAIL', message }, { cause: error });
  }
  const tls = factsOf(secured);
  if (!secured.authorized) {
    secured.destroy();
    throw new IdentityError(wrongName?.message ?? sentenceOf(secured.authorizationError), tls);
  }
  const protocol = secured.alpnProtocol === false ? undefined : (secured.alpnProtocol ?? undefined);
  return { socket: secured, tlsMs: performance.now() - startedMs, tls, protocol, outlive };
}

function factsOf(socket: TLSSocket): QueryExchange['tls'] {
  const { valid_to: validTo } = socket.getPeerCertificate();
  return { protocol: socket.getProtocol() ?? 'unknown', validToMs: Date.parse(validTo) };
}

/** OpenSSL's word for what is wrong with a certificate: `CERT_HAS_EXPIRED`. */
function sentenceOf(verdict: Error | string): string {
  const word = verdict instanceof Error ? verdict.message : verdict;
  return `the certificate is not trusted: ${word}`;
}

/** A destroyed socket says why to whoever waits for it or reads it. The returned function ends the tie. */
function destroyAt(signal: AbortSignal, socket: Socket): () => void {
  const destroy = (): void => void socket.destroy(signal.reason as Error);
  const outlive = (): void => signal.removeEventListener('abort', destroy);
  signal.addEventListener('abort', destroy, { once: true });
  socket.once('close', outlive);
  if (signal.aborted) destroy();
  return outlive;
}

/** Resolves at the event, rejects at an error or the end. Errors later on are for who reads the socket. */
function happened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = (): void => reject(closedEarly());
    socket.once(event, () => {
      socket.off('close', closed);
      resolve();
    });
    // It stays: an error that nobody listens for ends the process.
    socket.on('error', reject);
    socket.once('close', closed);
  });
}

/** The other side has ended the connection before it had answered. */
export function closedEarly(): AskError {
  return new AskError({
    class: 'CONN_RESET',
    message: 'the server closed the connection before it had answered',
  });
}
