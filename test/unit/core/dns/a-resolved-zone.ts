import type { RecordFields } from '#core/dns/codec/encode.ts';
import { RCODE, RR_TYPES } from '#core/dns/codec/registry.ts';
import type { Finding } from '#core/dns/findings/finding.ts';
import { World, type Quirk } from '#test/fixtures/dns/world.ts';

export const NS1 = 'dns://192.0.2.1';
export const NS2 = 'dns://192.0.2.2';
export const R1 = 'dns://203.0.113.1';
export const R2 = 'dns://203.0.113.2';
export const R3 = 'dns://203.0.113.3';

export const ZONE = `$ORIGIN example.test.
@ 600 IN SOA ns1 hostmaster 7 3600 900 604800 600
@ 600 IN NS ns1
@ 600 IN NS ns2
ns1 600 IN A 192.0.2.1
ns2 600 IN A 192.0.2.2
www 300 IN A 198.51.100.1
www 300 IN A 198.51.100.2
deep.under 300 IN A 198.51.100.3
out 300 IN CNAME www.elsewhere.test.
`;

export const ELSEWHERE = `$ORIGIN elsewhere.test.
@ 600 IN SOA ns1 hostmaster 7 3600 900 604800 600
@ 600 IN NS ns1
www 300 IN A 198.51.100.9
`;

type Quirks = Partial<Record<'ns1' | 'ns2' | 'r1' | 'r2' | 'r3', Quirk>>;

/** Two servers of `example.test` and three resolvers that know it and `elsewhere.test`. */
export function resolvedWorld(quirks: Quirks = {}, zone = ZONE): World {
  const all = [zone, ELSEWHERE];
  return new World()
    .serve(NS1, [zone], quirks.ns1)
    .serve(NS2, [zone], quirks.ns2)
    .resolve(R1, all, quirks.r1)
    .resolve(R2, all, quirks.r2)
    .resolve(R3, all, quirks.r3);
}

/** Everything declared, one aspect to be added. */
export const DECLARED = {
  name: 'www.example.test',
  zone: 'example.test',
  authorities: [NS1, NS2],
  resolvers: [R1, R2, R3],
};

/** An error without records. */
export function failing(rcode: number): Quirk {
  return (_query, usual) => ({ ...usual, rcode, answers: [], authorities: [] });
}

/** Only of questions of one type; of the others what is usual. */
export function onlyFor(type: number, quirk: Quirk): Quirk {
  return (query, usual) => (query.type === type ? quirk(query, usual) : undefined);
}

export const SERVFAILS = failing(RCODE.SERVFAIL);
export const DENIES = failing(RCODE.NXDOMAIN);

/** An extended error (RFC 8914) in the OPT record of what is otherwise said. */
export function withError(code: number, text: string, quirk?: Quirk): Quirk {
  return (query, usual) => {
    const said = quirk?.(query, usual) ?? usual;
    if ('message' in said || !said.edns) return said;
    const data = Uint8Array.from([
      code >> 8,
      code & 255,
      ...Array.from(text, (letter) => letter.charCodeAt(0)),
    ]);
    return { ...said, edns: { ...said.edns, options: [{ code: 15, data }] } };
  };
}

export function anAddress(name: string, address: string, ttlS = 300): RecordFields {
  return { name, type: RR_TYPES.A, ttlS, rdata: { kind: 'A', address } };
}

/** `fail A1 A: sentence`. */
export function told(findings: readonly Finding[]): string[] {
  return findings.map(({ severity, id, subject, message }) => `${severity} ${id} ${subject}: ${message}`);
}
