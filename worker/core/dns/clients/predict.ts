import type { Message } from '../codec/message.ts';
import { RR_TYPES } from '../codec/registry.ts';
import { chainOf, rrSetsOf } from '../measure/rrset.ts';
import { floorBytes, OPT_BYTES } from '../measure/size.ts';
import type { Prediction, Profile } from './profile.ts';

/** How the server that the client asks truncates. */
export type SeenStyle = 'partial' | 'empty';

/**
 * What a client sees of an answer, from the whole of it (TC=0, over a stream) by the client's rules (reference: dns, section
 * 1.5). `style` is what `truncation: 'measured'` means. A message without a question is one without records: `NODATA`.
 */
export function predict(profile: Profile, message: Message, style: SeenStyle): Prediction {
  const [question] = message.questions;
  if (!question) return { outcome: 'NODATA' };
  const { aliases, looped, records } = chainOf(message, question.name, question.type);
  if (looped || (profile.chainMax !== undefined && aliases.length > profile.chainMax))
    return { outcome: 'SERVFAIL' };
  const largest = Math.max(
    0,
    ...rrSetsOf(message.answers)
      .filter(({ type }) => type !== RR_TYPES.RRSIG)
      .map((set) => set.records.length),
  );
  if (profile.recordsMax !== undefined && largest > profile.recordsMax)
    return profile.overRecords === 'SUBSET'
      ? { outcome: 'SUBSET', records: profile.recordsMax }
      : { outcome: profile.overRecords };
  const optBytes = profile.edns ? OPT_BYTES : 0;
  if (floorBytes(message) + optBytes <= profile.udpBytes) return { outcome: 'OK' };
  switch (profile.tcp) {
    case 'ok':
      return { outcome: 'OK' };
    case 'refused':
      return { outcome: 'TRYAGAIN' };
    case 'blackhole':
      return { outcome: 'TIMEOUT' };
    case 'none': {
      const seen = profile.truncation === 'measured' ? style : profile.truncation;
      const fitting = records.filter(({ end }) => end + optBytes <= profile.udpBytes).length;
      return seen === 'partial' && fitting > 0
        ? { outcome: 'SUBSET', records: fitting }
        : { outcome: 'NODATA' };
    }
  }
}
