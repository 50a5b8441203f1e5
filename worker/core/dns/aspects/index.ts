import type { AspectName } from '../../checks/dns.ts';
import type { Aspect } from './aspect.ts';
import { content } from './content.ts';
import { delegation } from './delegation.ts';
import { dnssec } from './dnssec.ts';
import { edns } from './edns.ts';
import { encrypted } from './encrypted.ts';
import { freshness } from './freshness.ts';
import { profiles } from './profiles.ts';
import { resolvability } from './resolvability.ts';
import { size } from './size.ts';
import { tcp } from './tcp.ts';

/** Every part of a check: what it asks and what it finds. */
export const ASPECTS: Record<AspectName, Aspect> = {
  resolvability,
  size,
  tcp,
  edns,
  profiles,
  content,
  delegation,
  dnssec,
  freshness,
  encrypted,
};
