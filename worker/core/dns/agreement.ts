import type { Finding } from './finding.ts';
import type { Server } from './server.ts';

/** What was found of one server. The subjects are what the findings are about when all servers agree. */
export type SaidOf = { server: Server; findings: readonly Finding[] };

const MESSAGE_MAX = 500;

/**
 * One finding where every server says the same, with how many they are; where they differ, one for each server, about the
 * server. Two say the same when assertion, severity, subject and sentence are equal.
 */
export function agreed(said: readonly SaidOf[], whose = 'authorities'): Finding[] {
  const byText = new Map<string, { finding: Finding; servers: Server[] }>();
  for (const { server, findings } of said) {
    for (const finding of findings) {
      const key = JSON.stringify([finding.id, finding.severity, finding.subject, finding.message]);
      const same = byText.get(key) ?? { finding, servers: [] };
      if (!same.servers.includes(server)) same.servers.push(server);
      byText.set(key, same);
    }
  }
  return [...byText.values()].flatMap(({ finding, servers }) => {
    const isUnanimous = servers.length === said.length && said.length > 1;
    if (isUnanimous) return [withNote(finding, ` The same at all ${servers.length} ${whose}.`)];
    return servers.map((server) => withNote({ ...finding, subject: server.url }, ''));
  });
}

/** The finding with something said behind its sentence, cut to what a finding may be long. */
export function withNote(finding: Finding, note: string): Finding {
  const text = finding.message.slice(0, MESSAGE_MAX - note.length) + note;
  return { ...finding, message: text, subject: finding.subject.slice(0, 300) };
}
