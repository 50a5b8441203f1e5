import type { Aspect } from './aspect.ts';

/** Several parts as one: what any of them asks and finds. */
export function combined(parts: readonly Aspect[]): Aspect {
  return {
    tasks: (inquiry) => parts.flatMap((part) => part.tasks(inquiry)),
    findings: (inquiry) => parts.flatMap((part) => part.findings(inquiry)),
  };
}
