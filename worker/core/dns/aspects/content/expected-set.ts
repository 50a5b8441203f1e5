import type { Expectation } from '../../../checks/dns.ts';
import { stringText } from '../../codec/octets.ts';
import { canonicalRdata } from '../../codec/present.ts';
import type { Rdata } from '../../codec/rdata.ts';
import { RR_TYPES, typeName } from '../../codec/registry.ts';
import { utf8Octets } from '../../codec/utf8.ts';
import { countText, listText } from '../../findings/telling.ts';
import { readMasterFile } from '../../zone/master-file.ts';

/** Records named in one part of a sentence. */
const NAMED_MAX = 4;

/**
 * The spelling that records and expectations are compared by. TXT is compared as one text: into which strings it is cut, and
 * whether it is written with quotes, means nothing to who reads it (RFC 7208 section 3.3).
 */
export function comparable(rdata: Rdata): string {
  return rdata.kind === 'TXT' ? `"${rdata.strings.join('')}"` : canonicalRdata(rdata).toLowerCase();
}

/** What a person wrote of a record of a type, in that spelling; in lower case when it cannot be read as one. */
function comparableText(type: number, text: string): string {
  const isText = type === RR_TYPES.TXT && !text.trim().startsWith('"');
  if (isText) return `"${stringText(utf8Octets(text))}"`;
  const line = `x. 0 IN ${typeName(type)} ${text}`;
  const { records, troubles } = readMasterFile(line, { file: 'expect', origin: '.' });
  const [record] = records;
  return record && records.length === 1 && !troubles.some(({ severity }) => severity === 'fail')
    ? comparable(record.rdata)
    : text.trim().toLowerCase();
}

/**
 * How a set deviates from what is expected, as the end of a sentence; `undefined` when it does not. `isPart`: a declared
 * rotation shows a part of the set at a time, which need not have everything.
 */
export function deviation(
  records: readonly string[],
  type: number,
  expected: Expectation,
  isPart: boolean,
): string | undefined {
  const listed = (texts: readonly string[] | undefined) => texts?.map((text) => comparableText(type, text));
  const wanted = isPart ? [] : [...(listed(expected.exact) ?? []), ...(listed(expected.contains) ?? [])];
  const allowed = [listed(expected.exact), listed(expected.only)].filter((one) => one !== undefined);
  const missing = [...new Set(wanted)].filter((text) => !records.includes(text));
  const foreign = [...new Set(records)].filter((text) => allowed.some((some) => !some.includes(text)));
  const { min, max } = expected;
  const parts = [
    missing.length > 0 ? `lacks ${listText(missing, NAMED_MAX)}` : undefined,
    foreign.length > 0 ? `has ${listText(foreign, NAMED_MAX)}, which is not expected` : undefined,
    min !== undefined && records.length < min
      ? `has ${countText(records.length, 'record')}, expected at least ${min}`
      : undefined,
    max !== undefined && records.length > max
      ? `has ${countText(records.length, 'record')}, expected at most ${max}`
      : undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join('; ');
}
