import type { Query } from '#core/dns/asking/exchange.ts';
import { cutTrouble } from '#core/dns/asking/silence.ts';
import type { Answer } from './answer.ts';
import { UdpLine } from './udp.ts';

/** The UDP sockets of one run: one a server, and one for each question that takes replies from anywhere. */
export class UdpLines {
  readonly #kept = new Map<string, UdpLine>();
  readonly #open = new Set<UdpLine>();
  #isClosed = false;

  /** The socket that a server was asked from before, when such a question goes out from there too. */
  kept({ server, manner }: Query): UdpLine | undefined {
    return manner === undefined ? this.#kept.get(server.url) : undefined;
  }

  /** Asks the query, whose octets are `message`, at an IP address. Never rejects. */
  ask({ server, manner }: Query, address: string, message: Uint8Array, timeoutMs: number): Promise<Answer> {
    const { port, url } = server;
    if (manner === 'unconnected') return this.#askFromAnywhere(address, port, message, timeoutMs);
    const kept = this.#kept.get(url) ?? this.#opened({ address, port, connected: true });
    this.#kept.set(url, kept);
    return kept.ask(message, timeoutMs);
  }

  /** Ends every question under way and frees all sockets; what is asked afterwards is not. */
  close(): void {
    this.#isClosed = true;
    for (const line of this.#open) this.#close(line);
  }

  async #askFromAnywhere(
    address: string,
    port: number,
    message: Uint8Array,
    timeoutMs: number,
  ): Promise<Answer> {
    const line = this.#opened({ address, port, connected: false });
    const answer = await line.ask(message, timeoutMs);
    this.#close(line);
    return answer;
  }

  #opened(options: ConstructorParameters<typeof UdpLine>[0]): UdpLine {
    const line = new UdpLine(options);
    this.#open.add(line);
    if (this.#isClosed) this.#close(line);
    return line;
  }

  #close(line: UdpLine): void {
    if (this.#open.delete(line)) line.close(cutTrouble);
  }
}
