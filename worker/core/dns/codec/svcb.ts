import { ipv4Text, ipv6Text } from './address.ts';
import { quoted } from './name.ts';
import type { Rdata, SvcParam } from './rdata.ts';
import type { Reader } from './reader.ts';
import { utf8Text } from './utf8.ts';

/** Keys by their number (RFC 9460 section 14.3.2; dohpath: RFC 9461). */
export const SVC_KEYS = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
] as const;

/** `alpn`; `key65000` of one not known here. */
function svcKeyName(key: number): string {
  return SVC_KEYS[key] ?? `key${key}`;
}

/** @throws RangeError when it is neither a known key nor `key` and a number */
export function svcKeyNumber(name: string): number {
  const known = SVC_KEYS.findIndex((key) => key === name);
  if (known >= 0) return known;
  const digits = /^key(0|[1-9]\d{0,4})$/.exec(name)?.[1];
  if (digits === undefined || Number(digits) > 0xffff) {
    throw new RangeError(`expected the key of a SvcParam, got ${quoted(name)}`);
  }
  return Number(digits);
}

/** RFC 9460 section 2.2: what breaks a rule there makes the whole record malformed. */
export function readSvcb(reader: Reader, kind: 'SVCB' | 'HTTPS'): Rdata {
  const priority = reader.u16();
  const target = reader.plainName();
  const params: SvcParam[] = [];
  const { end } = reader;
  let last = -1;
  while (reader.left > 0 && reader.problem === undefined) {
    const key = reader.u16();
    const length = reader.u16();
    if (reader.problem !== undefined) break;
    if (key <= last) {
      reader.fail(`expected SvcParams in ascending order, got ${svcKeyName(key)} after ${svcKeyName(last)}`);
    }
    if (reader.at + length > end)
      reader.fail(`${svcKeyName(key)} is ${length} octets long, beyond the record's end`);
    if (reader.problem !== undefined) break;
    last = key;
    reader.end = reader.at + length;
    params.push(readParam(reader, key));
    if (reader.left > 0) reader.fail(`${svcKeyName(key)} has ${reader.left} octets too many`);
    reader.end = end;
  }
  const [first] = params;
  if (first?.key === 'mandatory') {
    const keys = new Set(params.map(({ key }) => key as string));
    const absent = first.keys.find((key) => !keys.has(key));
    if (absent !== undefined) reader.fail(`mandatory names ${absent}, which the record does not have`);
  }
  return { kind, priority, target, params };
}

function readParam(reader: Reader, key: number): SvcParam {
  const name = SVC_KEYS[key];
  switch (name) {
    case 'mandatory':
      return { key: name, keys: readMandatory(reader) };
    case 'alpn': {
      const ids = readList(reader, name, () => {
        const id = reader.stringText();
        if (id === '') reader.fail('expected protocols in alpn, got an empty one');
        return id;
      });
      return { key: name, ids };
    }
    case 'no-default-alpn':
      return { key: name };
    case 'port':
      return { key: name, port: reader.u16() };
    case 'ipv4hint':
      return { key: name, addresses: readList(reader, name, () => ipv4Text(reader.u32())) };
    case 'ipv6hint': {
      const addresses = readList(reader, name, () => {
        const { at } = reader;
        reader.skip(16);
        return reader.problem === undefined ? ipv6Text(reader.view, at) : '';
      });
      return { key: name, addresses };
    }
    case 'ech':
      return { key: name, data: reader.rest() };
    case 'dohpath':
      return { key: name, path: utf8Text(reader.rest()) };
    default:
      return { key: `key${key}`, data: reader.rest() };
  }
}

/** Values up to the parameter's end: at least one. */
function readList<T>(reader: Reader, name: string, read: () => T): T[] {
  const values: T[] = [];
  if (reader.left === 0) reader.fail(`expected a value of ${name}, got none`);
  while (reader.left > 0 && reader.problem === undefined) values.push(read());
  return values;
}

/** RFC 9460 section 8: ascending, and never itself. */
function readMandatory(reader: Reader): string[] {
  let last = 0;
  return readList(reader, 'mandatory', () => {
    const key = reader.u16();
    if (key <= last) {
      reader.fail(
        `expected keys in ascending order in mandatory, got ${svcKeyName(key)} after ${svcKeyName(last)}`,
      );
    }
    last = key;
    return svcKeyName(key);
  });
}
