import { truncate } from '../../units.ts';
import type { Server } from '../asking/server.ts';
import { SENTENCE_CHARS_MAX, type Finding } from './finding.ts';
import { grouped, listText, serverText } from './telling.ts';

/** What was found of one server, as if it were the only one. */
export type SaidOf = { server: Server; findings: readonly Finding[] };

/**
 * What was found of several servers, each thing once, with whose it is: all that were judged, or which of them. Two findings
 * are the same thing when assertion, severity, subject and sentence are equal.
 */
export function agreed(said: readonly SaidOf[]): Finding[] {
  const all = said.flatMap(({ server, findings }) => findings.map((finding) => ({ server, finding })));
  return grouped(all, ({ finding: { id, severity, subject, message } }) =>
    JSON.stringify([id, severity, subject, message]),
  ).flatMap(({ items }) => {
    const [first] = items;
    return first
      ? [withNote(first.finding, whoseNote(new Set(items.map(({ server }) => server)), said.length))]
      : [];
  });
}

function whoseNote(servers: ReadonlySet<Server>, judged: number): string {
  if (servers.size === judged && judged > 1) return ` The same at all ${judged} authorities.`;
  const names = listText([...servers].map(serverText), 3);
  return judged === 1
    ? ` At ${names}.`
    : ` At ${names}; not at ${judged - servers.size} of ${judged} authorities.`;
}

/** The finding with a sentence behind its own, which is cut before the note is. */
export function withNote(finding: Finding, note: string): Finding {
  return {
    ...finding,
    message: truncate(finding.message, Math.max(1, SENTENCE_CHARS_MAX - note.length)) + note,
  };
}
