import { z } from 'zod';
import { SecretRef } from '#core/secret-ref.ts';

/** Names of the secrets that settings refer to, at any depth. */
export function secretNames(settings: unknown): string[] {
  const ref = SecretRef.safeParse(settings);
  if (ref.success) return [ref.data.secret];
  if (typeof settings !== 'object' || settings === null) return [];
  return [...new Set(Object.values(settings).flatMap(secretNames))];
}

/** The secret of that name in an environment; `undefined` when it is not set or empty. */
export function secretOf(env: object, name: string): string | undefined {
  const value: unknown = (env as Record<string, unknown>)[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** `length` or more random bytes in base64url, as text. */
export function keyText(bytesMin: number): z.ZodType<string, string> {
  return z
    .string(`expected ${bytesMin} or more bytes in base64url`)
    .refine(
      (text) => (bytesOf(text)?.length ?? 0) >= bytesMin,
      `expected ${bytesMin} or more bytes in base64url`,
    );
}

/** The bytes of a base64url text; `undefined` when it is not one. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(text)) return undefined;
  const plain = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  if (plain.length % 4 === 1) return undefined;
  return Uint8Array.from(atob(plain), (char) => char.charCodeAt(0));
}
