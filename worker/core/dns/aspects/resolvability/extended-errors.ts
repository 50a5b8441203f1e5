import { errorFamily, errorWords, type ErrorFamily } from '../../asking/extended-error.ts';
import { firstQuestions } from '../../asking/first-questions.ts';
import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import type { ExtendedError } from '../../codec/message.ts';
import { sameName } from '../../codec/name.ts';
import { typeName } from '../../codec/registry.ts';
import type { Finding } from '../../findings/finding.ts';
import { grouped, listText, serverText } from '../../findings/telling.ts';
import { shareSeverity } from '../../measure/said.ts';
import type { Aspect } from '../aspect.ts';

/** A4: what resolvers say beside their answers (RFC 8914), judged by its family and text, not by its number. */
export const extendedErrors: Aspect = { tasks: firstQuestions, findings: errorFindings };

type Told = { answered: Answered; error: ExtendedError; family: ErrorFamily };

function errorFindings(inquiry: Inquiry): Finding[] {
  const told = new Map<string, Told>();
  for (const answered of inquiry.answered)
    if (isOfName(inquiry, answered))
      for (const error of answered.message?.opt?.extendedErrors ?? []) {
        const family = errorFamily(error);
        // Of one server the same family is told once, and where it hurts.
        const key = `${answered.query.server.url} ${family}`;
        const known = told.get(key);
        if (!known || weight(inquiry, answered) > weight(inquiry, known.answered))
          told.set(key, { answered, error, family });
      }
  const all = [...told.values()].filter((one) => !isToldElsewhere(inquiry, one));
  return grouped(all, wordsOf).flatMap(({ items }) => finding(inquiry, items, all));
}

/** A question that somebody needs answered, and above all one that was not. */
function weight({ settings }: Inquiry, answered: Answered): number {
  return (hurts(answered) ? 2 : 0) + (settings.types.includes(answered.query.type) ? 1 : 0);
}

/** An answer that is older than its TTL is E4's. */
function isToldElsewhere({ settings }: Inquiry, { answered, family }: Told): boolean {
  return (
    family === 'stale' &&
    !hurts(answered) &&
    settings.aspects.includes('freshness') &&
    settings.types.includes(answered.query.type)
  );
}

function wordsOf({ answered, error, family }: Told): string {
  const { query } = answered;
  return `${query.name} ${typeName(query.type)} ${family} ${hurts(answered)}: ${errorWords(error)}`;
}

/** Asked of a resolver about the name itself. With CD a resolver says what it would otherwise have refused: that is E9's. */
function isOfName({ settings }: Inquiry, { query }: Answered): boolean {
  return (
    query.recursionDesired &&
    query.checkingDisabled !== true &&
    sameName(query.name, settings.name) &&
    settings.resolvers.some(({ url }) => url === query.server.url)
  );
}

/** The client gets nothing. */
function hurts({ outcome }: Answered): boolean {
  return outcome === 'SERVFAIL' || outcome === 'CHAIN_LIMIT';
}

/** What some resolvers say alike. */
function finding(inquiry: Inquiry, alike: readonly Told[], all: readonly Told[]): Finding[] {
  const [first] = alike;
  if (!first) return [];
  const { answered, error, family } = first;
  const { query, outcome } = answered;
  const who = alike.map((one) => one.answered.query.server);
  const hurt = all.filter((one) => one.family === family && hurts(one.answered));
  const { severity, why } = judged(family, hurts(answered), shareOf(inquiry, family, hurt));
  const said = `${listText(who.map(serverText))} ${who.length === 1 ? 'says' : 'say'} of ${query.name} ${typeName(query.type)}: ${errorWords(error)}`;
  return [
    {
      id: 'A4',
      severity,
      subject: who.map(({ url }) => url).join(', '),
      message: `${said}${why === '' ? '' : ` (${why})`}.`,
      outcome,
      figures: { code: error.code, resolvers: who.length },
    },
  ];
}

/**
 * Fewer than half of the resolvers warn, but of a failed validation only when another one vouches for the name: a validating
 * resolver among several that do not validate is right about it, and alone.
 */
function shareOf(
  { settings, answered }: Inquiry,
  family: ErrorFamily,
  hurt: readonly Told[],
): 'warn' | 'fail' {
  const share = shareSeverity(hurt.length, settings.resolvers.length);
  if (family !== 'dnssec' || share === 'fail') return share;
  const urls = new Set(hurt.map((one) => one.answered.query.server.url));
  const isVouchedFor = answered.some(
    ({ query, message }) =>
      message?.authenticated && sameName(query.name, settings.name) && !urls.has(query.server.url),
  );
  return isVouchedFor ? 'warn' : 'fail';
}

function judged(
  family: ErrorFamily,
  isLost: boolean,
  share: 'warn' | 'fail',
): { severity: Finding['severity']; why: string } {
  switch (family) {
    case 'dnssec':
      return isLost
        ? { severity: share, why: 'validation fails: clients of validating resolvers get nothing' }
        : { severity: 'warn', why: 'about validation' };
    case 'reachability':
      return isLost
        ? { severity: share, why: 'the zone’s servers cannot be reached' }
        : { severity: 'warn', why: 'some of the zone’s servers cannot be reached' };
    case 'stale':
      return isLost
        ? { severity: share, why: 'the zone’s servers cannot be reached, and what was cached is too old' }
        : { severity: 'warn', why: 'the answer is older than its TTL' };
    case 'limit':
      return isLost
        ? { severity: share, why: 'the answer is more than the resolver takes' }
        : { severity: 'warn', why: 'near what the resolver takes' };
    case 'policy':
      return { severity: 'warn', why: 'the resolver’s policy changes or withholds the answer' };
    case 'data':
    case 'rate':
      return { severity: isLost ? share : 'warn', why: '' };
    case 'other':
      return { severity: isLost ? share : 'info', why: '' };
  }
}
