import type { Inquiry } from '../asking/inquiry.ts';
import { sameName, type Name } from '../codec/name.ts';
import { RR_TYPES, typeName } from '../codec/registry.ts';
import { agreed } from '../findings/agreement.ts';
import type { Finding } from '../findings/finding.ts';
import { listText } from '../findings/telling.ts';
import { rrSetsOf } from '../measure/rrset.ts';
import { algorithmName } from './algorithms.ts';
import { keyOctets, signedOctets, type Received } from './canonical-form.ts';
import type { Cryptography } from './cryptography.ts';
import { signedZone, type Dnskey, type Ds, type Rrsig, type SignedAnswers } from './signed-zone.ts';

/** Signatures and digests computed in one run: a zone's own are a dozen a server; more is somebody's attack (CVE-2023-50387). */
const COMPUTED_MAX = 200;

/** Counts what is computed, each thing once. */
class Computer {
  readonly #cryptography: Cryptography;
  readonly #known = new Map<string, Promise<boolean | undefined>>();

  constructor(cryptography: Cryptography) {
    this.#cryptography = cryptography;
  }

  holds(key: Dnskey, rrsig: Rrsig, set: Received): Promise<boolean | undefined> {
    const { signature, algorithm } = rrsig;
    const octets = signedOctets(rrsig, set);
    return this.#once(`${key.key.join()} ${signature.join()} ${octets.join()}`, () =>
      this.#cryptography.verify({ algorithm, key: key.key, octets, signature }),
    );
  }

  isDigest(ds: Ds, zone: Name, key: Dnskey): Promise<boolean | undefined> {
    return this.#once(`${ds.digestType} ${ds.digest.join()} ${key.key.join()} ${key.flags}`, async () => {
      const digest = await this.#cryptography.digest(ds.digestType, keyOctets(zone, key));
      return digest && digest.join() === ds.digest.join();
    });
  }

  #once(what: string, compute: () => Promise<boolean | undefined>): Promise<boolean | undefined> {
    const known = this.#known.get(what);
    if (known) return known;
    if (this.#known.size >= COMPUTED_MAX) return Promise.resolve(undefined);
    const computed = compute();
    this.#known.set(what, computed);
    return computed;
  }
}

/**
 * E8 where cryptography can be had: whether the parent's DS really is a digest of a key, and whether a signature of each set
 * that the zone's servers gave really holds. What `chain` tells by tags alone is not told again: a set is judged when there is
 * a signature by a key there is. An algorithm that is not known here proves nothing. Times are `validity`'s.
 * @throws whatever the cryptography throws: our own fault
 */
export async function verified(inquiry: Inquiry, cryptography: Cryptography): Promise<Finding[]> {
  if (!inquiry.settings.aspects.includes('dnssec')) return [];
  const view = signedZone(inquiry);
  if (!view?.isSigned) return [];
  const computer = new Computer(cryptography);
  const said = await Promise.all(
    view.answers
      .filter(({ keys }) => keys !== undefined && keys.length > 0)
      .map(async (answers) => ({
        server: answers.server,
        findings: [
          ...(await digestFindings(computer, view.zone, view.ds ?? [], answers.keys ?? [])),
          ...(await setFindings(computer, view.zone, answers)),
        ],
      })),
  );
  return agreed(said);
}

async function digestFindings(
  computer: Computer,
  zone: Name,
  ds: readonly Ds[],
  keys: readonly Dnskey[],
): Promise<Finding[]> {
  const pairs = ds.flatMap((one) =>
    keys
      .filter(({ keyTag, algorithm }) => keyTag === one.keyTag && algorithm === one.algorithm)
      .map((key) => ({ one, key })),
  );
  const results = await Promise.all(pairs.map(({ one, key }) => computer.isDigest(one, zone, key)));
  if (results.length === 0 || results.some((result) => result !== false)) return [];
  return [
    {
      id: 'E8',
      severity: 'critical',
      subject: zone,
      message: `The parent’s DS of ${zone} has the tag of its key ${listText(pairs.map(({ key }) => String(key.keyTag)))} but is not its digest: validating resolvers answer SERVFAIL.`,
    },
  ];
}

async function setFindings(
  computer: Computer,
  zone: Name,
  { keys, replies }: SignedAnswers,
): Promise<Finding[]> {
  const wrong = new Set<string>();
  for (const { answers, bytes } of replies)
    for (const set of rrSetsOf(answers)) {
      const pairs = answers.flatMap(({ name, rdata }) =>
        rdata.kind === 'RRSIG' &&
        rdata.covered === set.type &&
        sameName(name, set.name) &&
        sameName(rdata.signer, zone)
          ? (keys ?? [])
              .filter(({ keyTag, algorithm }) => keyTag === rdata.keyTag && algorithm === rdata.algorithm)
              .map((key) => ({ rrsig: rdata, key }))
          : [],
      );
      if (set.type === RR_TYPES.RRSIG || pairs.length === 0) continue;
      const received = { owner: set.name, type: set.type, class: set.class, records: set.records, bytes };
      const results = await Promise.all(pairs.map(({ rrsig, key }) => computer.holds(key, rrsig, received)));
      if (results.every((result) => result === false))
        wrong.add(
          `${set.name} ${typeName(set.type)} by ${listText(pairs.map(({ key }) => `${key.keyTag} ${algorithmName(key.algorithm)}`))}`,
        );
    }
  if (wrong.size === 0) return [];
  return [
    {
      id: 'E8',
      severity: 'critical',
      subject: zone,
      message: `The signature of ${listText([...wrong])} does not fit the records: validating resolvers answer SERVFAIL.`,
    },
  ];
}
