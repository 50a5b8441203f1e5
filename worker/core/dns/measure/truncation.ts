import type { Message } from '../codec/message.ts';

/** What a server does to an answer that does not fit: nothing was cut, the records that fit are left, or none are. */
export type TruncationStyle = 'none' | 'partial' | 'empty';

export type Truncation = { style: TruncationStyle; records: number };

/** How a reply was truncated; `records` are those of its answer section. */
export function truncationOf(message: Message): Truncation {
  const records = message.answers.length;
  if (!message.truncated) return { style: 'none', records };
  return { style: records > 0 ? 'partial' : 'empty', records };
}
