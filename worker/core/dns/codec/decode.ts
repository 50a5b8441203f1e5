import { HEADER_BYTES, type DecodeError, type Message, type Rr } from './message.ts';
import { readOpt } from './opt.ts';
import { readRdata } from './rdata-reader.ts';
import type { Rdata } from './rdata.ts';
import { Reader } from './reader.ts';
import { RR_TYPES, typeName } from './registry.ts';

/** Fewer than the twelve octets of a header: there is nothing to say of such a message. */
export class ShortHeaderError extends Error {
  override readonly name = 'ShortHeaderError';
}

type Section = DecodeError['section'];

/**
 * Reads a DNS message strictly. What is wrong in it is in `errors`; what could be read is there.
 * @throws ShortHeaderError for fewer than twelve octets, and nothing else
 */
export function decodeMessage(bytes: Uint8Array): Message {
  if (bytes.length < HEADER_BYTES) {
    throw new ShortHeaderError(
      `expected a DNS message of at least ${HEADER_BYTES} octets, got ${bytes.length}`,
    );
  }
  const reader = new Reader(bytes);
  const { view } = reader;
  const flags = view.getUint16(2);
  const message: Message = {
    bytes,
    id: view.getUint16(0),
    response: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 15,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    authenticated: (flags & 0x0020) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
    rcode: flags & 15,
    counts: {
      questions: view.getUint16(4),
      answers: view.getUint16(6),
      authorities: view.getUint16(8),
      additionals: view.getUint16(10),
    },
    questions: [],
    answers: [],
    authorities: [],
    additionals: [],
    opt: undefined,
    answerEnd: HEADER_BYTES,
    trailingBytes: 0,
    errors: [],
  };
  if (readSections(reader, message)) {
    message.trailingBytes = bytes.length - reader.at;
    if (message.trailingBytes > 0) {
      complain(message, reader.at, 'end', `${message.trailingBytes} octets follow the last record`);
    }
  }
  return message;
}

/** Whether all sections were read to their ends; after a record whose end cannot be told nothing can be read. */
function readSections(reader: Reader, message: Message): boolean {
  const { counts } = message;
  const questionsRead = readQuestions(reader, message);
  message.answerEnd = reader.at;
  if (!questionsRead) return false;
  const answersRead = readRecords(reader, message, 'answer', counts.answers, message.answers);
  message.answerEnd = reader.at;
  return (
    answersRead &&
    readRecords(reader, message, 'authority', counts.authorities, message.authorities) &&
    readRecords(reader, message, 'additional', counts.additionals, message.additionals)
  );
}

function readQuestions(reader: Reader, message: Message): boolean {
  const { questions } = message.counts;
  for (let read = 0; read < questions; read += 1) {
    const start = reader.at;
    const name = reader.name();
    const nameProblem = reader.problem;
    reader.problem = undefined;
    if (nameProblem !== undefined) complain(message, start, 'question', nameProblem);
    if (reader.at === start || reader.left < 4) {
      if (nameProblem === undefined || reader.at !== start) {
        complain(message, start, 'question', cutOff(questions, 'questions', read));
      }
      reader.at = start;
      return false;
    }
    const type = reader.u16();
    const questionClass = reader.u16();
    if (nameProblem === undefined) {
      message.questions.push({ name, type, class: questionClass, end: reader.at });
    }
  }
  // RFC 9619: a query has one question.
  if (questions > 1 && message.opcode === 0) {
    complain(message, 4, 'question', `expected at most one question, got ${questions}`);
  }
  return true;
}

function readRecords(reader: Reader, message: Message, section: Section, count: number, into: Rr[]): boolean {
  const { view, bytes } = reader;
  for (let read = 0; read < count; read += 1) {
    const start = reader.at;
    const name = reader.name();
    const nameProblem = reader.problem;
    const ownerBytes = reader.nameBytes;
    const head = reader.at;
    if (nameProblem !== undefined) reader.problem = undefined;
    const rdataStart = head + 10;
    const end = rdataStart <= bytes.length ? rdataStart + view.getUint16(head + 8) : rdataStart;
    if (head === start || end > bytes.length) {
      if (nameProblem !== undefined) complain(message, start, section, nameProblem);
      complain(message, start, section, cutOff(count, 'records', read));
      reader.at = start;
      return false;
    }
    if (nameProblem !== undefined) {
      // Without an owner it is nobody's record; the next ones may be sound.
      complain(message, start, section, nameProblem);
      reader.at = end;
      continue;
    }
    const type = view.getUint16(head);
    reader.at = rdataStart;
    if (type === RR_TYPES.OPT) {
      takeOpt(reader, message, section, { start, end, head, ownerBytes });
      continue;
    }
    const recordClass = view.getUint16(head + 2);
    const ttl = view.getUint32(head + 4);
    reader.end = end;
    reader.expanded = 0;
    let rdata: Rdata = readRdata(reader, type, recordClass);
    if (reader.problem !== undefined || reader.at !== end) {
      const why =
        reader.problem ?? `expected the data to end at ${reader.at}, got ${end - reader.at} octets more`;
      rdata = { kind: 'malformed', why };
      complain(message, rdataStart, section, `${typeName(type)} of ${name}: ${why}`);
      reader.problem = undefined;
      reader.expanded = 0;
    }
    reader.at = end;
    reader.end = bytes.length;
    into.push({
      name,
      type,
      class: recordClass,
      ttlS: ttl >= 0x8000_0000 ? 0 : ttl,
      rdata,
      start,
      rdataStart,
      end,
      uncompressedBytes: ownerBytes + end - head + reader.expanded,
    });
  }
  return true;
}

/** Where a record stands: its `head` is what follows its owner. */
type Place = { start: number; end: number; head: number; ownerBytes: number };

/** RFC 6891 section 6.1.1: OPT is one, in the additional section, of the root. */
function takeOpt(reader: Reader, message: Message, section: Section, place: Place): void {
  const { start, end, head, ownerBytes } = place;
  if (section !== 'additional') {
    complain(message, start, section, 'expected OPT in the additional section only');
  } else if (message.opt !== undefined) {
    complain(message, start, section, 'expected one OPT, got another');
  } else {
    if (ownerBytes !== 1) complain(message, start, section, 'expected OPT to be owned by the root');
    const ttl = reader.view.getUint32(head + 4);
    reader.end = end;
    message.opt = readOpt(reader, { start, class: reader.view.getUint16(head + 2), ttl });
    message.rcode |= (ttl >>> 24) << 4;
    if (reader.problem !== undefined) complain(message, head + 10, section, `OPT: ${reader.problem}`);
    reader.problem = undefined;
    reader.end = reader.bytes.length;
  }
  reader.at = end;
}

function cutOff(count: number, what: string, read: number): string {
  return `expected ${count} ${what}, the message ends in number ${read + 1}`;
}

function complain(message: Message, at: number, section: Section, text: string): void {
  message.errors.push({ at, section, message: text });
}
