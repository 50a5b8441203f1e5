import type { DnsSettings } from '../../checks/dns.ts';
import {
  isQuery,
  taskKey,
  type Ask,
  type Exchange,
  type QueryExchange,
  type Task,
} from '../asking/exchange.ts';
import { firstQuestions } from '../asking/first-questions.ts';
import type { Answered, Inquiry, Vantage } from '../asking/inquiry.ts';
import { ASPECTS } from '../aspects/index.ts';
import { decodeMessage, ShortHeaderError } from '../codec/decode.ts';
import type { Message } from '../codec/message.ts';
import type { Finding } from '../findings/finding.ts';
import { classify } from '../measure/classify.ts';
import { discovered } from '../walk/discovery.ts';
import { isShut, shutWays } from '../walk/way-out.ts';

/** Rounds of asking: a delegation walk of a deep name takes one a label. A loop in a tree of names ends here. */
const ROUNDS_MAX = 40;
/** Tasks of one run: what is beyond is not asked, and said. */
export const TASKS_MAX = 400;

/** What one run asks: with what settings, from where, and with what chance. */
export type InquiryOptions = {
  settings: DnsSettings;
  vantage: Vantage;
  nowMs: number;
  salt: string;
};

/** Knows what has been asked so far, and reads each reply once. */
export class Inquirer {
  readonly #options: InquiryOptions;
  readonly #exchanges = new Map<string, Exchange>();
  readonly #answered = new Map<string, Answered>();
  #inquiry: Inquiry | undefined;
  #isClosed = false;

  constructor(options: InquiryOptions) {
    this.#options = options;
  }

  /** Takes in what came of a task; a second time, or after `close`, changes nothing. */
  add(exchange: Exchange): void {
    const key = taskKey(exchange.task);
    if (this.#isClosed || this.#exchanges.has(key)) return;
    this.#exchanges.set(key, exchange);
    if (isQuery(exchange)) this.#answered.set(key, answeredOf(exchange));
    this.#inquiry = undefined;
  }

  /** The run has ended: what comes now comes too late, and nothing more is to be asked. */
  close(): void {
    this.#isClosed = true;
  }

  /** What to ask next: nothing, when everything is known that can be asked for, or `TASKS_MAX` have been. */
  next(): Task[] {
    if (this.#isClosed) return [];
    return this.left().slice(0, Math.max(0, TASKS_MAX - this.#exchanges.size));
  }

  /** What could be asked and has not been: of a run that was ended by its deadline, or had too much to ask. */
  left(): Task[] {
    const { settings, vantage } = this.#options;
    const inquiry = this.inquiry();
    const tasks = [
      ...discovered(inquiry).tasks,
      ...firstQuestions(inquiry),
      ...settings.aspects.flatMap((name) => ASPECTS[name].tasks(inquiry)),
    ];
    const fresh = new Map<string, Task>();
    for (const task of tasks) {
      const key = taskKey(task);
      const isPossible = task.kind !== 'query' || vantage.transports.includes(task.transport);
      if (isPossible && !this.#exchanges.has(key)) fresh.set(key, task);
    }
    return [...fresh.values()];
  }

  /** What is known by now. */
  inquiry(): Inquiry {
    if (this.#inquiry) return this.#inquiry;
    const base: Inquiry = {
      ...this.#options,
      exchanges: [...this.#exchanges.values()],
      answered: [...this.#answered.values()],
      find: (query) => this.#answered.get(taskKey(query)),
      done: (task) => this.#exchanges.get(taskKey(task)),
    };
    const { zone, authorities } = discovered(base);
    const known = { ...base, zone, authorities };
    this.#inquiry = withShutWays(known);
    return this.#inquiry;
  }

  findings(): Finding[] {
    const inquiry = this.inquiry();
    return this.#options.settings.aspects.flatMap((name) => ASPECTS[name].findings(inquiry));
  }
}

/**
 * Asks until nothing is left to ask or `isOver`, all questions of a round at once; how many really go out at a time is
 * `ask`'s own affair. What comes after `ended` has settled is not waited for and not taken in: a question that was cut off
 * was never asked, and `Inquirer.left` tells of it.
 */
export async function inquire(
  options: InquiryOptions,
  ask: Ask,
  isOver: () => boolean,
  ended?: Promise<unknown>,
): Promise<Inquirer> {
  const inquirer = new Inquirer(options);
  const end = ended?.then(
    () => inquirer.close(),
    () => inquirer.close(),
  );
  for (let round = 0; round < ROUNDS_MAX && !isOver(); round += 1) {
    const tasks = inquirer.next();
    if (tasks.length === 0) break;
    const asking = Promise.all(tasks.map(async (task) => inquirer.add(await ask(task))));
    await (end ? Promise.race([asking, end]) : asking);
  }
  inquirer.close();
  return inquirer;
}

/** The same, with what went a way that is shut from here as not measurable. */
function withShutWays(inquiry: Inquiry): Inquiry {
  const shut = shutWays(inquiry);
  if (shut.direct.length === 0) return inquiry;
  const judged = (answered: Answered): Answered =>
    isShut(inquiry, shut, answered.query) ? { ...answered, outcome: 'NOT_MEASURABLE' } : answered;
  return {
    ...inquiry,
    shut,
    answered: inquiry.answered.map(judged),
    find: (query) => {
      const answered = inquiry.find(query);
      return answered && judged(answered);
    },
  };
}

function answeredOf(exchange: QueryExchange): Answered {
  const message = exchange.reply && readReply(exchange.reply);
  const outcome = classify(exchange.task, message, exchange.trouble);
  return { exchange, query: exchange.task, message, outcome };
}

function readReply(bytes: Uint8Array): Message | undefined {
  try {
    return decodeMessage(bytes);
  } catch (error) {
    if (!(error instanceof ShortHeaderError)) throw error;
    return undefined;
  }
}
