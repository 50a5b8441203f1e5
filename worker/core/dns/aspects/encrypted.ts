import type { Aspect } from './aspect.ts';
import { combined } from './combined.ts';
import { certificates } from './encrypted/certificates.ts';
import { doh } from './encrypted/doh.ts';
import { reportChannel } from './encrypted/report-channel.ts';
import { sameAnswer } from './encrypted/same-answer.ts';

/** DoT, DoH, and the same answer on every transport (F1–F4). */
export const encrypted: Aspect = combined([certificates, doh, sameAnswer, reportChannel]);
