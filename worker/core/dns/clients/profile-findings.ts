import type { Message } from '../codec/message.ts';
import { typeName } from '../codec/registry.ts';
import type { Finding } from '../findings/finding.ts';
import { chainOf } from '../measure/rrset.ts';
import { predict, type SeenStyle } from './predict.ts';
import type { Prediction, Profile } from './profile.ts';

/** How the server truncates without EDNS and with it: BIND empties only with it. */
export type SeenStyles = { plain: SeenStyle; edns: SeenStyle };

/** What a server sends of a truncated answer unless it was seen: all measured ones but BIND send nothing. */
export const UNSEEN_STYLES: SeenStyles = { plain: 'empty', edns: 'empty' };

/** B16: one finding for each client that does not get the answer. An answer without records of the type has none: of aliases in
 * a circle B13 tells. */
export function profileFindings(
  message: Message,
  type: number,
  profiles: Readonly<Record<string, Profile>>,
  styles: SeenStyles = UNSEEN_STYLES,
): Finding[] {
  const [question] = message.questions;
  if (!question) return [];
  const { records } = chainOf(message, question.name, type);
  if (records.length === 0) return [];
  return Object.entries(profiles).flatMap(([id, profile]): Finding[] => {
    const prediction = predict(profile, message, profile.edns ? styles.edns : styles.plain);
    if (prediction.outcome === 'OK') return [];
    return [
      {
        id: 'B16',
        severity: 'fail',
        subject: id,
        message: `${profile.title}: ${typeName(type)} gives ${seen(prediction, records.length)}. Stands for ${profile.appliesTo}.`,
        figures: { records: records.length, seenRecords: seenRecords(prediction) },
      },
    ];
  });
}

function seenRecords(prediction: Prediction): number {
  return prediction.outcome === 'SUBSET' ? prediction.records : 0;
}

function seen(prediction: Prediction, records: number): string {
  switch (prediction.outcome) {
    case 'OK':
      return `all ${records} records`;
    case 'SUBSET':
      return `${prediction.records} of ${records} records, and nothing tells it so`;
    case 'NODATA':
      return `none of ${records} records, as if there were no such data`;
    case 'NXDOMAIN':
      return `NXDOMAIN, as if the name did not exist`;
    case 'SERVFAIL':
      return 'SERVFAIL';
    case 'TRYAGAIN':
      return 'a temporary failure each time: TCP is refused';
    case 'TIMEOUT':
      return 'a timeout each time: TCP is dropped';
  }
}
