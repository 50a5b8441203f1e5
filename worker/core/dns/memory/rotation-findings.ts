import type { DnsSettings } from '../../checks/dns.ts';
import { formatMs } from '../../units.ts';
import { answersToSeeAll } from '../contract/rotation.ts';
import { ADDRESSES_MAX } from '../findings/evidence.ts';
import type { Finding } from '../findings/finding.ts';
import { listText } from '../findings/telling.ts';
import type { DnsMemory } from './memory.ts';
import { answersSince, liveness, windowOf } from './pool.ts';

/** How sure it must be that all of a pool would have been seen (reference: dns, section 1.4). */
const SURE_P = 0.99;

/**
 * C2: whether the addresses seen over the window are as many as the pool has. Fewer counts once enough answers have come to
 * show all; more counts at once, by those that are still given.
 */
export function rotationFindings(settings: DnsSettings, memory: DnsMemory, nowMs: number): Finding[] {
  const { rotation, name } = settings;
  const { pool } = memory;
  if (!rotation || pool.addresses.length === 0) return [];
  const windowMs = windowOf(settings);
  const subject = name;
  if (rotation.addresses > ADDRESSES_MAX)
    return [
      {
        id: 'C2',
        severity: 'info',
        subject,
        message: `A pool of ${rotation.addresses} addresses is not counted: at most ${ADDRESSES_MAX} are followed.`,
      },
    ];
  const answers = answersSince(pool, nowMs - windowMs);
  const needed = answersToSeeAll(rotation.addresses, pool.perAnswer, SURE_P);
  const inWindow = pool.addresses.filter(({ lastMs }) => nowMs - lastMs <= windowMs);
  const live = liveness(settings, memory, nowMs);
  const given = pool.addresses.filter((seen) => live(seen).length > 0);
  const lost = pool.addresses.filter((seen) => nowMs - seen.lastMs <= windowMs && live(seen).length === 0);
  const fresh = given.filter(({ firstMs }) => firstMs > pool.sinceMs && nowMs - firstMs <= windowMs);
  const figures = {
    seen: inWindow.length,
    expected: rotation.addresses,
    answers,
    neededAnswers: needed,
    perAnswer: pool.perAnswer,
    appeared: fresh.length,
    disappeared: lost.length,
  };
  const warning = (message: string): Finding => ({ id: 'C2', severity: 'warn', subject, message, figures });
  if (given.length > rotation.addresses)
    return [
      warning(
        `${given.length} addresses are given, the pool is to have ${rotation.addresses}${fresh.length === 0 ? '' : `; new: ${listText(fresh.map(({ address }) => address))}`}.`,
      ),
    ];
  if (answers >= needed && inWindow.length < rotation.addresses)
    return [
      warning(
        `Only ${inWindow.length} of the pool’s ${rotation.addresses} addresses were seen in ${answers} answers over ${formatMs(windowMs)}; ${needed} show all of them 99 times in 100${lost.length === 0 ? '' : `; gone: ${listText(lost.map(({ address }) => address))}`}.`,
      ),
    ];
  if (answers < needed && nowMs - pool.sinceMs >= windowMs)
    return [
      {
        id: 'C2',
        severity: 'info',
        subject,
        message: `${answers} answers over ${formatMs(windowMs)} are too few to see a pool of ${rotation.addresses} whole; ${needed} are needed.`,
        figures,
      },
    ];
  return [];
}
