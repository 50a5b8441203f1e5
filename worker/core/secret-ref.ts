import { z } from 'zod';

/** A secret named in the configuration; its value is in the environment of whoever uses it and has no default. */
export const SecretRef = z.strictObject({
  secret: z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'expected a name like PAGERDUTY_ROUTING_KEY'),
});
export type SecretRef = z.infer<typeof SecretRef>;
