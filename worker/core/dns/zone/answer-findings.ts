import { PROFILES } from '../clients/catalogue.ts';
import { profileFindings } from '../clients/profile-findings.ts';
import type { Profile } from '../clients/profile.ts';
import type { Message } from '../codec/message.ts';
import type { Finding } from '../findings/finding.ts';
import { sizeFindings, type SizeContext } from '../measure/size-findings.ts';

/** What a whole answer is judged as, and by whom it is taken: the clients that come with Latchkey when absent. */
export type AnswerContext = SizeContext & { profiles?: Readonly<Record<string, Profile>> | undefined };

/**
 * What one whole answer (TC=0) says of itself, seen or planned: B1, B2, B4, B5 and B13 about `subject`, and B16 about each client
 * that would not get it.
 */
export function answerFindings(message: Message, context: AnswerContext): Finding[] {
  return [
    ...sizeFindings(message, context),
    ...profileFindings(message, context.type, context.profiles ?? PROFILES),
  ];
}
