/** Two servers of `example.test` and a resolver. */
export const ONE = 'dns://192.0.2.1';
export const TWO = 'dns://192.0.2.2';
export const RESOLVER = 'dns://192.0.2.53';

/** `example.test` with a pool of addresses at `pool`, one at `www`, and whatever else. */
export function poolZone(count: number, more = '', ttlS: (at: number) => number = () => 60): string {
  const pool = Array.from({ length: count }, (_, at) => `pool ${ttlS(at)} A 198.51.100.${at + 1}`).join('\n');
  return `$ORIGIN example.test.
@ 300 SOA ns1 hostmaster 1 3600 900 604800 300
@ 300 NS ns1
ns1 300 A 192.0.2.1
www 60 A 198.51.100.1
${pool}
${more}
`;
}
