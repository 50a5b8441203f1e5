import type { Context } from 'hono';
import type { DnsCheck } from '#core/config.ts';
import type { ToldBaseline } from '#core/dns/memory/told-baseline.ts';
import { audit } from '../audit.ts';
import { withDeadline } from '../deadline.ts';
import { AppError } from '../errors.ts';
import type { Hub } from '../hub.ts';

/** An object answers in milliseconds; one that is being moved may take seconds. */
const OBJECT_TIMEOUT_MS = 5_000;

/** The check's accepted sizes beside the present ones. @throws DeadlineError when its object does not answer */
export async function readBaseline(c: Context<Hub>, { id }: DnsCheck): Promise<ToldBaseline | undefined> {
  const asked = c.env.CHECKS.getByName(id).dnsBaseline() as Promise<ToldBaseline | undefined>;
  return withDeadline(asked, OBJECT_TIMEOUT_MS, 'the check');
}

/** Accepts the present sizes, on record. @throws AppError when nothing has been measured, DeadlineError */
export async function acceptBaseline(c: Context<Hub>, { id }: DnsCheck, by: string): Promise<ToldBaseline> {
  const asked = c.env.CHECKS.getByName(id).acceptDnsBaseline(by) as Promise<ToldBaseline | undefined>;
  const told = await withDeadline(asked, OBJECT_TIMEOUT_MS, 'the check');
  if (!told) throw new AppError('conflict', `nothing of ${id} has been measured yet; wait for its first run`);
  audit(c.env.DB, c.executionCtx, {
    action: 'dns-accept',
    who: by,
    via: 'operator',
    check: id,
    requestId: c.get('requestId'),
  });
  return told;
}
