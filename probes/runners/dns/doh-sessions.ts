import type { ClientHttp2Session } from 'node:http2';
import type { Query } from '#core/dns/asking/exchange.ts';
import type { Answer } from './answer.ts';
import { askOverHttp1, askOverHttp2, openSession, type HttpAnswer } from './doh.ts';
import type { Link } from './link.ts';

type Kept = { session: ClientHttp2Session; tls: Answer['tls'] };
/** `undefined`: there is no connection, or it does not speak HTTP/2. */
type Keeping = Promise<Kept | undefined>;

/** What DoH is asked over: one HTTP/2 session a server, which all of a run's questions share, or HTTP/1.1 connections. */
export class DohSessions {
  readonly #keeping = new Map<string, Keeping>();
  readonly #all = new Set<Keeping>();

  /**
   * Asks. `open` connects when there is no session yet; what is known of connection and reply is put into `answer`. Rejects
   * when there is no HTTP answer.
   */
  async ask(query: Query, signal: AbortSignal, answer: Answer, open: () => Promise<Link>): Promise<void> {
    const { origin } = new URL(query.server.url);
    const keeping = this.#keeping.get(origin);
    const kept = keeping && (await keeping);
    if (kept && isUsable(kept)) {
      answer.tls = kept.tls;
      try {
        return await timed(answer, () => askOverHttp2(kept.session, query, signal));
      } catch (error) {
        // A server may end an old session at any time, also just now: that says nothing of its answers.
        if (signal.aborted || isUsable(kept)) throw error;
      }
    }
    const opening = open();
    const fresh = this.#keep(origin, opening, query);
    const link = await opening;
    Object.assign(answer, { connectMs: link.connectMs, tlsMs: link.tlsMs, tls: link.tls });
    const own = await fresh;
    if (own) return timed(answer, () => askOverHttp2(own.session, query, signal));
    try {
      return await timed(answer, () => askOverHttp1(link, query));
    } finally {
      link.socket.destroy();
    }
  }

  close(): void {
    for (const keeping of this.#all) void keeping.then((kept) => kept?.session.destroy());
    this.#all.clear();
  }

  /** Others that ask meanwhile wait for the session instead of opening one of their own. */
  #keep(origin: string, opening: Promise<Link>, query: Query): Keeping {
    const keeping = opening.then(
      (link): Kept | undefined => {
        if (link.protocol !== 'h2') return undefined;
        link.outlive();
        return { session: openSession(link, query), tls: link.tls };
      },
      () => undefined,
    );
    this.#keeping.set(origin, keeping);
    this.#all.add(keeping);
    return keeping;
  }
}

function isUsable({ session }: Kept): boolean {
  return !session.closed && !session.destroyed;
}

async function timed(answer: Answer, ask: () => Promise<HttpAnswer>): Promise<void> {
  const sentMs = performance.now();
  const { http, reply } = await ask();
  Object.assign(answer, { exchangeMs: performance.now() - sentMs, http, reply });
}
