/** A path encoded more often than this is meant to deceive. */
const ENCODINGS_MAX = 5;

/**
 * Whether a request's target is an ordinary path: not one of Miniflare's and Cloudflare's own under `/cdn-cgi/`, in
 * whatever encoding, case and place, and not an address of somewhere else.
 */
export function isOrdinaryPath(target: string): boolean {
  if (!target.startsWith('/')) return false;
  let path = target.split(/[?#]/, 1)[0] ?? '';
  for (let round = 0; round < ENCODINGS_MAX; round += 1) {
    const decoded = decodePercent(path);
    if (decoded === path) return !hasPlatformSegment(path);
    path = decoded;
  }
  return false;
}

/** URL parsers drop tabs and line ends, and take `\` for `/`. */
function hasPlatformSegment(path: string): boolean {
  return path
    .replaceAll(/[\t\r\n]/g, '')
    .toLowerCase()
    .split(/[/\\]/)
    .some((segment) => segment === 'cdn-cgi' || segment.startsWith('cdn-cgi;'));
}

/** Decodes what can be; bytes that are no UTF-8 cannot hide a word of plain letters. */
function decodePercent(path: string): string {
  return path.replaceAll(/%([0-9a-f]{2})/gi, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
