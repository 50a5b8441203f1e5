import { combined } from './combined.ts';
import { chain } from './dnssec/chain.ts';
import { validation } from './dnssec/validation.ts';
import { validity } from './dnssec/validity.ts';

/** Signatures, the chain of trust from the parent, and what validating resolvers make of it (E7–E10). */
export const dnssec = combined([validity, chain, validation]);
