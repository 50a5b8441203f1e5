import { isFetch, type Fetch, type FetchExchange } from '../../asking/exchange.ts';
import type { Inquiry } from '../../asking/inquiry.ts';
import { parseAddress, type Address } from '../../contract/ip.ts';
import { parseRangeFile, type ListedRange } from '../../contract/range-file.ts';
import { rangeIndex } from '../../contract/range-index.ts';
import type { Finding, FindingSeverity } from '../../findings/finding.ts';
import { listText } from '../../findings/telling.ts';
import type { Aspect } from '../aspect.ts';
import { isCounted, seenAddresses, type SeenAddress } from './seen-addresses.ts';

/** Ranges named of those that one copy has and another has not. */
const NAMED_MAX = 4;

/**
 * What one run tells of the published file: addresses in none of its ranges (C3), and a file that cannot be had, cannot be
 * read or differs from its copies (C4). What is the publisher's doing for sure, a client error or a content that is no file of
 * ranges, fails. A host that is away, and copies that differ, may be over in a minute: they are warnings, and the hub, which
 * remembers, fails what lasts; so does `limits.graceS: 0` of copies. How long a range has been listed only the hub knows.
 */
export const allowList: Aspect = {
  tasks: fetches,
  findings(inquiry) {
    const files = filesOf(inquiry);
    return [...fileFindings(files), ...copyFindings(inquiry, files), ...addressFindings(inquiry, files)];
  },
};

/** A look at one copy of the file; `ranges` when it was read. */
type Look = { url: string; ranges?: ListedRange[]; trouble?: { severity: FindingSeverity; why: string } };

function fetches({ settings }: Inquiry): Fetch[] {
  return (settings.allowList?.urls ?? []).map((url) => ({ kind: 'fetch', url }));
}

function filesOf(inquiry: Inquiry): Look[] {
  const { allowList: settings } = inquiry.settings;
  return fetches(inquiry).flatMap((task) => {
    const exchange = inquiry.done(task);
    return exchange && isFetch(exchange) ? (lookOf(exchange, settings?.service) ?? []) : [];
  });
}

/** Nothing when we could not look. */
function lookOf({ task: { url }, body, status, trouble }: FetchExchange, service?: string): Look | undefined {
  const isOurs = trouble?.probeFault === true;
  if (isOurs || trouble?.class === 'NOT_MEASURABLE' || trouble?.class === 'CONNECT_FAILED_OR_BLOCKED')
    return undefined;
  if (!body) {
    const isRefused = status !== undefined && status >= 400 && status < 500 && status !== 429;
    const why = status === undefined ? (trouble?.message ?? 'no answer') : `HTTP ${status}`;
    return { url, trouble: { severity: isRefused ? 'fail' : 'warn', why: `cannot be had: ${why}` } };
  }
  const parsed = parseRangeFile(body, service);
  return parsed.ok
    ? { url, ranges: parsed.file.ranges }
    : { url, trouble: { severity: 'fail', why: `cannot be read: ${parsed.error}` } };
}

function fileFindings(files: readonly Look[]): Finding[] {
  return files.flatMap(({ url, trouble }): Finding[] =>
    trouble
      ? [
          {
            id: 'C4',
            severity: trouble.severity,
            subject: url,
            message: `The published file of ranges at ${url} ${trouble.why}.`,
          },
        ]
      : [],
  );
}

function copyFindings({ settings }: Inquiry, files: readonly Look[]): Finding[] {
  const read = files.flatMap(({ url, ranges }) =>
    ranges ? [{ url, prefixes: ranges.map(({ prefix }) => prefix) }] : [],
  );
  const [first, ...others] = read;
  if (!first) return [];
  return others.flatMap(({ url, prefixes }): Finding[] => {
    const only = (mine: readonly string[], theirs: readonly string[]) => {
      const known = new Set(theirs);
      return mine.filter((prefix) => !known.has(prefix));
    };
    const missing = only(first.prefixes, prefixes);
    const extra = only(prefixes, first.prefixes);
    if (missing.length + extra.length === 0) return [];
    const parts = [
      missing.length > 0 ? `lacks ${listText(missing, NAMED_MAX)}` : undefined,
      extra.length > 0 ? `has ${listText(extra, NAMED_MAX)} besides` : undefined,
    ];
    return [
      {
        id: 'C4',
        severity: settings.limits.graceS === 0 ? 'fail' : 'warn',
        subject: url,
        message: `The published file at ${url} differs from that at ${first.url}: it ${parts.filter((part) => part !== undefined).join(' and ')}.`,
        figures: { missing: missing.length, extra: extra.length },
      },
    ];
  });
}

function addressFindings(inquiry: Inquiry, files: readonly Look[]): Finding[] {
  const isListed = listedBy(files);
  if (!isListed) return [];
  const unlisted = seenAddresses(inquiry).filter(({ address }) => !isListed(address));
  const counts = isCounted(inquiry);
  return [
    ...unlistedFindings(inquiry, unlisted.filter(counts), 'critical'),
    ...unlistedFindings(
      inquiry,
      unlisted.filter((seen) => !counts(seen)),
      'warn',
    ),
  ];
}

function unlistedFindings(
  { settings: { name } }: Inquiry,
  unlisted: readonly SeenAddress[],
  severity: 'warn' | 'critical',
): Finding[] {
  if (unlisted.length === 0) return [];
  const addresses = unlisted.map(({ address }) => address).toSorted();
  const [is, it] = addresses.length === 1 ? ['is', 'it'] : ['are', 'them'];
  const urls = new Set(unlisted.flatMap(({ resolvers }) => resolvers.map(({ url }) => url)));
  const [who, harm] =
    severity === 'warn'
      ? [` by ${listText([...urls])} alone`, 'its clients are sent there']
      : ['', `customers’ firewalls drop ${it}`];
  return [
    {
      id: 'C3',
      severity,
      subject: addresses.length === 1 ? addresses.join('') : name,
      message: `${name} is answered with ${listText(addresses)}${who}, which ${is} in no range of the published file: ${harm}.`,
      figures: { unlisted: addresses.length },
    },
  ];
}

/** Tells whether an address is in every copy that was read: a customer goes by one of them. `undefined` when none was. */
function listedBy(files: readonly Look[]): ((address: string) => boolean) | undefined {
  const indexes = files.flatMap(({ ranges }) => (ranges ? [rangeIndex(ranges)] : []));
  if (indexes.length === 0) return undefined;
  return (text) => {
    const address: Address | undefined = parseAddress(text);
    return address !== undefined && indexes.every((find) => find(address).length > 0);
  };
}

/** The same of a run's own look at the files, for addresses that come by another way than A and AAAA. */
export function isListedNow(inquiry: Inquiry): ((address: string) => boolean) | undefined {
  return listedBy(filesOf(inquiry));
}
