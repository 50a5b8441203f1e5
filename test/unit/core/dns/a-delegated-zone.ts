import { World, type Quirk } from '#test/fixtures/dns/world.ts';

/** A root, a parent `test` and four servers of `example.test`, each on a loopback address of its own, on one port. */
export const ROOT = 'dns://127.0.0.2:5300';
export const PARENT = 'dns://127.0.0.3:5300';
export const NS1 = 'dns://127.0.0.4:5300';
export const NS2 = 'dns://127.0.0.5:5300';

export const ROOT_ZONE = `$ORIGIN .
. 300 IN SOA a.root-servers.net. hostmaster. 1 3600 900 604800 300
. 300 IN NS a.root-servers.net.
test. 300 IN NS a.nic.test.
a.nic.test. 300 IN A 127.0.0.3
`;

export const PARENT_ZONE = `$ORIGIN test.
@ 300 IN SOA a.nic hostmaster 1 3600 900 604800 300
@ 300 IN NS a.nic
a.nic 300 IN A 127.0.0.3
example 300 IN NS ns1.example
example 300 IN NS ns2.example
ns1.example 300 IN A 127.0.0.4
ns2.example 300 IN A 127.0.0.5
`;

export const CHILD_ZONE = `$ORIGIN example.test.
@ 300 IN SOA ns1 hostmaster 7 3600 900 604800 300
@ 300 IN NS ns1
@ 300 IN NS ns2
ns1 300 IN A 127.0.0.4
ns2 300 IN A 127.0.0.5
www 300 IN A 198.51.100.1
www 300 IN A 198.51.100.2
alias 300 IN CNAME www
`;

export type Changed = {
  root?: string;
  parent?: string;
  /** Zone file of each server of the zone, and what it does otherwise. */
  ns1?: string;
  ns2?: string;
  quirks?: Partial<Record<'root' | 'parent' | 'ns1' | 'ns2', Quirk>>;
};

/** The world where everything is right, but for what is changed. */
export function delegatedWorld({ root, parent, ns1, ns2, quirks = {} }: Changed = {}): World {
  return new World()
    .serve(ROOT, [root ?? ROOT_ZONE], quirks.root)
    .serve(PARENT, [parent ?? PARENT_ZONE], quirks.parent)
    .serve(NS1, [ns1 ?? CHILD_ZONE], quirks.ns1)
    .serve(NS2, [ns2 ?? CHILD_ZONE], quirks.ns2);
}

/** Settings of a check that finds the zone by walking. */
export const WALKED = { name: 'www.example.test', roots: [ROOT] };
