/** Shorter pieces of a secret are words that occur anyway, such as `services`. */
const PIECE_CHARS_MIN = 12;

/** `text` without the secrets, as they are, URL-encoded, and in the pieces of a secret address. */
export function redactSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret), ...piecesOf(secret)])
    .filter((form) => form.length > 0)
    .toSorted((a, b) => b.length - a.length)
    .reduce((clean, form) => clean.replaceAll(form, '[secret]'), text);
}

/** A provider quotes back the path of an address, or a key without its prefix. */
function piecesOf(secret: string): string[] {
  return secret.split(/[/?&=_]/).filter((piece) => piece.length >= PIECE_CHARS_MIN);
}
