import { STEPS_MAX, type Step } from '../../run.ts';
import { truncate } from '../../units.ts';
import { isConnect, isFetch, isQuery, type Exchange } from '../asking/exchange.ts';
import type { Answered, Inquiry } from '../asking/inquiry.ts';
import type { OutcomeClass } from '../asking/outcome.ts';
import { sameName } from '../codec/name.ts';
import { typeName } from '../codec/registry.ts';
import { howWords } from './stored-exchanges.ts';

/** What servers say of types and names that need not be there, and on the way from the root. */
const WELL: ReadonlySet<OutcomeClass> = new Set(['ANSWER', 'NODATA', 'NXDOMAIN', 'REFERRAL']);

/**
 * The run for its page: a step a server, in the order they were first asked, with its questions inside; connections and files
 * are steps of their own. `error` is the class of what was no answer. Questions beyond `STEPS_MAX` are left out, those that
 * went well first.
 */
export function stepsOf(inquiry: Inquiry): Step[] {
  const outcomes = new Map(inquiry.answered.map((answered) => [answered.exchange as Exchange, answered]));
  const groups = new Map<string, Step>();
  for (const exchange of inquiry.exchanges) {
    const step = stepOf(inquiry, exchange, outcomes.get(exchange));
    const title = groupTitle(exchange);
    const group = groups.get(title) ?? { title, startMs: step.startMs, durationMs: 0, steps: [] };
    group.steps.push(step);
    groups.set(title, group);
  }
  const room = Math.max(0, STEPS_MAX - Math.min(groups.size, STEPS_MAX));
  const inner = [...groups.values()].flatMap(({ steps }) => steps);
  const kept = new Set(
    inner
      .map((step, at) => ({ step, at }))
      .toSorted((a, b) => rank(a.step) - rank(b.step) || a.at - b.at)
      .slice(0, room)
      .map(({ step }) => step),
  );
  return [...groups.values()].slice(0, STEPS_MAX).map((group) => {
    const startMs = Math.min(...group.steps.map((step) => step.startMs));
    const endMs = Math.max(...group.steps.map((step) => step.startMs + step.durationMs));
    const steps = group.steps.filter((step) => kept.has(step)).toSorted((a, b) => a.startMs - b.startMs);
    const isSilent = group.steps.every(({ error }) => error !== undefined);
    const error = isSilent ? group.steps[0]?.error : undefined;
    return { title: group.title, startMs, durationMs: endMs - startMs, ...(error ? { error } : {}), steps };
  });
}

function rank({ error }: Step): number {
  return error === undefined ? 1 : 0;
}

function groupTitle(exchange: Exchange): string {
  if (isQuery(exchange)) {
    const { title, url } = exchange.task.server;
    return truncate(title === undefined ? url : `${title} (${url})`, 200);
  }
  return isFetch(exchange) ? 'published ranges' : 'connections';
}

function stepOf(inquiry: Inquiry, exchange: Exchange, answered: Answered | undefined): Step {
  const startMs = atLeast0(exchange.atMs);
  if (isQuery(exchange)) {
    const { name, type, transport } = exchange.task;
    const { connectMs = 0, tlsMs = 0, exchangeMs } = exchange;
    return {
      title: truncate(`${name} ${typeName(type)} over ${transport}, ${howWords(exchange.task)}`, 200),
      startMs,
      durationMs: atLeast0(connectMs + tlsMs + exchangeMs),
      ...(answered && !isWell(inquiry, answered) ? { error: answered.outcome } : {}),
      steps: [],
    };
  }
  const { durationMs, trouble } = exchange;
  const title = isConnect(exchange)
    ? `connect to ${exchange.task.address} port ${exchange.task.port}`
    : `get ${exchange.task.kind === 'fetch' ? exchange.task.url : ''}`;
  const error =
    trouble?.class ?? (isFetch(exchange) && !exchange.body ? `HTTP ${exchange.status ?? ''}` : undefined);
  return {
    title: truncate(title, 200),
    startMs,
    durationMs: atLeast0(durationMs),
    ...(error === undefined ? {} : { error: truncate(error, 100) }),
    steps: [],
  };
}

/** A required type must be answered; a question that tries a server's manners, only replied to. */
function isWell({ settings }: Inquiry, { query, outcome, message }: Answered): boolean {
  const { edns, opcode, name, type } = query;
  const isOdd = [edns?.version, edns?.z, edns?.options?.length, opcode, (query.class ?? 1) - 1].some(Boolean);
  if (isOdd) return message !== undefined;
  if (sameName(name, settings.name) && settings.types.includes(type)) return outcome === 'ANSWER';
  return WELL.has(outcome);
}

function atLeast0(ms: number): number {
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
