import { truncate } from '../../units.ts';
import type { DnsEvidence } from './evidence.ts';
import type { AssertionId } from './finding.ts';

/** A warning of a run, in its own words. */
export type Warned = { id: AssertionId; said: string };

/** Warnings remembered of a region, and the characters of each: a state is stored with every run. */
const WARNED_MAX = 12;
const SAID_CHARS_MAX = 250;

/** What a run warns of, each assertion once; in the order of the catalogue. */
export function warnedIn({ findings }: DnsEvidence): Warned[] {
  const warned = new Map<AssertionId, Warned>();
  for (const { id, severity, subject, message } of findings)
    if (severity === 'warn' && !warned.has(id))
      warned.set(id, { id, said: truncate(`${subject}: ${message}`, SAID_CHARS_MAX) });
  return [...warned.values()].slice(0, WARNED_MAX);
}
