import { describe, expect, it } from 'vitest';
import { decodeMessage, ShortHeaderError } from '#core/dns/codec/decode.ts';
import { presentRecord } from '#core/dns/codec/present.ts';
import { fuzzMessages } from '#test/fixtures/dns/fuzz.ts';

const MESSAGES = 100_000;

describe('100,000 messages made to break a reader', () => {
  it('throw for nothing but a short header, and records stay within the message', () => {
    let read = 0;
    let short = 0;
    let flawed = 0;
    const wrong: string[] = [];
    for (const bytes of fuzzMessages(20_261_122, MESSAGES)) {
      try {
        const message = decodeMessage(bytes);
        read += 1;
        if (message.errors.length > 0) flawed += 1;
        const ends = [...message.answers, ...message.authorities, ...message.additionals].map(
          ({ end }) => end,
        );
        if (ends.some((end) => end > bytes.length) || message.answerEnd > bytes.length)
          wrong.push('beyond the end');
        const claimed = message.counts.answers + message.counts.authorities + message.counts.additionals;
        if (ends.length > claimed) wrong.push('more records than claimed');
        // Whatever was read can be told to somebody; a part of it shows that.
        if (bytes.length < 1_000 && read % 5 === 0)
          for (const record of message.answers) presentRecord(record);
      } catch (error) {
        if (!(error instanceof ShortHeaderError) || bytes.length >= 12) throw error;
        short += 1;
      }
    }
    expect(wrong).toEqual([]);
    expect(read + short).toBe(MESSAGES);
    expect(short).toBeGreaterThan(100);
    // Most must be broken, and some sound, or nothing was put to the test.
    expect(flawed).toBeGreaterThan(MESSAGES / 2);
    expect(read - flawed).toBeGreaterThan(MESSAGES / 100);
  }, 60_000);

  it('are the same for the same seed', () => {
    const twice = [1, 1].map(() => [...fuzzMessages(7, 300)]);
    expect(twice[0]).toEqual(twice[1]);
    expect([...fuzzMessages(8, 300)].at(-1)).not.toEqual(twice[0]?.at(-1));
  });
});
