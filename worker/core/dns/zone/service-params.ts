import type { SvcParam } from '../codec/rdata.ts';
import { SVC_KEYS, svcKeyNumber } from '../codec/svcb.ts';
import { utf8Text } from '../codec/utf8.ts';
import { addressText, parseAddress } from '../contract/ip.ts';
import { ZoneTextError, type Word } from './entry.ts';
import { octetsOf, octetText, quote } from './octet-text.ts';
import { base64Of } from './word-reader.ts';

/**
 * Parameters of SVCB and HTTPS, `key=value` each (RFC 9460 section 2.1). Their order is the wire's affair.
 * @throws ZoneTextError for a key that is not known, and for a value that is not of its key's form
 */
export function serviceParams(words: readonly Word[]): SvcParam[] {
  return words.map(paramOf);
}

/** 65535 is reserved (RFC 9460 section 14.3.2). */
const KEY_MAX = 65_534;

function paramOf(word: Word): SvcParam {
  const [, key = '', , raw] = /^([^=]*)(=(.*))?$/s.exec(word.text) ?? [];
  const { line } = word;
  const unquoted = raw !== undefined && /^".*"$/s.test(raw) ? raw.slice(1, -1) : raw;
  const value: Word = { text: unquoted ?? '', quoted: false, line };
  const name = key.toLowerCase();
  if (name === 'no-default-alpn') {
    if (value.text !== '') throw new ZoneTextError(line, 'no-default-alpn: expected no value');
    return { key: name };
  }
  if (/^key(?:0|[1-9]\d{0,4})$/.test(name) && svcKeyNumber(name) <= KEY_MAX)
    return { key: name as `key${number}`, data: Uint8Array.from(octetsOf(value)) };
  if (!SVC_KEYS.some((known) => known === name))
    throw new ZoneTextError(
      line,
      `expected a parameter such as alpn=h2 or key65280=…, got ${quote(word.text)}`,
    );
  if (value.text === '') throw new ZoneTextError(line, `${name}: expected a value`);
  switch (name) {
    case 'mandatory':
      return { key: name, keys: valuesOf(value).map((one) => one.toLowerCase()) };
    case 'alpn':
      return { key: name, ids: valuesOf(value) };
    case 'port':
      if (!/^\d{1,5}$/.test(value.text) || Number(value.text) > 65_535)
        throw new ZoneTextError(line, `port: expected 0 to 65535, got ${quote(value.text)}`);
      return { key: name, port: Number(value.text) };
    case 'ipv4hint':
    case 'ipv6hint':
      return { key: name, addresses: valuesOf(value).map((one) => hint(one, name, line)) };
    case 'ech':
      return { key: name, data: base64Of([value], 'ech') };
    default:
      return { key: 'dohpath', path: utf8Text(Uint8Array.from(octetsOf(value))) };
  }
}

/** A list parted by commas; a comma inside a value is escaped once more (RFC 9460 appendix A.1). */
function valuesOf(word: Word): string[] {
  const values: number[][] = [[]];
  const octets = octetsOf(word);
  for (let at = 0; at < octets.length; at += 1) {
    const octet = octets[at] ?? 0;
    if (octet === 0x2c) values.push([]);
    else {
      const isEscape = octet === 0x5c && at + 1 < octets.length;
      if (isEscape) at += 1;
      values.at(-1)?.push(isEscape ? (octets[at] ?? 0) : octet);
    }
  }
  if (values.some((value) => value.length === 0))
    throw new ZoneTextError(word.line, `expected no empty value in ${quote(word.text)}`);
  return values.map(octetText);
}

function hint(text: string, key: 'ipv4hint' | 'ipv6hint', line: number): string {
  const address = parseAddress(text);
  if (address?.family !== (key === 'ipv4hint' ? 4 : 6))
    throw new ZoneTextError(
      line,
      `${key}: expected ${key === 'ipv4hint' ? 'IPv4' : 'IPv6'} addresses, got ${quote(text)}`,
    );
  return addressText(address);
}
