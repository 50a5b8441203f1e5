import type { Task } from '../../asking/exchange.ts';
import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import type { Server } from '../../asking/server.ts';
import { settled } from '../../asking/settled.ts';
import { RCODE } from '../../codec/registry.ts';
import { signedZone } from '../../dnssec/signed-zone.ts';
import type { Finding } from '../../findings/finding.ts';
import { countText, listText, serverText } from '../../findings/telling.ts';
import type { Aspect } from '../aspect.ts';

/** Resolvers that should vouch for the name; of fewer there are, all. */
const VOUCHING_MIN = 2;

/** What a resolver makes of the name: its own word, and its word with validation off, asked where the first was SERVFAIL. */
type Validated = {
  server: Server;
  tasks: Task[];
  answered?: Answered | undefined;
  unchecked?: Answered | undefined;
};

/**
 * What validating resolvers make of the name (E9). SERVFAIL that turns into a reply with CD is `DNSSEC_BOGUS`: it fails, unless
 * other resolvers validate the same name at the same time and those that do not are fewer than half: then it is a warning, of
 * them. A resolver that does not vouch (AD) may just not validate, so that none does is a warning alone.
 */
export const validation: Aspect = {
  tasks: (inquiry) => validatedBy(inquiry).flatMap(({ tasks }) => tasks),
  findings(inquiry) {
    const all = validatedBy(inquiry);
    const vouching = all.filter(({ answered }) => answered?.message?.authenticated);
    const bogus = all.filter(isBogus);
    return [
      ...bogusFindings(inquiry, all, bogus, vouching.length),
      ...vouchingFindings(inquiry, all, vouching),
    ];
  },
};

function validatedBy(inquiry: Inquiry): Validated[] {
  const { settings } = inquiry;
  const view = signedZone(inquiry);
  const [type] = settings.types;
  if (type === undefined) return [];
  // Where nothing is signed the usual question is enough: only a SERVFAIL of it is looked into.
  const dnssecOk = view?.isSigned !== false;
  return settings.resolvers.map((server) => {
    const asked = { server, name: settings.name, type, recursionDesired: true, dnssecOk };
    const { tasks, answered } = settled(inquiry, asked);
    if (answered?.message?.rcode !== RCODE.SERVFAIL) return { server, tasks, answered };
    const unchecked = settled(inquiry, { ...asked, checkingDisabled: true });
    return { server, tasks: [...tasks, ...unchecked.tasks], answered, unchecked: unchecked.answered };
  });
}

function isBogus({ unchecked }: Validated): boolean {
  const { message } = unchecked ?? {};
  return message?.rcode === RCODE.NOERROR && unchecked?.outcome !== 'MALFORMED';
}

function bogusFindings(
  { settings }: Inquiry,
  all: readonly Validated[],
  bogus: readonly Validated[],
  vouching: number,
): Finding[] {
  if (bogus.length === 0) return [];
  const isTheirs = vouching > 0 && bogus.length * 2 < all.length;
  const reasons = bogus.flatMap(({ answered }) =>
    (answered?.message?.opt?.extendedErrors ?? []).map(
      ({ code, text }) => `EDE ${code}${text ? ` “${text}”` : ''}`,
    ),
  );
  const why = reasons.length > 0 ? ` (${listText([...new Set(reasons)], 2)})` : '';
  return [
    {
      id: 'E9',
      severity: isTheirs ? 'warn' : 'fail',
      subject: bogus.length === 1 ? (bogus[0]?.server.url ?? settings.name) : settings.name,
      message: `${bogus.length === all.length && all.length > 1 ? `All ${all.length} resolvers` : listText(bogus.map(({ server }) => serverText(server)))} ${bogus.length === 1 ? 'answers' : 'answer'} SERVFAIL for ${settings.name} and a reply with validation off: its DNSSEC is broken${why}${isTheirs ? `; ${countText(vouching, 'resolver')} validate it all the same` : ''}.`,
      outcome: 'DNSSEC_BOGUS',
      figures: { bogus: bogus.length, resolvers: all.length },
    },
  ];
}

/** Only where the parent says that the zone is signed is there anything to vouch for. */
function vouchingFindings(
  inquiry: Inquiry,
  all: readonly Validated[],
  vouching: readonly Validated[],
): Finding[] {
  const view = signedZone(inquiry);
  const answering = all.filter(({ answered }) => answered?.message?.rcode === RCODE.NOERROR);
  const expected = Math.min(VOUCHING_MIN, answering.length);
  if (!view?.isSigned || !view.ds || view.ds.length === 0 || vouching.length >= expected) return [];
  const { name } = inquiry.settings;
  return [
    {
      id: 'E9',
      severity: vouching.length === 0 ? 'warn' : 'info',
      subject: name,
      message: `${vouching.length === 0 ? 'None' : `Only ${vouching.length}`} of the ${countText(answering.length, 'resolver')} that answer vouches for ${name} (AD flag), expected ${expected}: the others do not validate, or take the zone for unsigned.`,
      figures: { vouching: vouching.length, resolvers: answering.length },
    },
  ];
}
