import { combined } from './combined.ts';
import { allowList } from './content/allow-list.ts';
import { expectation } from './content/expectation.ts';
import { samples } from './content/samples.ts';
import { serviceBinding } from './content/service-binding.ts';
import { special } from './content/special.ts';
import { usable } from './content/usable.ts';

/** What the answer says: the expected records, special and duplicate addresses, HTTPS hints, usable addresses, the allow-list (C1–C9). */
export const content = combined([expectation, samples, usable, special, serviceBinding, allowList]);
