import { z } from 'zod';

/** How an answer's headers tell that a cache had it. Without `header`, by the headers that caches are known to set. */
export const CacheRule = z.strictObject({
  header: z.string().min(1).max(100).optional(),
  /** What the header's value must contain, whatever the case; `hit` when absent. */
  contains: z.string().min(1).max(100).optional(),
});
export type CacheRule = z.output<typeof CacheRule>;
