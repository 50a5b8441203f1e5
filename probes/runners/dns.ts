import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { DnsCheck } from '#core/config.ts';
import type { Ask } from '#core/dns/asking/exchange.ts';
import { inquire } from '#core/dns/run/inquirer.ts';
import { stepsOf } from '#core/dns/run/steps.ts';
import { errorText } from '../log.ts';
import { RunDeadline } from '../run-deadline.ts';
import { ownFault } from '../run-draft.ts';
import { AT_ONCE_MAX, createAsker, PROBE_VANTAGE, type Asker } from './dns/ask.ts';
import { Gate } from './dns/gate.ts';
import { judged } from './dns/judged.ts';
import type { Runner, RunResult } from './runner.ts';

/** Asking ends this long before the deadline, milliseconds: reading and judging hundreds of replies takes a tenth of it. */
const JUDGE_MS = 100;
/** Of which sockets that are ended get so much to say so: then the questions on them count as unanswered or not asked. */
const SETTLE_MS = 30;

/** The runner of DNS checks: sockets of its own, no browser. Its runs share the pace at which they ask a server. */
export function createDnsRunner(): Runner<DnsCheck> {
  const gate = new Gate(AT_ONCE_MAX);
  const asking = new Set<Asker>();
  let isClosed = false;
  return {
    warm: () => Promise.resolve(),
    run: async (check, deadline = new RunDeadline(check.timeoutMs)) => {
      if (isClosed) return ownFault('probe-error', 'the runner of DNS checks is closed');
      const startedMs = performance.now();
      const tookMs = (): number => performance.now() - startedMs;
      const asker = createAsker({ settings: check.dns, gate });
      asking.add(asker);
      try {
        const result = await runOnce(check, deadline, asker);
        return isClosed
          ? ownFault('probe-error', 'the runner was closed in the middle of the run', tookMs())
          : { ...result, durationMs: tookMs() };
      } catch (error) {
        return ownFault('probe-error', errorText(error), tookMs());
      } finally {
        asking.delete(asker);
        asker.close();
      }
    },
    close: () => {
      isClosed = true;
      for (const asker of asking) asker.close();
      return Promise.resolve();
    },
    versions: () => ({}),
  };
}

/** Asks until all is known or the time is over, and judges by what is known then. */
async function runOnce(
  { dns: settings }: DnsCheck,
  deadline: RunDeadline,
  asker: Asker,
): Promise<Omit<RunResult, 'durationMs'>> {
  let isOver = false;
  const over = new AbortController();
  const stopWatching = onLeft(deadline, JUDGE_MS, () => {
    isOver = true;
    asker.close();
    setTimeout(() => over.abort(), SETTLE_MS);
  });
  const ended = once(over.signal, 'abort');
  const ask: Ask = async (task) => {
    const exchange = await asker.ask(task);
    // Cut off before anything could be said of it, or never asked: what is left over is told as that.
    if (isOver && exchange.trouble?.class === 'NOT_MEASURABLE') await ended;
    return exchange;
  };
  deadline.begin();
  try {
    const salt = randomBytes(8).toString('hex');
    const asked = { settings, vantage: PROBE_VANTAGE, nowMs: Date.now(), salt };
    const inquirer = await inquire(asked, ask, () => isOver, ended);
    const { outcome, failure, evidence } = await judged(inquirer);
    const steps = stepsOf(inquirer.inquiry());
    return { outcome, ...(failure === undefined ? {} : { failure }), steps, dns: evidence };
  } finally {
    stopWatching();
  }
}

/** Calls back once, when only `leftMs` of the deadline are left, however close it comes. The returned function ends that. */
function onLeft(deadline: RunDeadline, leftMs: number, callBack: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    clearTimeout(timer);
    if (deadline.hasBegun) timer = setTimeout(callBack, Math.max(0, deadline.leftMs() - leftMs));
  };
  const stopListening = deadline.onChange(arm);
  arm();
  return () => {
    stopListening();
    clearTimeout(timer);
  };
}
