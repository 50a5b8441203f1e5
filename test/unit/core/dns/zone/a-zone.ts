import { readMasterFile, type MasterFile } from '#core/dns/zone/master-file.ts';
import { zoneOf, type Zone } from '#core/dns/zone/zone.ts';

/** What a valid zone `example.test` begins with: six lines. */
export const HEAD = `$ORIGIN example.test.
$TTL 300
@ SOA ns1 hostmaster 1 3600 900 604800 300
@ NS ns1
ns1 A 192.0.2.53
; what is below begins at line seven
`;

export function aFile(lines: string, head = HEAD): MasterFile {
  return readMasterFile(head + lines, { file: 'z' });
}

/** The zone of these lines, which must all be readable. */
export function aZone(lines: string, head = HEAD): Zone {
  const file = aFile(lines, head);
  const zone = zoneOf(file);
  if (file.troubles.length > 0 || !zone)
    throw new Error(`expected a zone, got ${JSON.stringify(file.troubles)}`);
  return zone;
}

/** `owner A …` for the first so many addresses of 198.51.100.0/24, a line each. */
export function pool(owner: string, count: number): string {
  return Array.from({ length: count }, (_, at) => `${owner} A 198.51.100.${at + 1}\n`).join('');
}
