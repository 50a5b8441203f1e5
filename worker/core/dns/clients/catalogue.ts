import type { Profile } from './profile.ts';

const MUSL = {
  appliesTo: 'programs in Alpine up to 3.17 and static builds: musl before 1.2.4 never asks again over TCP',
  source: 'https://git.musl-libc.org/cgit/musl/tree/WHATSNEW',
  udpBytes: 512,
  edns: false,
  tcp: 'none',
} as const;

const WHOLE = { edns: true, udpBytes: 1_232, tcp: 'ok' } as const;
const DEFAULTS = { truncation: 'measured', overRecords: 'SERVFAIL' } as const;

/**
 * Clients that come with Latchkey, by id. Their limits were measured (reference: dns, sections 0, 1.5 and 4.1) unless `source` says
 * where they are documented.
 */
export const PROFILES: Record<string, Profile> = {
  modern: {
    ...DEFAULTS,
    ...WHOLE,
    title: 'modern resolver, EDNS 1232 and TCP',
    appliesTo: 'Unbound and other resolvers since DNS Flag Day 2020',
    source: 'https://www.dnsflagday.net/2020/',
  },
  'no-edns': {
    ...DEFAULTS,
    title: 'glibc and c-ares, no EDNS',
    appliesTo: 'glibc 2.36 and Node’s own resolver as they come: 512 octets, then TCP',
    source: 'https://man7.org/linux/man-pages/man5/resolv.conf.5.html',
    udpBytes: 512,
    edns: false,
    tcp: 'ok',
  },
  'musl-behind-bind': {
    ...DEFAULTS,
    ...MUSL,
    title: 'musl before 1.2.4 behind BIND',
    truncation: 'partial',
  },
  'musl-behind-unbound': {
    ...DEFAULTS,
    ...MUSL,
    title: 'musl before 1.2.4 behind Unbound, Knot, NSD, PowerDNS or dnsmasq',
    truncation: 'empty',
  },
  'stub-without-tcp': {
    ...DEFAULTS,
    title: 'glibc behind a stub without TCP',
    appliesTo: 'Ubuntu 18.04 and 18.10: systemd-resolved 232 to 239 did not listen on TCP',
    source: 'https://github.com/systemd/systemd/issues/10816',
    udpBytes: 512,
    edns: false,
    tcp: 'refused',
  },
  'tcp-dropped': {
    ...DEFAULTS,
    title: 'client whose firewall drops TCP/53',
    appliesTo: 'networks that let DNS out over UDP only; glibc hangs for more than 12 s, c-ares for 5 s',
    source: 'https://www.rfc-editor.org/rfc/rfc9210',
    udpBytes: 512,
    edns: false,
    tcp: 'blackhole',
  },
  'edns-tcp-dropped': {
    ...DEFAULTS,
    title: 'resolver with EDNS 1232 whose firewall drops TCP/53',
    appliesTo: 'resolvers in networks that let DNS out over UDP only',
    source: 'https://www.rfc-editor.org/rfc/rfc9210',
    udpBytes: 1_232,
    edns: true,
    tcp: 'blackhole',
  },
  'twenty-nxdomain': {
    ...DEFAULTS,
    ...WHOLE,
    title: 'resolver that denies names with more than 20 records',
    appliesTo: 'the resolvers of the 2018 incident: the name seems not to exist',
    recordsMax: 20,
    overRecords: 'NXDOMAIN',
  },
  'twenty-silent': {
    ...DEFAULTS,
    ...WHOLE,
    title: 'resolver that passes on 20 records and no more',
    appliesTo: 'the resolvers of the 2018 incident, where they cut without a word',
    recordsMax: 20,
    overRecords: 'SUBSET',
  },
  'bind-resolver': {
    ...DEFAULTS,
    ...WHOLE,
    title: 'BIND since 9.18.28 as resolver',
    appliesTo: 'BIND with its defaults: 100 records of a type, 11 aliases',
    source: 'https://kb.isc.org/docs/cve-2024-1737',
    recordsMax: 100,
    chainMax: 11,
  },
  'powerdns-recursor': {
    ...DEFAULTS,
    ...WHOLE,
    title: 'PowerDNS Recursor, from its cache',
    appliesTo:
      'PowerDNS Recursor 4.8: 256 records of a type, 15 aliases; the first answer may still be whole',
    source: 'https://docs.powerdns.com/recursor/settings.html',
    recordsMax: 256,
    chainMax: 15,
  },
  coredns: {
    ...DEFAULTS,
    ...WHOLE,
    title: 'CoreDNS',
    appliesTo: 'Kubernetes clusters: CoreDNS follows 7 aliases',
    source: 'https://github.com/coredns/coredns',
    chainMax: 7,
  },
  'unbound-old': {
    ...DEFAULTS,
    ...WHOLE,
    title: 'old Unbound, 8 aliases',
    appliesTo: 'Unbound before its limit was raised to 11 aliases',
    source: 'https://github.com/NLnetLabs/unbound',
    chainMax: 8,
  },
  'resolved-old': {
    ...DEFAULTS,
    ...WHOLE,
    title: 'old systemd-resolved, 8 aliases',
    appliesTo: 'systemd-resolved before its limit on aliases was raised',
    source: 'https://github.com/systemd/systemd',
    chainMax: 8,
  },
};

/** What is said of a client's view: settings of a check that change the catalogue. */
export type ProfileChoice = { profiles: Readonly<Record<string, Profile>>; profilesOff: readonly string[] };

/** The catalogue with a check's own profiles, which add to it or take an id's place, and without those turned off. */
export function chosenProfiles({ profiles, profilesOff }: ProfileChoice): Record<string, Profile> {
  return Object.fromEntries(
    Object.entries({ ...PROFILES, ...profiles }).filter(([id]) => !profilesOff.includes(id)),
  );
}
