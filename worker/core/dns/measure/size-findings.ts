import type { Message } from '../codec/message.ts';
import { RR_TYPES, typeName } from '../codec/registry.ts';
import type { Finding, FindingSeverity } from '../findings/finding.ts';
import { countText } from '../findings/telling.ts';
import type { Limits } from './limits.ts';
import { chainOf, rrSetsOf } from './rrset.ts';
import { floorBytes, headroomOf, uncompressedBytes } from './size.ts';

/** What a whole answer is judged as. */
export type SizeContext = {
  name: string;
  type: number;
  limits: Limits;
  /** What the findings are about: a server's URL, or the type. */
  subject: string;
};

/** Everything that sizes say of one whole answer (TC=0), seen or planned: B1, B2, B4, B5 and B13. */
export function sizeFindings(message: Message, context: SizeContext): Finding[] {
  return [...bulkFindings(message, context), ...chainFindings(message, context)];
}

/** The same without the chain, which a zone's own server may see only the beginning of: B1, B2, B4 and B5. */
export function bulkFindings(message: Message, context: SizeContext): Finding[] {
  return [
    ...recordsFindings(message, context),
    ...floorFindings(message, context),
    ...uncompressedFindings(message, context),
    ...headroomFindings(message, context),
  ];
}

/** Records of the largest set of an answer; signatures do not count. */
function largestSet(message: Message): { type: number; records: number } {
  return rrSetsOf(message.answers)
    .filter(({ type }) => type !== RR_TYPES.RRSIG)
    .reduce(
      (most, { type, records }) => (records.length > most.records ? { type, records: records.length } : most),
      {
        type: 0,
        records: 0,
      },
    );
}

/** B1: per set, not per section. */
function recordsFindings(message: Message, { limits, subject }: SizeContext): Finding[] {
  const { type, records } = largestSet(message);
  const found = (severity: FindingSeverity, limitRecords: number, harm: string): Finding[] => [
    {
      id: 'B1',
      severity,
      subject,
      message: `${typeName(type)}: ${records} records in one set, over ${limitRecords}: ${harm}.`,
      figures: { records, limitRecords },
    },
  ];
  if (records > limits.recordsCritical)
    return found(
      'critical',
      limits.recordsCritical,
      'BIND answers SERVFAIL as a resolver, and as a server may not load the zone',
    );
  if (records > limits.recordsFail)
    return found(
      'fail',
      limits.recordsFail,
      'there are resolvers that deny such a name, or pass on a part without a word',
    );
  if (records > limits.recordsWarn)
    return found('warn', limits.recordsWarn, 'more than large DNS services put into one answer');
  return [];
}

/** B2. */
function floorFindings(message: Message, { type, limits, subject }: SizeContext): Finding[] {
  const bytes = floorBytes(message);
  const found = (severity: FindingSeverity, limitBytes: number, harm: string): Finding[] => [
    {
      id: 'B2',
      severity,
      subject,
      message: `${typeName(type)}: ${bytes} octets of answer, over ${limitBytes}: ${harm}.`,
      figures: { floorBytes: bytes, limitBytes },
    },
  ];
  if (bytes > limits.floorFailBytes)
    return found(
      'fail',
      limits.floorFailBytes,
      'a client without EDNS gets 512; it must ask again over TCP, or sees a part or nothing',
    );
  if (bytes > limits.floorWarnBytes)
    return found('warn', limits.floorWarnBytes, 'a client without EDNS gets 512, and that is near');
  return [];
}

/** B4. */
function uncompressedFindings(message: Message, { type, limits, subject }: SizeContext): Finding[] {
  const bytes = uncompressedBytes(message);
  if (bytes <= limits.wireFailBytes) return [];
  return [
    {
      id: 'B4',
      severity: 'warn',
      subject,
      message:
        `${typeName(type)}: ${bytes} octets once names are spelt out, over ${limits.wireFailBytes}: ` +
        'a middlebox that writes answers again without compression cannot pass it on over UDP.',
      figures: { uncompressedBytes: bytes, limitBytes: limits.wireFailBytes },
    },
  ];
}

/** Types that grow by the record: what is left is counted in records too. */
const GROWING_TYPES: ReadonlySet<number> = new Set([RR_TYPES.A, RR_TYPES.AAAA]);

/** B5: what is left before a limit. One that is crossed already is B2's or B6's to tell. */
export function headroomFindings(message: Message, { type, limits, subject }: SizeContext): Finding[] {
  const ways = [
    { limitBytes: limits.floorFailBytes, edns: false },
    { limitBytes: limits.wireFailBytes, edns: true },
  ];
  return ways.flatMap(({ limitBytes, edns }): Finding[] => {
    const { bytes, records } = headroomOf(message, type, limitBytes, { edns });
    const isScarce =
      bytes < limits.headroomWarnBytes || (GROWING_TYPES.has(type) && records < limits.headroomWarnRecords);
    if (bytes < 0 || !isScarce) return [];
    return [
      {
        id: 'B5',
        severity: 'warn',
        subject,
        message:
          `${typeName(type)}: ${bytes} octets left of ${limitBytes} ${edns ? 'with' : 'without'} EDNS, ` +
          `room for ${countText(records, 'record')} more: growing past it truncates the answer.`,
        figures: { headroomBytes: bytes, headroomRecords: records, limitBytes },
      },
    ];
  });
}

/** B13: aliases followed, and loops. */
export function chainFindings(message: Message, { name, type, limits, subject }: SizeContext): Finding[] {
  const { aliases, looped, target } = chainOf(message, name, type);
  const chain = aliases.length;
  const found = (severity: FindingSeverity, text: string, limit?: number): Finding[] => [
    {
      id: 'B13',
      severity,
      subject,
      message: `${typeName(type)}: ${text}.`,
      figures: { chain, ...(limit === undefined ? {} : { limitChain: limit }) },
    },
  ];
  if (looped)
    return found('critical', `the aliases come back to ${target} after ${chain}: nobody can resolve it`);
  const count = `${chain} aliases to follow, over`;
  if (chain > limits.chainCritical)
    return found(
      'critical',
      `${count} ${limits.chainCritical}: BIND gives up after 11`,
      limits.chainCritical,
    );
  if (chain > limits.chainFail)
    return found('fail', `${count} ${limits.chainFail}: CoreDNS gives up after 7`, limits.chainFail);
  if (chain > limits.chainWarn)
    return found('warn', `${count} ${limits.chainWarn}: some resolvers give up after 7`, limits.chainWarn);
  return [];
}
