import type { DnsSettings } from '../../checks/dns.ts';
import { MS_PER_MINUTE, MS_PER_SECOND } from '../../units.ts';

/** What was the newest, and is nowhere any more for two graces, and for this long at least, has been taken back. */
const GRACES = 2;
const MS_MIN = 20 * MS_PER_MINUTE;

/**
 * Whether what was the newest has been taken back: since `goneSinceMs` every look has found something older. Without that an
 * older one that is there to stay would be found lacking for ever.
 */
export function isTakenBack({ limits }: DnsSettings, goneSinceMs: number, nowMs: number): boolean {
  return nowMs - goneSinceMs > Math.max(MS_MIN, GRACES * limits.graceS * MS_PER_SECOND);
}
