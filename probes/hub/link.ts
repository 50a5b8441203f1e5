import type { Ack, BrokeGlass, Report } from '#core/wire.ts';
import type { HubAnswer } from './hub-http.ts';
import type { Saying } from './saying.ts';

/** A way to the hub: the socket, or HTTP. What waits for an answer is asked one at a time. Nothing rejects. */
export type Link = {
  report(report: Report): Promise<HubAnswer<Ack>>;
  brokeGlass(message: BrokeGlass): Promise<HubAnswer<Ack>>;
  /** Says it once, beside whatever waits; `undefined` when it is gone, else why it is lost. */
  say(saying: Saying): Promise<string | undefined>;
};
