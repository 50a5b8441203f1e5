import type { Task } from '../asking/exchange.ts';
import type { Inquiry } from '../asking/inquiry.ts';
import { askedBy } from '../asking/question.ts';
import { sameName } from '../codec/name.ts';
import { RR_TYPES } from '../codec/registry.ts';
import { agreed } from '../findings/agreement.ts';
import type { Finding } from '../findings/finding.ts';
import { chainOf } from '../measure/rrset.ts';
import { floorBytes } from '../measure/size.ts';
import { spfOf } from '../measure/spf.ts';
import { wholeOf, type Whole } from '../measure/whole.ts';

/** RFC 7208 section 4.6.4. */
const SPF_LOOKUPS_MAX = 10;

/** Names whose TXT is looked at; a name that the settings list may fail a run, the zone's own only warn. */
function txtNames({ settings, zone }: Inquiry): { name: string; listed: boolean }[] {
  const own = zone === undefined || zone === '.' ? [] : [zone, `_dmarc.${zone}`];
  const listed = settings.txtNames.map((name) => ({ name, listed: true }));
  return [
    ...listed,
    ...own
      .filter((name) => !listed.some((one) => sameName(one.name, name)))
      .map((name) => ({ name, listed: false })),
  ];
}

export function txtTasks(inquiry: Inquiry): Task[] {
  return (inquiry.authorities ?? []).flatMap((server) =>
    txtNames(inquiry).flatMap(
      ({ name }) =>
        askedBy('T', { server, name, type: RR_TYPES.TXT, recursionDesired: false }, inquiry.vantage) ?? [],
    ),
  );
}

/** B14: sizes of TXT sets, and how many lookups their SPF asks for as far as its records were asked for. */
export function txtFindings(inquiry: Inquiry): Finding[] {
  return txtNames(inquiry).flatMap(({ name, listed }) => {
    const wholes = (inquiry.authorities ?? []).flatMap((server) => txtOf(inquiry, server, name) ?? []);
    return agreed(
      wholes.map((whole) => ({
        server: whole.server,
        findings: [
          ...sizeFinding(inquiry, whole, name, listed),
          ...spfFindings(inquiry, whole, name, listed),
        ],
      })),
    );
  });
}

function txtOf(inquiry: Inquiry, server: Whole['server'], name: string): Whole | undefined {
  return wholeOf(inquiry, { server, name, type: RR_TYPES.TXT, recursionDesired: false });
}

function sizeFinding({ settings }: Inquiry, { message }: Whole, name: string, listed: boolean): Finding[] {
  const { floorFailBytes, floorWarnBytes } = settings.limits;
  const bytes = floorBytes(message);
  if (bytes <= floorWarnBytes) return [];
  const isOver = bytes > floorFailBytes;
  const limitBytes = isOver ? floorFailBytes : floorWarnBytes;
  return [
    {
      id: 'B14',
      severity: isOver && listed ? 'fail' : 'warn',
      subject: name,
      message: `TXT of ${name}: ${bytes} octets of answer, over ${limitBytes}: mail servers without EDNS get 512 and must ask again over TCP.`,
      figures: { floorBytes: bytes, limitBytes },
    },
  ];
}

function spfFindings(inquiry: Inquiry, { message, server }: Whole, name: string, listed: boolean): Finding[] {
  const severity = listed ? 'fail' : 'warn';
  const textsOf = (of: Whole['message'], owner: string): string[] =>
    chainOf(of, owner, RR_TYPES.TXT).records.flatMap(({ rdata }) =>
      rdata.kind === 'TXT' ? [rdata.strings.join('')] : [],
    );
  const { policies, lookups } = spfOf(textsOf(message, name), (included) => {
    const other = txtOf(inquiry, server, included);
    return other && textsOf(other.message, included);
  });
  if (policies > 1)
    return [
      {
        id: 'B14',
        severity,
        subject: name,
        message: `TXT of ${name}: ${policies} SPF records; receivers take more than one as an error (RFC 7208 section 4.5).`,
        figures: { policies },
      },
    ];
  if (lookups <= SPF_LOOKUPS_MAX) return [];
  return [
    {
      id: 'B14',
      severity,
      subject: name,
      message: `TXT of ${name}: its SPF asks for at least ${lookups} lookups, over ${SPF_LOOKUPS_MAX}: receivers take it as an error (RFC 7208 section 4.6.4).`,
      figures: { lookups, limitLookups: SPF_LOOKUPS_MAX },
    },
  ];
}
