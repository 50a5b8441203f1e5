import type { Task } from '../asking/exchange.ts';
import type { Answered, Inquiry } from '../asking/inquiry.ts';
import { askedBy, type Asked, type Way } from '../asking/question.ts';
import type { Server } from '../asking/server.ts';
import type { Message } from '../codec/message.ts';
import { sameName } from '../codec/name.ts';
import { typeName } from '../codec/registry.ts';
import { agreed, withNote } from '../findings/agreement.ts';
import type { Finding } from '../findings/finding.ts';
import { chainOf } from '../measure/rrset.ts';
import { confirmed } from '../measure/confirmed.ts';
import { isMeasured, ofMany } from '../measure/said.ts';
import { bulkFindings, chainFindings, headroomFindings, type SizeContext } from '../measure/size-findings.ts';
import { floorBytes } from '../measure/size.ts';
import { fallbackFindings, truncationFindings, type Seen } from '../measure/truncation-findings.ts';
import { answeredBy, wholeOf, wholesOf, wholeTasks } from '../measure/whole.ts';
import type { Aspect } from './aspect.ts';
import { txtFindings, txtTasks } from './txt-size.ts';

/** Sizes, counts and truncation (B1–B7, B11, B13, B14). */
export const size: Aspect = {
  tasks: (inquiry) => [
    ...typesOf(inquiry).flatMap((type) => [
      ...wholeTasks(inquiry, inquiry.settings.name, type),
      ...authorityTasks(inquiry, type),
    ]),
    ...fallbackTasks(inquiry),
    ...txtTasks(inquiry),
  ],
  findings: (inquiry) => [
    ...typesOf(inquiry).flatMap((type) => [
      ...bulk(inquiry, type),
      ...truncation(inquiry, type),
      ...signedSizes(inquiry, type),
    ]),
    ...longestChain(inquiry),
    ...resolverFallback(inquiry),
    ...txtFindings(inquiry),
  ],
};

function typesOf({ settings }: Inquiry): number[] {
  return [...settings.types, ...settings.optionalTypes];
}

function authorityTasks(inquiry: Inquiry, type: number): Task[] {
  return (inquiry.authorities ?? []).flatMap((server) => {
    const asked = ofAuthority(inquiry, server, type);
    const signed = answeredBy(inquiry, 'U1D', asked);
    const needsSignedStream =
      signed?.message?.truncated === true || askedBy('U1D', asked, inquiry.vantage) === undefined;
    const ways: Way[] = ['U0', 'U1', 'U1D'];
    if (needsSignedStream) ways.push('TD');
    const stream = askedBy('T', asked, inquiry.vantage);
    return [
      ...ways.flatMap((way) => askedBy(way, asked, inquiry.vantage) ?? []),
      ...(stream ? confirmed(inquiry, stream).tasks : []),
    ];
  });
}

/** What a resolver truncated, whoever asked, is asked again over its stream. */
function fallbackTasks(inquiry: Inquiry): Task[] {
  return truncatedByResolvers(inquiry).flatMap((asked) => askedBy('T', asked, inquiry.vantage) ?? []);
}

function truncatedByResolvers({ answered, settings }: Inquiry): Asked[] {
  return answered.flatMap(({ query, message }) => {
    const isOurs =
      query.recursionDesired &&
      query.transport === 'udp' &&
      query.manner === undefined &&
      query.checkingDisabled !== true &&
      query.edns?.dnssecOk !== true &&
      sameName(query.name, settings.name);
    const { server, name, type } = query;
    return isOurs && message?.truncated ? [{ server, name, type, recursionDesired: true }] : [];
  });
}

/** B1, B2, B4 and B5. */
function bulk(inquiry: Inquiry, type: number): Finding[] {
  const { name } = inquiry.settings;
  const { of, wholes } = wholesOf(inquiry, name, type);
  const said = wholes.map(({ server, message }) => ({
    server,
    findings: bulkFindings(message, contextOf(inquiry, type)),
  }));
  if (of === 'authorities') return agreed(said);
  return said.flatMap(({ server, findings }) =>
    findings.map((finding) => withNote(finding, ` As resolver ${server.url} gives it.`)),
  );
}

/** B3, B6, B7 and B11 of the zone's own servers. */
function truncation(inquiry: Inquiry, type: number): Finding[] {
  const asked = (inquiry.authorities ?? []).map((server) => ofAuthority(inquiry, server, type));
  return agreed(
    asked
      .map((one) => seenOf(inquiry, one))
      .filter(hasSpoken)
      .map((seen) => ({ server: seen.server, findings: truncationFindings(seen) })),
  );
}

/** One that says nothing at all is not one that disagrees. */
function hasSpoken({ u0, u1, u1d, t, td }: Seen): boolean {
  return [u0, u1, u1d, t, td].some((one) => one?.message !== undefined);
}

function seenOf(inquiry: Inquiry, asked: Asked): Seen & { server: Server } {
  const { settings } = inquiry;
  const by = (way: Way): Answered | undefined => {
    const answered = answeredBy(inquiry, way, asked);
    return answered && isMeasured(answered) ? answered : undefined;
  };
  return {
    server: asked.server,
    name: asked.name,
    type: asked.type,
    limits: settings.limits,
    subject: typeName(asked.type),
    u0: by('U0'),
    u1: by('U1'),
    u1d: by('U1D'),
    t: streamed(inquiry, asked),
    td: by('TD'),
    rotates: settings.rotation !== undefined,
  };
}

/** Over the stream, where one silence is not enough to say that a truncated answer cannot be had. */
function streamed(inquiry: Inquiry, asked: Asked): Answered | undefined {
  const query = askedBy('T', asked, inquiry.vantage);
  const answered = query && confirmed(inquiry, query).answered;
  return answered && isMeasured(answered) ? answered : undefined;
}

/** B11: the floor and the room with signatures in the answer; who asks for them has EDNS, so 512 only warns. */
function signedSizes(inquiry: Inquiry, type: number): Finding[] {
  const said = (inquiry.authorities ?? []).flatMap((server) => {
    const asked = ofAuthority(inquiry, server, type);
    const plain = wholeOf(inquiry, asked);
    const signed = wholeOf(inquiry, asked, { dnssecOk: true });
    if (!signed || signed.message.answers.length === plain?.message.answers.length) return [];
    return [{ server, findings: signedFindings(plain?.message, signed.message, contextOf(inquiry, type)) }];
  });
  return agreed(said);
}

function signedFindings(plain: Message | undefined, signed: Message, context: SizeContext): Finding[] {
  const { floorFailBytes } = context.limits;
  const bytes = floorBytes(signed);
  const findings: Finding[] = headroomFindings(signed, context)
    .filter(({ figures }) => figures?.['limitBytes'] === context.limits.wireFailBytes)
    .map((finding) => ({ ...finding, message: `With signatures, ${finding.message}` }));
  if (bytes > floorFailBytes && !(plain && floorBytes(plain) > floorFailBytes))
    findings.push({
      id: 'B11',
      severity: 'warn',
      subject: context.subject,
      message: `${typeName(context.type)}: ${bytes} octets of answer with its signatures, over ${floorFailBytes}: a validating client that offers no more must ask again over TCP.`,
      figures: { floorBytes: bytes, limitBytes: floorFailBytes },
    });
  return findings;
}

/** B13: the longest chain that anybody gave for the name, also before giving up. */
function longestChain(inquiry: Inquiry): Finding[] {
  const { name } = inquiry.settings;
  const chains = inquiry.answered.flatMap(({ query, message }) => {
    if (!message || !sameName(query.name, name) || !typesOf(inquiry).includes(query.type)) return [];
    const { aliases, looped } = chainOf(message, name, query.type);
    const findings = chainFindings(message, contextOf(inquiry, query.type));
    return [{ length: aliases.length, looped, findings, server: query.server }];
  });
  const longest = chains.toSorted((a, b) => Number(b.looped) - Number(a.looped) || b.length - a.length)[0];
  return (longest?.findings ?? []).map((finding) =>
    withNote(finding, ` As ${longest?.server.url} gives it.`),
  );
}

/** B7 of resolvers, half of them: one that truncates must give the whole over its stream. */
function resolverFallback(inquiry: Inquiry): Finding[] {
  const byServer = new Map(
    truncatedByResolvers(inquiry).map((asked) => [`${asked.server.url} ${asked.type}`, asked]),
  );
  const found = [...byServer.values()].flatMap((asked) =>
    fallbackFindings({ ...seenOf(inquiry, asked), subject: asked.server.url }),
  );
  return ofMany(found, inquiry.settings.resolvers.length);
}

function ofAuthority({ settings }: Inquiry, server: Server, type: number): Asked {
  return { server, name: settings.name, type, recursionDesired: false };
}

function contextOf({ settings }: Inquiry, type: number): SizeContext {
  return { name: settings.name, type, limits: settings.limits, subject: typeName(type) };
}
