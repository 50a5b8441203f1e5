/** What is wrong with a command's options, and how it is meant to be called. Node's own words, without its code for them. */
export function usageProblem(error: unknown, help: string): string {
  return `${error instanceof Error ? error.message : String(error)}\n\n${help}`;
}
