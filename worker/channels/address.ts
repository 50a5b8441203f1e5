import { z } from 'zod';

export const SAFE_ADDRESS_EXPECTED =
  'expected an https address without user name and password (http only on this machine)';

/** Where a channel may send to: https, or anything on this machine (tests, a relay beside the hub). */
export function isSafeAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/** An address in the settings of a channel. */
export const SafeAddress = z.string().max(2_000).refine(isSafeAddress, SAFE_ADDRESS_EXPECTED);

/** An address that paths are added to: what was given, without slashes at its end. */
export const BaseAddress = SafeAddress.refine(
  (text) => !/[?#]/.test(text),
  'expected an address without ? and #',
).transform((text) => text.replace(/\/+$/, ''));

/** The address a secret holds. Throws naming the secret, never its value, when it may not be sent to. */
export function safeSecretAddress(name: string, value: string): string {
  if (!isSafeAddress(value)) throw new Error(`secret ${name}: ${SAFE_ADDRESS_EXPECTED}`);
  return value;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
