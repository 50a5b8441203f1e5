import type { Context } from 'hono';
import { serviceOfSubject } from '#core/deploy/telling/subject.ts';
import { isNetworkSubject } from '#core/network/network.ts';
import { Slug } from '#core/run.ts';
import { audit } from '../audit.ts';
import type { HubBindings } from '../bindings.ts';
import { withDeadline } from '../deadline.ts';
import type { Hub } from '../hub.ts';
import { NETWORK_NAME } from '../objects/network-rpc.ts';
import type { Acknowledged } from '../objects/rpc.ts';
import { checkOf } from '../settings.ts';

/** An object answers in milliseconds; whoever waits longer is better told to try again, which is harmless. */
const OBJECT_TIMEOUT_MS = 3_000;

/** Something to acknowledge: an incident of a check, or of the network, a drill, or a page about a service's deploy. */
export type Subject = { check: string; seq: number };

/**
 * What a provider's or a link's key is for: `<check>:<seq>`, `network:<seq>`, `drill:<n>`, `deploy.<service>:<n>`; `undefined`
 * of any other. A service need not be configured: a pipeline may announce deploys of any.
 */
export function subjectOf(key: string): Subject | undefined {
  const [, check, seq] = /^([a-z0-9.-]{1,80}):(\d{1,9})$/.exec(key) ?? [];
  if (check === undefined || !isSubject(check)) return undefined;
  return { check, seq: Number(seq) };
}

/** Whether there may be something to acknowledge under that name. */
function isSubject(check: string): boolean {
  const service = serviceOfSubject(check);
  if (service !== undefined) return Slug.safeParse(service).success;
  return isNetworkSubject(check) || checkOf(check) !== undefined;
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
  const answer = await withDeadline(asked(c.env, { check, seq }, by, via), OBJECT_TIMEOUT_MS, check);
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

function asked(env: HubBindings, { check, seq }: Subject, by: string, via: string): Promise<Acknowledged> {
  const service = serviceOfSubject(check);
  if (service !== undefined) return env.DEPLOYS.getByName(service).acknowledge(seq, by, via);
  if (isNetworkSubject(check)) return env.NETWORK.getByName(NETWORK_NAME).acknowledge(check, seq, by, via);
  return env.CHECKS.getByName(check).acknowledge(seq, by, via);
}
