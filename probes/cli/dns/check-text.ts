import { outcomeWords } from '#core/dns/asking/outcome-words.ts';
import type { Prediction } from '#core/dns/clients/profile.ts';
import { typeName } from '#core/dns/codec/registry.ts';
import { ASSERTIONS, isBad, worstFirst, type Finding } from '#core/dns/findings/finding.ts';
import { countText, grouped, listText } from '#core/dns/findings/telling.ts';
import { PLAIN_UDP_BYTES } from '#core/dns/measure/size.ts';
import { formatMs } from '#core/units.ts';
import type { AnswerFacts, CheckFacts, LostClient, TypeFacts } from './check-facts.ts';
import { firstSentence, roomText } from './words.ts';

/** What a check came to: as a run's outcome, with why when it is not a pass. */
export type CheckJudgement = { outcome: 'pass' | 'fail' | 'invalid'; why?: string | undefined };

/** Of one type, without `--all`, everything is in ten lines: that is what is left for findings. */
const FINDINGS_SHOWN = 2;
/** Views of the answer, each with its clients. */
const LOST_SHOWN = 3;
const LABEL_COLUMNS = 9;
/** What the lines above the findings say already: of an answer that is too big, its size and who loses. */
const TOLD_ABOVE: ReadonlySet<string> = new Set(['B16', 'B1', 'B2', 'B6']);

/** A check for somebody who was woken by it: is it too big, for whom, how much room is left; then the worst findings. */
export function checkText(
  facts: CheckFacts,
  judgement: CheckJudgement,
  findings: readonly Finding[],
  { all, nowMs }: { all: boolean; nowMs: number },
): string {
  return [
    ...facts.types.flatMap((type) => [
      headline(facts.name, type, judgement, findings),
      ...typeLines(type, facts, { all, nowMs }),
    ]),
    askedLine(facts),
    ...findingLines(findings, facts, all),
  ].join('\n');
}

/** The answer: is it too big, and for whom. */
function headline(
  name: string,
  { type, answer, heard }: TypeFacts,
  { outcome, why }: CheckJudgement,
  findings: readonly Finding[],
): string {
  const subject = `${name} ${typeName(type)}`;
  const isBadRun = outcome === 'fail';
  if (!answer)
    return `${isBadRun ? '✗' : '?'} ${subject}: no answer to measure: ${heard.length > 0 ? heard.join('; ') : (why ?? 'nothing was asked')}.`;
  if (answer.records === 0)
    return isBadRun
      ? `✗ ${subject}: does not resolve: ${outcomeWords(answer.outcome)}.`
      : `✓ ${subject}: nothing that could be too big: ${outcomeWords(answer.outcome)}.`;
  const size = `${countText(answer.records, 'record')} in ${answer.floorBytes} octets`;
  if (answer.lost.length > 0)
    return `✗ ${subject}: TOO BIG for ${answer.lost.length} of ${answer.clients} kinds of clients: ${size}${overText(answer)}.${worseText(findings)}`;
  const fits = `fits every client: ${size}`;
  if (outcome === 'invalid') return `? ${subject}: ${fits}, but ${why ?? 'the rest could not be measured'}.`;
  const bad = findings.filter(isBad).length;
  if (outcome === 'fail')
    return `✗ ${subject}: ${fits}, but ${countText(bad, 'other thing')} ${bad === 1 ? 'is' : 'are'} bad.`;
  return `✓ ${subject}: ${fits}.`;
}

/** Size is not all there is: what the lines above do not say and is as bad as can be. */
function worseText(findings: readonly Finding[]): string {
  const worse = findings.find(({ id, severity }) => severity === 'critical' && !TOLD_ABOVE.has(id));
  return worse ? ` And CRITICAL: ${ASSERTIONS[worse.id]}.` : '';
}

function overText({ plainRoom, ednsRoom }: AnswerFacts): string {
  if (ednsRoom.bytes < 0) return `, too much even for UDP with EDNS (1232)`;
  return plainRoom.bytes < 0
    ? `, ${-plainRoom.bytes} over the ${PLAIN_UDP_BYTES} of a client without EDNS`
    : '';
}

function typeLines(
  { type, answer, ways }: TypeFacts,
  facts: CheckFacts,
  { all, nowMs }: { all: boolean; nowMs: number },
): string[] {
  const said = (way: string): string => {
    const found = ways.find((one) => one.way === way)?.said ?? [];
    const [first, ...others] = found;
    if (!first) return 'not asked';
    // One thing from all needs no names.
    if (others.length === 0)
      return `${first.text}${first.servers.length > 1 ? ` at all ${first.servers.length}` : ''}`;
    return found
      .map(({ text, servers }) => `${text} at ${listText(servers, all ? servers.length : 2)}`)
      .join(', but ');
  };
  const isAsked = ways.some((way) => way.said.length > 0);
  return [
    ...(answer && all ? answer.lines.map((text, at) => line(at === 0 ? 'Answer' : '', text)) : []),
    ...(answer && answer.records > 0
      ? [
          line(
            'Room',
            `under 512 (no EDNS): ${roomText(answer.plainRoom, type)}; under 1232 (EDNS): ${roomText(answer.ednsRoom, type)}`,
          ),
        ]
      : []),
    ...(isAsked
      ? [line('UDP', `no EDNS: ${said('U0')}; EDNS 1232: ${said('U1')}`), line('TCP', said('T'))]
      : [line('Servers', 'the zone’s own servers were not asked: UDP and TCP are not known')]),
    ...(answer && answer.records > 0
      ? [...lostLines(answer, all), line('Way', `${wayText(answer)}; ${signatureText(facts, nowMs)}`)]
      : []),
  ];
}

function lostLines({ lost, clients, records }: AnswerFacts, all: boolean): string[] {
  if (lost.length === 0) return [line('Clients', `all ${clients} kinds get it whole`)];
  const groups = grouped(lost, ({ prediction }: LostClient) => seenText(prediction, records));
  const texts = groups.map(
    ({ said, items }) =>
      `${listText(
        items.map(({ title }) => title),
        items.length,
      )}: ${said}`,
  );
  if (all) return texts.map((text, at) => line(at === 0 ? 'Lost' : '', text));
  const left = lost.length - groups.slice(0, LOST_SHOWN).flatMap(({ items }) => items).length;
  const more = left > 0 ? [`and ${left} more`] : [];
  return [line('Lost', [...texts.slice(0, LOST_SHOWN), ...more].join('; '))];
}

/** What a client gets, as people would say it. */
function seenText(prediction: Prediction, records: number): string {
  switch (prediction.outcome) {
    case 'OK':
      return 'everything';
    case 'SUBSET':
      return `${prediction.records} of ${records} records`;
    case 'NODATA':
      return 'nothing, as if there were no records';
    case 'NXDOMAIN':
      return 'as if the name did not exist';
    case 'SERVFAIL':
      return 'SERVFAIL';
    case 'TRYAGAIN':
      return 'fails at once';
    case 'TIMEOUT':
      return 'hangs, then fails';
  }
}

function wayText({ chain, target, ttlS, by, ofAuthority }: AnswerFacts): string {
  const aliases =
    chain === 0 ? 'no alias' : `${countText(chain, 'alias').replace(/aliass$/, 'aliases')} to ${target}`;
  return `${aliases}; TTL ${ttlS ?? 0} s; measured at ${ofAuthority ? '' : 'resolver '}${by}`;
}

function signatureText({ signedUntilMs }: CheckFacts, nowMs: number): string {
  if (signedUntilMs === undefined) return 'no DNSSEC seen';
  const leftMs = signedUntilMs - nowMs;
  return leftMs < 0
    ? `DNSSEC: a signature EXPIRED ${formatMs(-leftMs)} ago`
    : `DNSSEC: the first signature ends in ${formatMs(leftMs)}`;
}

function askedLine({ zone, authorities, resolvers, questions, durationMs }: CheckFacts): string {
  const own =
    authorities && authorities.length > 0
      ? `${listText(authorities, 3)} (zone ${zone ?? 'unknown'})`
      : 'no server of the zone';
  const others = resolvers.length > 0 ? `resolver ${listText(resolvers, 2)}` : 'no resolver asked';
  return line('Asked', `${own}; ${others}; ${countText(questions, 'question')} in ${formatMs(durationMs)}`);
}

function findingLines(findings: readonly Finding[], { types }: CheckFacts, all: boolean): string[] {
  const isTold = types.some(({ answer }) => answer && answer.lost.length > 0);
  // What is only to be known is not worth a line in the night.
  const told = worstFirst(findings).filter(
    ({ id, severity }) => all || (severity !== 'info' && !(isTold && TOLD_ABOVE.has(id))),
  );
  const shown = all ? told : told.slice(0, FINDINGS_SHOWN);
  const left = findings.length - shown.length;
  return [
    ...(shown.length === 0 ? [line('Else', 'nothing')] : []),
    ...shown.map(({ id, severity, subject, message }) =>
      line(
        severity.toUpperCase(),
        `${all ? message : firstSentence(message)} [${id}${all ? ` ${subject}` : ''}]`,
      ),
    ),
    line(
      'More',
      `${all || left === 0 ? '' : `--all: ${countText(left, 'more finding')}; `}--json for programs; latchkey dns plan judges a change before it is published`,
    ),
  ];
}

function line(label: string, text: string): string {
  return `  ${label.padEnd(LABEL_COLUMNS)}${text}`;
}
