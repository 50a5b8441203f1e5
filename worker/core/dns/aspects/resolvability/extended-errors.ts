import type { Answered, Inquiry } from '../../asking/inquiry.ts';
import type { Aspect } from '../aspect.ts';
import { sameName } from '../../codec/name.ts';
import { typeName } from '../../codec/registry.ts';
import type { ExtendedError } from '../../codec/message.ts';
import { errorFamily, errorWords, type ErrorFamily } from '../../asking/extended-error.ts';
import type { Finding } from '../../findings/finding.ts';
import { firstQuestions } from '../../asking/first-questions.ts';
import { shareSeverity } from '../../measure/said.ts';
import { serverText } from '../../findings/telling.ts';

/** A4: what resolvers say beside their answers (RFC 8914), judged by its family and text, not by its number. */
export const extendedErrors: Aspect = { tasks: firstQuestions, findings: errorFindings };

type Told = { answered: Answered; error: ExtendedError; family: ErrorFamily };

function errorFindings(inquiry: Inquiry): Finding[] {
  const { resolvers } = inquiry.settings;
  const told = new Map<string, Told>();
  for (const answered of inquiry.answered)
    if (isOfName(inquiry, answered))
      for (const error of answered.message?.opt?.extendedErrors ?? []) {
        const family = errorFamily(error);
        // Of one server the same family is told once, and where it hurts.
        const key = `${answered.query.server.url} ${family}`;
        const known = told.get(key);
        if (!known || (hurts(answered) && !hurts(known.answered))) told.set(key, { answered, error, family });
      }
  const all = [...told.values()];
  return all.map((one) => {
    const alike = all.filter(({ family, answered }) => family === one.family && hurts(answered));
    return finding(one, shareSeverity(alike.length, resolvers.length));
  });
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

function finding({ answered, error, family }: Told, share: 'warn' | 'fail'): Finding {
  const { query, outcome } = answered;
  const said = `${serverText(query.server)} says of ${query.name} ${typeName(query.type)}: ${errorWords(error)}`;
  const { severity, why } = judged(family, hurts(answered), share);
  return {
    id: 'A4',
    severity,
    subject: query.server.url,
    message: `${said}${why === '' ? '' : ` (${why})`}.`,
    outcome,
    figures: { code: error.code },
  };
}

function judged(
  family: ErrorFamily,
  isLost: boolean,
  share: 'warn' | 'fail',
): { severity: Finding['severity']; why: string } {
  switch (family) {
    case 'dnssec':
      // One validating resolver among several that do not validate is right about it, and alone.
      return isLost
        ? { severity: 'fail', why: 'validation fails: clients of validating resolvers get nothing' }
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
