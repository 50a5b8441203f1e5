import { exports } from 'cloudflare:workers';
import { HubMessage, WIRE_VERSION, type Hello, type Report } from '#core/wire.ts';
import type { Run } from '#core/run.ts';
import { tokenOf, until } from './hub.ts';

/** What a probe says of itself, under the name `probe`. */
export function helloOf(probe: string, overrides: Partial<Hello> = {}): Hello {
  return {
    type: 'hello',
    wireVersion: WIRE_VERSION,
    probe,
    boot: 1_000,
    configHash: 'abc',
    versions: { latchkey: '0.1.0' },
    spooled: 0,
    dropped: 0,
    ...overrides,
  };
}

export function reportOf(...runs: Run[]): Report {
  return { type: 'report', entries: runs.map((run) => ({ ageMs: run.durationMs, run })) };
}

/** A probe's end of a socket to the hub, and what has come over it. */
export type ProbeSocket = {
  send(message: object | string | ArrayBuffer): void;
  /** Every parsed message so far, oldest first. */
  messages: HubMessage[];
  /** Texts that are not JSON, such as the answer to a heartbeat. */
  texts: string[];
  closed: { code: number; reason: string } | undefined;
  /** The first message of that type from now on, or one that has come and was not taken yet. */
  next<T extends HubMessage['type']>(type: T): Promise<Extract<HubMessage, { type: T }>>;
  close(): void;
};

/** Opens a socket as a probe of the region does. */
export async function connect(region: string, tokenProbe?: string): Promise<ProbeSocket> {
  const response = await exports.default.fetch('https://hub.test/api/probe/socket', {
    headers: { upgrade: 'websocket', authorization: `Bearer ${await tokenOf(region, tokenProbe)}` },
  });
  const socket = response.webSocket;
  if (!socket) throw new Error(`no socket: ${response.status} ${await response.text()}`);
  const untaken: HubMessage[] = [];
  const probe: ProbeSocket = {
    messages: [],
    texts: [],
    closed: undefined,
    send: (message) =>
      socket.send(
        typeof message === 'string' || message instanceof ArrayBuffer ? message : JSON.stringify(message),
      ),
    next: (type) => until(async () => take(untaken, type)),
    close: () => socket.close(1_000, 'done'),
  };
  socket.addEventListener('message', ({ data }) => {
    if (typeof data !== 'string' || !data.startsWith('{')) {
      probe.texts.push(String(data));
      return;
    }
    const message = HubMessage.parse(JSON.parse(data));
    probe.messages.push(message);
    untaken.push(message);
  });
  socket.addEventListener('close', ({ code, reason }) => {
    probe.closed = { code, reason };
  });
  socket.accept();
  return probe;
}

function take<T extends HubMessage['type']>(
  messages: HubMessage[],
  type: T,
): Extract<HubMessage, { type: T }> | undefined {
  const isWanted = (message: HubMessage): message is Extract<HubMessage, { type: T }> =>
    message.type === type;
  const wanted = messages.find(isWanted);
  if (wanted) messages.splice(messages.indexOf(wanted), 1);
  return wanted;
}
