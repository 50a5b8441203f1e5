import { formatMs, MS_PER_SECOND } from '../../../units.ts';
import type { Name } from '../../codec/name.ts';
import { typeName } from '../../codec/registry.ts';
import { nearestTimeS, serialDistance } from '../../codec/serial.ts';
import { signaturesOf, signedZone, type Seen } from '../../dnssec/signed-zone.ts';
import type { Finding, FindingSeverity } from '../../findings/finding.ts';
import { countText, listText, serverText } from '../../findings/telling.ts';
import type { Limits } from '../../measure/limits.ts';
import type { Aspect } from '../aspect.ts';

const HOUR_S = 3_600;
/** Zonemaster DNSSEC04: who signs for longer than half a year cannot take back what was signed. */
const LONGEST_S = 180 * 24 * HOUR_S;
/** A clock may be off; validators allow for more. */
const SKEW_S = 300;
/** Of a signature's lifetime: what must be left when the next one is made. */
const LEFT_SHARE = 1 / 4;
/** More than this share of a lifetime is never asked for: zones that are signed on every answer have signatures of two days. */
const LEFT_SHARE_MAX = 1 / 3;

/** A signature with its times against the run's clock, seconds. */
type Timed = Seen & { leftS: number; startsInS: number; lifetimeS: number };

/**
 * How long the signatures of the zone hold, every one that was seen (E7), and whether records are cached for longer than
 * their signature holds (E10). Times are 32 bits and compared on the circle (RFC 4034 section 3.1.5).
 */
export const validity: Aspect = {
  tasks: (inquiry) => signedZone(inquiry)?.tasks ?? [],
  findings(inquiry) {
    const view = signedZone(inquiry);
    if (!view?.isSigned) return [];
    const nowS = Math.floor(inquiry.nowMs / MS_PER_SECOND);
    const signatures = view.answers.flatMap((answers) =>
      signaturesOf(answers, view.zone).map((seen) => timed(seen, nowS)),
    );
    const servers = new Set(signatures.map(({ server }) => server.url)).size;
    const { limits } = inquiry.settings;
    const context = { zone: view.zone, servers, nowS };
    return [
      ...KINDS.flatMap(({ severity, isIt, sentence }) =>
        toldOf(
          signatures.filter((signature) => isIt(signature, limits)),
          context,
          severity,
          (signature) => sentence(signature, limits),
        ),
      ),
      ...ttlFindings(signatures, context),
    ];
  },
};

function timed(seen: Seen, nowS: number): Timed {
  const { expirationS, inceptionS } = seen.rrsig;
  return {
    ...seen,
    leftS: nearestTimeS(expirationS, nowS) - nowS,
    startsInS: nearestTimeS(inceptionS, nowS) - nowS,
    lifetimeS: serialDistance(inceptionS, expirationS),
  };
}

type Kind = {
  severity: FindingSeverity;
  isIt: (signature: Timed, limits: Limits) => boolean;
  sentence: (signature: Timed, limits: Limits) => string;
};

const KINDS: readonly Kind[] = [
  {
    severity: 'critical',
    isIt: ({ leftS }) => leftS <= 0,
    sentence: ({ leftS }) => `expired ${lengthText(-leftS)} ago: validating resolvers answer SERVFAIL`,
  },
  {
    severity: 'fail',
    isIt: ({ startsInS, leftS }) => startsInS > SKEW_S && leftS > 0,
    sentence: ({ startsInS }) =>
      `holds only in ${lengthText(startsInS)}: a clock is wrong, the signer’s or ours`,
  },
  {
    severity: 'fail',
    isIt: (signature, limits) => signature.leftS > 0 && signature.leftS < failS(signature, limits),
    sentence: (signature, limits) =>
      `expires in ${lengthText(signature.leftS)}, expected at least ${lengthText(failS(signature, limits))}: the zone is not being signed anew`,
  },
  {
    severity: 'warn',
    isIt: (signature, limits) =>
      signature.leftS >= failS(signature, limits) && signature.leftS < warnS(signature, limits),
    sentence: (signature, limits) =>
      `expires in ${lengthText(signature.leftS)}, expected at least ${lengthText(warnS(signature, limits))} of its ${lengthText(signature.lifetimeS)}`,
  },
  {
    severity: 'warn',
    isIt: ({ leftS }) => leftS > LONGEST_S,
    sentence: ({ leftS }) => `holds for another ${lengthText(leftS)}, expected at most 180 d`,
  },
];

/**
 * What must be left: `signatureFailHours`, but never over a quarter of the lifetime. Servers that sign each answer anew give
 * it a day or two (Cloudflare: one before and one after).
 */
function failS({ lifetimeS }: Timed, { signatureFailHours }: Limits): number {
  return Math.min(signatureFailHours * HOUR_S, lifetimeS * LEFT_SHARE);
}

/**
 * What should be left: the larger of `signatureWarnHours` and a quarter of the lifetime, but never over a third of it. A zone
 * that is signed anew each day with signatures of two days would always be warned of otherwise.
 */
function warnS({ lifetimeS }: Timed, { signatureWarnHours }: Limits): number {
  const hoursS = Math.min(signatureWarnHours * HOUR_S, lifetimeS * LEFT_SHARE_MAX);
  return Math.max(hoursS, lifetimeS * LEFT_SHARE);
}

type Context = { zone: Name; servers: number; nowS: number };

/** One finding: the worst of them, where, and how many more there are. */
function toldOf(
  signatures: readonly Timed[],
  { zone, servers, nowS }: Context,
  severity: FindingSeverity,
  sentence: (signature: Timed) => string,
): Finding[] {
  const worst = signatures.toSorted((a, b) => a.leftS - b.leftS)[0];
  if (!worst) return [];
  const where = new Map(signatures.map(({ server }) => [server.url, server]));
  const kinds = new Set(signatures.map(nameOf));
  const more = kinds.size > 1 ? `; so it is with ${countText(kinds.size - 1, 'other signature')}` : '';
  const whose =
    where.size === servers && servers > 1
      ? `at all ${servers} servers`
      : `at ${listText([...where.values()].map(serverText))}`;
  const atS = nowS + worst.leftS;
  return [
    {
      id: 'E7',
      severity,
      subject: zone,
      message: `The signature of ${nameOf(worst)} ${whose} ${sentence(worst)} (it ends ${new Date(atS * MS_PER_SECOND).toISOString().replace('.000', '')})${more}.`,
      figures: { leftHours: Math.floor(worst.leftS / HOUR_S), signatures: kinds.size },
    },
  ];
}

/** E10 (DNSViz TTLBeyondExpiration). */
function ttlFindings(signatures: readonly Timed[], { zone }: Context): Finding[] {
  const beyond = signatures
    .filter(({ leftS, ttlS }) => leftS > 0 && ttlS > leftS)
    .toSorted((a, b) => a.leftS - b.leftS);
  const worst = beyond[0];
  if (!worst) return [];
  const sets = new Set(beyond.map(nameOf));
  return [
    {
      id: 'E10',
      severity: 'warn',
      subject: zone,
      message: `${nameOf(worst)} may be cached for ${lengthText(worst.ttlS)} (its TTL) but its signature ends in ${lengthText(worst.leftS)} (at ${serverText(worst.server)})${sets.size > 1 ? `; so it is with ${countText(sets.size - 1, 'other set')}` : ''}.`,
      figures: { ttlS: worst.ttlS, leftS: worst.leftS },
    },
  ];
}

function nameOf({ owner, rrsig }: Seen): string {
  return `${owner} ${typeName(rrsig.covered)} by key ${rrsig.keyTag}`;
}

function lengthText(seconds: number): string {
  return formatMs(seconds * MS_PER_SECOND);
}
