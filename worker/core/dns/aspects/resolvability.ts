import type { Aspect } from './aspect.ts';
import { combined } from './combined.ts';
import { absence } from './resolvability/absence.ts';
import { answers } from './resolvability/answers.ts';
import { control } from './resolvability/control.ts';
import { extendedErrors } from './resolvability/extended-errors.ts';
import { reach } from './resolvability/reach.ts';
import { repetition } from './resolvability/repetition.ts';

/** Whether the name resolves (A1–A9). */
export const resolvability: Aspect = combined([control, answers, reach, absence, extendedErrors, repetition]);
