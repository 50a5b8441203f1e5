import { combined } from './combined.ts';
import { consistency } from './delegation/consistency.ts';
import { glue } from './delegation/glue.ts';
import { lameness } from './delegation/lameness.ts';
import { manners } from './delegation/manners.ts';
import { redundancy } from './delegation/redundancy.ts';
import { referralSize } from './delegation/referral-size.ts';

/** The zone's servers one by one and against each other, and the way from the root to them (D1–D10, B12). */
export const delegation = combined([lameness, consistency, redundancy, glue, manners, referralSize]);
