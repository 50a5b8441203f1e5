import { OwnFault } from './own-fault.ts';

/** Shorter values occur by chance in ordinary text: removing them would ruin messages and still protect nothing. */
export const SECRET_CHARS_MIN = 4;
/** Base64 of a value inside a longer text loses characters at both ends; what is left must still be telling. */
const BASE64_CHARS_MIN = 6;

/** Removes secrets from what leaves the probe. Idempotent: what it puts in their place holds none. */
export type Redactor = (text: string) => string;

/**
 * The values of a check's secrets, by name. Throws `OwnFault` `missing-secret` naming all that are absent, empty or too
 * short to be removed from messages; values are never part of the message.
 */
export function readSecrets(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, string> {
  const problems: string[] = [];
  const secrets = new Map<string, string>();
  for (const name of names) {
    const value = env[name] ?? '';
    if (value === '') problems.push(`${name}: expected an environment variable of the probe, got nothing`);
    else if (value.length < SECRET_CHARS_MIN)
      problems.push(`${name}: expected at least ${SECRET_CHARS_MIN} characters, got ${value.length}`);
    else secrets.set(name, value);
  }
  if (problems.length > 0) throw new OwnFault('missing-secret', problems.join('\n'));
  return secrets;
}

/**
 * A function that puts `[secret NAME]` in place of each secret, in the encodings a browser, a form, a log or an HTTP
 * header gives it: raw, URL, form, JSON, HTML, base64 and base64url, also inside a longer base64 text. It takes the user
 * information, query and fragment off every URL as well: codes and tokens of a login travel there.
 */
export function createRedactor(secrets: ReadonlyMap<string, string>): Redactor {
  const nameOf = new Map<string, string>();
  for (const [name, value] of secrets)
    for (const variant of encodingsOf(value)) if (!nameOf.has(variant)) nameOf.set(variant, name);
  if (nameOf.size === 0) return withoutUrlSecrets;
  const longestFirst = [...nameOf.keys()].toSorted((a, b) => b.length - a.length);
  const anySecret = new RegExp(longestFirst.map(escapeRegExp).join('|'), 'g');
  return (text) =>
    withoutUrlSecrets(text.replace(anySecret, (found) => `[secret ${nameOf.get(found) ?? ''}]`));
}

/** A URL as it may be stored: no user information, no query, no fragment. What is not a web address stays as it is. */
export function plainUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)(?:[^/?#@]*@)?([^?#]*)[^]*$/i, '$1$2');
}

function withoutUrlSecrets(text: string): string {
  return text.replace(
    /\b(https?:\/\/)(?:[^\s/?#@"'<>]*@)?([^\s?#"'<>]*)(\?[^\s"'<>]*|#[^\s"'<>]*)?/gi,
    (_all, scheme: string, place: string, rest: string | undefined) =>
      `${scheme}${place}${rest === undefined ? '' : `${rest[0]}…`}`,
  );
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function encodingsOf(value: string): Set<string> {
  const url = encodeURIComponent(value);
  const form = new URLSearchParams([['', value]]).toString().slice(1);
  const json = JSON.stringify(value).slice(1, -1);
  const variants = [
    value,
    url,
    encodeURI(value),
    encodeURIComponent(url),
    form,
    json,
    JSON.stringify(json).slice(1, -1),
    ...htmlOf(value),
    ...base64Of(value),
  ];
  const lowerHex = variants.map((variant) => variant.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()));
  return new Set([...variants, ...lowerHex]);
}

function htmlOf(value: string): string[] {
  const basic = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quoted = basic.replaceAll('"', '&quot;');
  return [basic, quoted, ...['&#39;', '&#x27;', '&apos;'].map((quote) => quoted.replaceAll("'", quote))];
}

/** The value alone, and as it looks at each of the three offsets within a longer text. */
function base64Of(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  const inner = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const first = Math.ceil((offset * 8) / 6);
    const last = Math.floor(((offset + bytes.length) * 8) / 6);
    return encoded.slice(first, last);
  });
  const whole = [bytes.toString('base64'), bytes.toString('base64').replace(/=+$/, '')];
  return [...whole, ...inner.filter(({ length }) => length >= BASE64_CHARS_MIN)].flatMap((variant) => [
    variant,
    variant.replaceAll('+', '-').replaceAll('/', '_'),
  ]);
}
