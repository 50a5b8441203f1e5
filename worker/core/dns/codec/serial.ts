const HALF = 0x8000_0000;

/**
 * Whether one 32-bit serial comes after the other (RFC 1982 section 3.2); of two that are half the circle apart, where the
 * standard leaves it open, neither does. Also how the times of RRSIG compare (RFC 4034 section 3.1.5).
 */
export function isLater(serial: number, than: number): boolean {
  const ahead = serialDistance(than, serial);
  return ahead !== 0 && ahead < HALF;
}

/** Steps forward on the circle from one serial to the other: 0 to 2^32 - 1. */
export function serialDistance(from: number, to: number): number {
  return (to - from) >>> 0;
}

/**
 * A time of RRSIG as seconds since 1970, of the many that its 32 bits stand for the one nearest to `nowS` (whole seconds).
 */
export function nearestTimeS(serial: number, nowS: number): number {
  const ahead = serialDistance(nowS >>> 0, serial);
  return nowS + (ahead < HALF ? ahead : ahead - 2 * HALF);
}
