import { authoritiesOf, resolversOf } from '../../asking/audience.ts';
import { firstQuestions } from '../../asking/first-questions.ts';
import type { Inquiry } from '../../asking/inquiry.ts';
import { outcomeWords } from '../../asking/outcome-words.ts';
import { typeName } from '../../codec/registry.ts';
import type { Finding } from '../../findings/finding.ts';
import { countText, listText, serverText } from '../../findings/telling.ts';
import { allSaid, isOwnAnswer, setOf, shareSeverity, type Said } from '../../measure/said.ts';
import type { Aspect } from '../aspect.ts';

/** Resolvers that make a quorum: of fewer nobody can say which one deviates (reference: dns, section 1.3, A6). */
const QUORUM = 3;
const RESOLVER = ['resolver', 'resolvers'] as const;
const OWN = ['server of the zone', 'servers of the zone'] as const;

/** A1 and A6: the required types are answered, by resolvers alike. */
export const answers: Aspect = {
  tasks: firstQuestions,
  findings: (inquiry) => inquiry.settings.types.flatMap((type) => typeFindings(inquiry, type)),
};

function typeFindings(inquiry: Inquiry, type: number): Finding[] {
  const { name } = inquiry.settings;
  const resolved = allSaid(inquiry, resolversOf(inquiry), name, type);
  const own = allSaid(inquiry, authoritiesOf(inquiry), name, type);
  const isWell = ({ outcome }: Said) => outcome === 'ANSWER';
  const bad = resolved.filter((said) => !isWell(said));
  const badOwn = own.filter((said) => !isOwnAnswer(said));
  if (resolved.length === 0) {
    // Some resolver is configured and could not be measured: the servers of the zone are all there is to go by.
    if (badOwn.length === 0) return [];
    const severity = shareSeverity(badOwn.length, own.length);
    return [finding(inquiry, type, { id: 'A1', severity, bad: badOwn, of: own.length, who: OWN })];
  }
  const silentOwn =
    own.length > 0 && badOwn.length === own.length && bad.length < resolved.length
      ? [
          finding(inquiry, type, {
            id: 'A1',
            severity: 'fail',
            bad: badOwn,
            of: own.length,
            who: OWN,
            more: 'resolvers that still answer do so from their caches',
          }),
        ]
      : [];
  if (bad.length === 0) {
    const sets = setFindings(inquiry, type, resolved);
    return [...silentOwn, ...(sets.length > 0 ? sets : fewerFindings(inquiry, type, resolved, own))];
  }
  const isQuorum = resolved.length >= QUORUM && bad.length < resolved.length;
  const told = finding(inquiry, type, {
    id: isQuorum ? 'A6' : 'A1',
    severity: shareSeverity(bad.length, resolved.length),
    bad,
    of: resolved.length,
    who: RESOLVER,
    more: own.length === 0 ? undefined : ownWords(own.length, badOwn),
  });
  return [told, ...silentOwn];
}

function ownWords(of: number, bad: readonly Said[]): string {
  if (bad.length === 0) return "the zone's own servers answer";
  const [first] = bad;
  if (bad.length < of || !first) return `${bad.length} of ${of} servers of the zone do not answer either`;
  return `the zone's own servers do not answer either: ${outcomeWords(first.outcome)}`;
}

type Told = {
  id: 'A1' | 'A6';
  severity: 'warn' | 'fail';
  bad: readonly Said[];
  of: number;
  /** One of them, and several. */
  who: readonly [one: string, many: string];
  more?: string | undefined;
};

function finding(inquiry: Inquiry, type: number, { id, severity, bad, of, who, more }: Told): Finding {
  const { name } = inquiry.settings;
  const [first] = bad;
  const isOne = bad.length === 1;
  const share = bad.length === of && of > 1 ? `all ${of}` : `${bad.length} of ${of}`;
  const shown = of === 1 ? `the ${who[0]}` : `${share} ${who[1]}`;
  const each = listText(bad.map(({ server, outcome }) => `${serverText(server)} (${outcomeWords(outcome)})`));
  const tail = more === undefined ? '' : `; ${more}`;
  return {
    id,
    severity,
    subject: isOne && first ? first.server.url : typeName(type),
    message: `${name} ${typeName(type)} does not resolve at ${shown}: ${each}${tail}.`,
    ...(first ? { outcome: first.outcome } : {}),
    figures: { bad: bad.length, of },
  };
}

/**
 * A6 against the zone itself: resolvers that answer with a part of what its own servers all give. They cut the answer without
 * a word, or still have the one from before a change: that cannot be told apart in one run, so it warns.
 */
function fewerFindings(
  inquiry: Inquiry,
  type: number,
  resolved: readonly Said[],
  own: readonly Said[],
): Finding[] {
  const { name, rotation, differsByRegion } = inquiry.settings;
  const [whole, ...others] = own.map((said) => setOf(said.answered) ?? []);
  if (!whole || rotation || differsByRegion) return [];
  if (others.some((set) => JSON.stringify(set) !== JSON.stringify(whole))) return [];
  const fewer = resolved.flatMap((said) => {
    const set = setOf(said.answered) ?? [];
    const isPart = set.length < whole.length && set.every((record) => whole.includes(record));
    return isPart ? [{ said, records: set.length }] : [];
  });
  const [first] = fewer;
  if (!first) return [];
  const each = listText(fewer.map(({ said, records }) => `${serverText(said.server)} (${records})`));
  return [
    {
      id: 'A6',
      severity: 'warn',
      subject: fewer.length === 1 ? first.said.server.url : typeName(type),
      message: `${name} ${typeName(type)}: the zone's own servers give ${countText(whole.length, 'record')}, fewer ${fewer.length === 1 ? 'comes' : 'come'} from ${each}: cut without a word, or kept from before a change.`,
      figures: { records: first.records, ofRecords: whole.length },
    },
  ];
}

/** A6, the records: resolvers that all answer, and not the same. Changing answers that were declared are meant. */
function setFindings(inquiry: Inquiry, type: number, resolved: readonly Said[]): Finding[] {
  const { name, rotation, differsByRegion } = inquiry.settings;
  if (resolved.length < QUORUM || rotation || differsByRegion) return [];
  const groups = new Map<string, Said[]>();
  for (const said of resolved) {
    const key = JSON.stringify(setOf(said.answered) ?? []);
    groups.set(key, [...(groups.get(key) ?? []), said]);
  }
  if (groups.size < 2) return [];
  const most = [...groups.values()].reduce((a, b) => (b.length > a.length ? b : a));
  const others = resolved.filter((said) => !most.includes(said));
  const counted = (said: Said | undefined) => (said && setOf(said.answered)?.length) ?? 0;
  const isMajority = most.length * 2 > resolved.length;
  const message = isMajority
    ? `${name} ${typeName(type)}: ${listText(others.map((said) => `${serverText(said.server)} (${countText(counted(said), 'record')})`))} ${others.length === 1 ? 'gives' : 'give'} other records than the other ${most.length} resolvers (${countText(counted(most[0]), 'record')}).`
    : `${name} ${typeName(type)}: ${resolved.length} resolvers give ${groups.size} different answers; when that is meant, say so by rotation or differsByRegion.`;
  return [
    {
      id: 'A6',
      severity: 'warn',
      subject: isMajority && others[0] ? others[0].server.url : typeName(type),
      message,
      figures: { bad: others.length, of: resolved.length },
    },
  ];
}
