import type { Inquiry } from '../../asking/inquiry.ts';
import { sameName, type Name } from '../../codec/name.ts';
import { RR_TYPES, typeName } from '../../codec/registry.ts';
import { algorithmName, retiredBy, retiredDigest } from '../../dnssec/algorithms.ts';
import {
  signedZone,
  type Dnskey,
  type Ds,
  type Rrsig,
  type SignedAnswers,
  type SignedZone,
} from '../../dnssec/signed-zone.ts';
import { agreed } from '../../findings/agreement.ts';
import type { Finding, FindingSeverity } from '../../findings/finding.ts';
import { grouped, listText } from '../../findings/telling.ts';
import { rrSetsOf } from '../../measure/rrset.ts';
import type { Aspect } from '../aspect.ts';

/** Flags of DNSKEY: a zone's key, one that is withdrawn (RFC 5011), and the entry point (RFC 4034 section 2.1.1). */
const ZONE_KEY = 0x0100;
const REVOKED = 0x0080;
const ENTRY_POINT = 0x0001;
/** BIND 9.20 takes a zone with more for unsigned (its release notes). */
const ITERATIONS_TAKEN = 50;

/**
 * Whether the links of the chain of trust fit (E8): the parent's DS names a key of each server, that key signs the key set,
 * every algorithm the DS promises signs every set (RFC 6840 section 5.11), nothing retired is used, and NSEC3 does without
 * iterations (RFC 9276). By key tags and algorithms alone: digests and signatures themselves are not verified here (see
 * `verify.ts`); that validating resolvers accept them is E9. An unsigned zone without DS is nobody's fault unless
 * `dnssec: 'required'`.
 */
export const chain: Aspect = {
  tasks: (inquiry) => signedZone(inquiry)?.tasks ?? [],
  findings(inquiry) {
    const view = signedZone(inquiry);
    if (!view || view.isSigned === undefined) return [];
    if (!view.isSigned) return unsignedFindings(inquiry, view);
    const said = view.answers
      .filter(({ keys }) => keys !== undefined)
      .map((answers) => ({ server: answers.server, findings: serverFindings(inquiry, view, answers) }));
    return [...signerFindings(inquiry, view), ...agreed(said)];
  },
};

function found(severity: FindingSeverity, subject: Name, message: string): Finding {
  return { id: 'E8', severity, subject, message };
}

function unsignedFindings({ settings }: Inquiry, { zone }: SignedZone): Finding[] {
  if (settings.dnssec !== 'required') return [];
  return [found('fail', zone, `${zone} is not signed: it has no DNSKEY, and the check requires DNSSEC.`)];
}

/** What the parent says, whoever serves the zone. */
function signerFindings({ settings }: Inquiry, { zone, ds }: SignedZone): Finding[] {
  if (!ds) return [];
  if (ds.length === 0)
    return [
      found(
        settings.dnssec === 'required' ? 'fail' : 'info',
        zone,
        `${zone} is signed but its parent has no DS for it, so resolvers take it for unsigned.`,
      ),
    ];
  return ds.flatMap(({ keyTag, algorithm, digestType }): Finding[] => {
    const retired = retiredDigest(digestType);
    if (!retired) return [];
    const hasBetter = ds.some(
      (other) => other.keyTag === keyTag && other.algorithm === algorithm && !retiredDigest(other.digestType),
    );
    return [
      found(
        hasBetter ? 'info' : 'warn',
        zone,
        `The parent’s DS ${keyTag} of ${zone} is a ${retired.name} digest, retired by ${retired.source}${hasBetter ? '; there is a better one beside it' : ''}.`,
      ),
    ];
  });
}

/** What one server's keys and signatures come to. */
function serverFindings(inquiry: Inquiry, view: SignedZone, answers: SignedAnswers): Finding[] {
  const { zone, ds } = view;
  const keys = (answers.keys ?? []).filter(
    ({ flags, protocol }) => (flags & ZONE_KEY) !== 0 && protocol === 3,
  );
  if (keys.length === 0)
    return [
      found(
        'critical',
        zone,
        ds && ds.length > 0
          ? `No DNSKEY of ${zone}, but its parent has DS ${tagsOf(ds)}: validating resolvers answer SERVFAIL.`
          : `No DNSKEY of ${zone}, which other servers of it have.`,
      ),
    ];
  return [
    ...(ds && ds.length > 0 ? linkFindings(zone, ds, keys, answers) : []),
    ...setFindings(inquiry, view, keys, answers),
    ...keyFindings(zone, keys),
    ...iterationFindings(zone, answers),
  ];
}

/** DS to DNSKEY, and DNSKEY by that key. */
function linkFindings(
  zone: Name,
  ds: readonly Ds[],
  keys: readonly Dnskey[],
  answers: SignedAnswers,
): Finding[] {
  const entries = keys.filter((key) => ds.some((one) => isOf(one, key)));
  if (entries.length === 0)
    return [
      found(
        'critical',
        zone,
        `The parent’s DS of ${zone} (${tagsOf(ds)}) matches none of its keys (${tagsOf(keys)}): validating resolvers answer SERVFAIL.`,
      ),
    ];
  const findings: Finding[] = [];
  const signatures = signaturesOn(answers, zone, RR_TYPES.DNSKEY);
  if (signatures && !entries.some((key) => signatures.some((rrsig) => isOf(rrsig, key))))
    findings.push(
      found(
        'critical',
        zone,
        `The DNSKEY set of ${zone} is not signed by a key that the parent’s DS names (${tagsOf(entries)}): validating resolvers answer SERVFAIL.`,
      ),
    );
  const loose = ds.filter((one) => !keys.some((key) => isOf(one, key)));
  if (loose.length > 0)
    findings.push(
      found(
        'warn',
        zone,
        `The parent’s DS ${tagsOf(loose)} of ${zone} matches none of its keys (${tagsOf(keys)}): left over, or ahead of a new key.`,
      ),
    );
  const plain = entries.filter(({ flags }) => (flags & ENTRY_POINT) === 0);
  if (plain.length === entries.length)
    findings.push(
      found('info', zone, `Key ${tagsOf(plain)} of ${zone}, which the parent’s DS names, has no SEP flag.`),
    );
  return findings;
}

/** RRSIG of the sets that were asked for: there, by a key there is, and by every algorithm that the DS promises. */
function setFindings(
  { settings }: Inquiry,
  { zone, ds }: SignedZone,
  keys: readonly Dnskey[],
  answers: SignedAnswers,
): Finding[] {
  const wanted = [
    { name: zone, type: RR_TYPES.DNSKEY as number },
    { name: zone, type: RR_TYPES.SOA as number },
    ...[...settings.types, ...settings.optionalTypes, RR_TYPES.CNAME].map((type) => ({
      name: settings.name,
      type,
    })),
  ];
  const promised = new Set(
    (ds ?? [])
      .map(({ algorithm }) => algorithm)
      .filter((one) => keys.some(({ algorithm }) => algorithm === one)),
  );
  const isTrusted = (ds?.length ?? 0) > 0;
  const breaks = wanted.flatMap(({ name, type }) => {
    const signatures = signaturesOn(answers, name, type);
    if (!signatures) return [];
    const known = signatures.filter((rrsig) => keys.some((key) => isOf(rrsig, key)));
    const missing = [...promised].filter((one) => !known.some(({ algorithm }) => algorithm === one));
    const set = `${name} ${typeName(type)}`;
    if (signatures.length === 0) return [{ set, isWhole: true, what: 'no signature' }];
    if (known.length === 0)
      return [
        {
          set,
          isWhole: true,
          what: `no signature by one of the keys (${tagsOf(keys)}) but by ${tagsOf(signatures)}`,
        },
      ];
    if (missing.length === 0) return [];
    const what = `no signature by ${listText(missing.map(algorithmName))}, which the parent’s DS promises`;
    return [{ set, isWhole: false, what }];
  });
  return grouped(breaks, ({ what }) => what).map(({ said, items }) => {
    const isFatal = isTrusted && items.every(({ isWhole }) => isWhole);
    const harm = isFatal
      ? ': validating resolvers answer SERVFAIL'
      : isTrusted
        ? ': some resolvers answer SERVFAIL'
        : '';
    const sets = items.map(({ set }) => set);
    return found(
      isFatal ? 'critical' : 'fail',
      zone,
      `${listText(sets)} ${sets.length === 1 ? 'has' : 'have'} ${said}${harm}.`,
    );
  });
}

function keyFindings(zone: Name, keys: readonly Dnskey[]): Finding[] {
  const retired = new Map(keys.map(({ algorithm }) => [algorithm, retiredBy(algorithm)]));
  return [...retired].flatMap(([algorithm, source]) =>
    source === undefined
      ? []
      : [
          found(
            'warn',
            zone,
            `${zone} is signed with ${algorithmName(algorithm)}, retired by ${source}: resolvers begin to take such zones for unsigned.`,
          ),
        ],
  );
}

function iterationFindings(zone: Name, { replies }: SignedAnswers): Finding[] {
  const iterations = replies.flatMap(({ answers, authorities }) =>
    [...answers, ...authorities].flatMap(({ rdata }) =>
      rdata.kind === 'NSEC3PARAM' || rdata.kind === 'NSEC3' ? [rdata.iterations] : [],
    ),
  );
  const most = Math.max(0, ...iterations);
  if (most === 0) return [];
  const harm =
    most > ITERATIONS_TAKEN ? `; BIND takes a zone with over ${ITERATIONS_TAKEN} for unsigned` : '';
  return [
    {
      ...found('warn', zone, `NSEC3 of ${zone} has ${most} iterations; RFC 9276 wants 0${harm}.`),
      figures: { iterations: most },
    },
  ];
}

/** The signatures on a set; `undefined` when the set was not in any reply. */
function signaturesOn({ replies }: SignedAnswers, name: Name, type: number): Rrsig[] | undefined {
  for (const { answers } of replies) {
    const set = rrSetsOf(answers).find((one) => one.type === type && sameName(one.name, name));
    if (!set) continue;
    return answers.flatMap(({ name: owner, rdata }) =>
      rdata.kind === 'RRSIG' && rdata.covered === type && sameName(owner, name) ? [rdata] : [],
    );
  }
  return undefined;
}

/** Whether a DS or a signature is of a key, as far as tag and algorithm tell. */
function isOf(named: Pick<Ds, 'keyTag' | 'algorithm'>, key: Dnskey): boolean {
  return named.keyTag === key.keyTag && named.algorithm === key.algorithm && (key.flags & REVOKED) === 0;
}

function tagsOf(some: readonly Pick<Ds, 'keyTag' | 'algorithm'>[]): string {
  const texts = some.map(({ keyTag, algorithm }) => `${keyTag} ${algorithmName(algorithm)}`);
  return listText([...new Set(texts)]);
}
