import { describeProblems, parseWith } from '#core/problem.ts';
import { MESSAGE_BYTES_MAX, ProbeMessage, type Refusal } from '#core/wire.ts';
import { messageOf } from '../log.ts';
import { refusal } from './report-rules.ts';

/** A message of a probe, or why it is none: 413 over the limit, 400 for everything else. Never throws. */
export function readProbeMessage(
  raw: string | ArrayBuffer,
): { ok: true; message: ProbeMessage } | { ok: false; refusal: Refusal } {
  const bytes = typeof raw === 'string' ? utf8Bytes(raw) : raw.byteLength;
  if (bytes > MESSAGE_BYTES_MAX)
    return refused(413, `expected at most ${MESSAGE_BYTES_MAX} bytes, got ${bytes}`);
  if (typeof raw !== 'string') return refused(400, 'expected text, got a binary message');
  let json: unknown;
  try {
    json = JSON.parse(raw);
  } catch (error) {
    return refused(400, `expected JSON: ${messageOf(error)}`);
  }
  const parsed = parseWith(ProbeMessage, json);
  return parsed.ok ? { ok: true, message: parsed.value } : refused(400, describeProblems(parsed.problems));
}

function refused(status: number, error: string): { ok: false; refusal: Refusal } {
  return { ok: false, refusal: refusal(status, error) };
}

/** Bytes of a text in UTF-8, counted only when its length leaves a doubt. */
function utf8Bytes(text: string): number {
  return text.length * 3 <= MESSAGE_BYTES_MAX ? text.length : new TextEncoder().encode(text).length;
}
