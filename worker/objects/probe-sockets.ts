import { PING, PONG, SILENT_AFTER_MS, type HubMessage } from '#core/wire.ts';
import { log, messageOf } from '../log.ts';

/** Sockets of one region: its probes, and some that are being replaced. */
const SOCKETS_MAX = 100;
/** Close codes; 4000 and up are ours. */
export const CLOSE = { replaced: 4_000, silent: 4_001, policy: 1_008, tooBig: 1_009 } as const;

/** What a socket carries through hibernation. */
export type SocketState = {
  /** The probe its token is for, when it is for one. */
  tokenProbe?: string | undefined;
  /** Known once it has said hello. */
  probe?: string | undefined;
  lastMessageMs: number;
  /** `planKey` of the live probes its plan was made for. */
  planKey?: number | undefined;
};

/** The sockets of a region's probes. They hibernate: heartbeats are answered by the runtime and wake nobody. */
export class ProbeSockets {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /** Takes in a new socket and returns the client's end, or `undefined` when there are too many. */
  accept(tokenProbe: string | undefined, nowMs: number): WebSocket | undefined {
    if (this.#ctx.getWebSockets().length >= SOCKETS_MAX) return undefined;
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    this.setState(server, { tokenProbe, lastMessageMs: nowMs });
    return client;
  }

  open(): WebSocket[] {
    return this.#ctx.getWebSockets().filter((socket) => socket.readyState === WebSocket.OPEN);
  }

  /** The open sockets of one probe: one, or for a moment two. */
  of(probe: string): WebSocket[] {
    return this.open().filter((socket) => this.state(socket).probe === probe);
  }

  state(socket: WebSocket): SocketState {
    return (socket.deserializeAttachment() as SocketState | null) ?? { lastMessageMs: 0 };
  }

  setState(socket: WebSocket, state: SocketState): void {
    socket.serializeAttachment(state);
  }

  /** When this socket was last heard: a message, or a heartbeat that the runtime answered. */
  heardMs(socket: WebSocket): number {
    const heartbeatMs = this.#ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0;
    return Math.max(heartbeatMs, this.state(socket).lastMessageMs);
  }

  send(socket: WebSocket, message: HubMessage): void {
    try {
      socket.send(JSON.stringify(message));
    } catch (error) {
      // It has just gone: its close event follows, and what was not acknowledged is sent again.
      log('socket-send-failed', { message: message.type, error: messageOf(error) });
    }
  }

  /** Closes a probe's sockets, all but the newest one. */
  closeOlder(probe: string, newest?: WebSocket): void {
    for (const socket of this.of(probe)) if (socket !== newest) socket.close(CLOSE.replaced, 'replaced');
  }

  /** Closes the sockets that nobody seems to hold any more. */
  closeSilent(nowMs: number): void {
    for (const socket of this.open())
      if (nowMs - this.heardMs(socket) > SILENT_AFTER_MS) socket.close(CLOSE.silent, 'silent');
  }
}
