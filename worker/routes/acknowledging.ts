import type { Context } from 'hono';
import { isNetworkSubject } from '#core/network/network.ts';
import { audit } from '../audit.ts';
import { withDeadline } from '../deadline.ts';
import type { Hub } from '../hub.ts';
import { NETWORK_NAME } from '../objects/network-rpc.ts';
import type { Acknowledged } from '../objects/rpc.ts';
import { checkOf } from '../settings.ts';

/** An object answers in milliseconds; whoever waits longer is better told to try again, which is harmless. */
const OBJECT_TIMEOUT_MS = 3_000;

/** Something to acknowledge: an incident of a check, or of the network, or a drill. */
export type Subject = { check: string; seq: number };

/** What a provider's or a link's key is for: `<check>:<seq>`, `network:<seq>`, `drill:<n>`; `undefined` of any other. */
export function subjectOf(key: string): Subject | undefined {
  const [, check, seq] = /^([a-z0-9-]{1,64}):(\d{1,9})$/.exec(key) ?? [];
  if (check === undefined || !(isNetworkSubject(check) || checkOf(check))) return undefined;
  return { check, seq: Number(seq) };
}

/**
 * Says to an incident's object that somebody has it. What changed something is in the audit log; a second one is told who
 * was first, and changes nothing. @throws DeadlineError when the object does not answer
 */
export async function acknowledgeSubject(
  c: Context<Hub>,
  { check, seq }: Subject,
  by: string,
  via: string,
): Promise<Acknowledged> {
  const asked: Promise<Acknowledged> = isNetworkSubject(check)
    ? c.env.NETWORK.getByName(NETWORK_NAME).acknowledge(check, seq, by, via)
    : c.env.CHECKS.getByName(check).acknowledge(seq, by, via);
  const answer = await withDeadline(asked, OBJECT_TIMEOUT_MS, check);
  if (answer.state === 'acknowledged')
    audit(c.env.DB, c.executionCtx, {
      action: 'acknowledge',
      who: by,
      via,
      check,
      seq,
      requestId: c.get('requestId'),
    });
  return answer;
}
