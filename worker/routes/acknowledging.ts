import type { Context } from 'hono';
import { withDeadline } from '../deadline.ts';
import { audit } from '../audit.ts';
import type { Hub } from '../hub.ts';
import type { Acknowledged } from '../objects/rpc.ts';

/** An object answers in milliseconds; whoever waits longer is better told to try again, which is harmless. */
const OBJECT_TIMEOUT_MS = 3_000;

/**
 * Says to an incident's object that somebody has it. What changed something is in the audit log; a second one is told who
 * was first, and changes nothing. @throws DeadlineError when the object does not answer
 */
export async function acknowledgeIncident(
  c: Context<Hub>,
  incident: { check: string; seq: number },
  by: string,
  via: string,
): Promise<Acknowledged> {
  const { check, seq } = incident;
  const answer = await withDeadline<Acknowledged>(
    c.env.CHECKS.getByName(check).acknowledge(seq, by, via),
    OBJECT_TIMEOUT_MS,
    'the check',
  );
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
