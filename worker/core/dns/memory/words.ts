/** Names in one sentence: what one can read at a glance. */
const NAMES_MAX = 3;

/** `a, b, c and 4 more`. */
export function listed(names: readonly string[], max = NAMES_MAX): string {
  const rest = names.length - max;
  const shown = names.slice(0, max).join(', ');
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

/** Epoch ms → `2026-11-21 18:40 UTC`. */
export function utcMinutes(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
