import type { JourneyCheck } from '#core/config.ts';
import type { Room } from '../../browser/room.ts';
import { JourneyMistake, type JourneyTools } from '../../journey.ts';
import { OwnFault } from '../../own-fault.ts';
import type { RunDeadline } from '../../run-deadline.ts';
import { expectCacheHit } from './cache-hit.ts';
import type { Expectations } from './expectations.ts';
import type { StepRecorder } from './steps.ts';
import { StormGuards } from './storm-guard.ts';

export type ToolBox = {
  tools: JourneyTools;
  /** What the journey has begun and not awaited to its end, by name. */
  unfinished: () => string[];
  /** Nothing of it goes on by itself. */
  end: () => void;
};

/** The tools of one run. What is wrong with the journey itself is kept in `mistakes`, whether it catches it or not. */
export function openToolBox({
  check,
  secrets,
  room,
  deadline,
  steps,
  expectations,
  mistakes,
}: {
  check: JourneyCheck;
  secrets: ReadonlyMap<string, string>;
  room: Room;
  deadline: RunDeadline;
  steps: StepRecorder;
  expectations: Expectations;
  mistakes: Error[];
}): ToolBox {
  const { page, context } = room;
  const guards = new StormGuards(context, deadline, (error) => mistakes.push(error));
  const waiting = new Set<{ name: string }>();
  const refuse = (error: Error): never => {
    mistakes.push(error);
    throw error;
  };
  const keepMistake = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof JourneyMistake) mistakes.push(error);
      throw error;
    }
  };
  const awaited = async <T>(name: string, work: Promise<T>): Promise<T> => {
    const entry = { name };
    waiting.add(entry);
    try {
      return await keepMistake(work);
    } finally {
      waiting.delete(entry);
    }
  };
  const tools: JourneyTools = {
    page,
    context,
    expect: expectations.expect,
    step: (title, body) => keepMistake(steps.step(title, body)),
    secret: (name) =>
      secrets.get(name) ??
      refuse(
        new OwnFault(
          'missing-secret',
          `secret('${name}'): expected one that the check lists (${check.secrets.join(', ') || 'none'})`,
        ),
      ),
    vars: new Proxy(check.vars, {
      get: (vars, name) =>
        typeof name === 'symbol'
          ? undefined
          : (vars[name] ??
            refuse(
              new JourneyMistake(
                `vars.${name}: expected one that the check sets (${Object.keys(vars).join(', ') || 'none'})`,
              ),
            )),
    }),
    expectCacheHit: (answer, rule = {}) =>
      awaited('expectCacheHit', expectCacheHit(answer, rule, context.request)),
    stormGuard: async (options) => {
      const guard = await awaited('stormGuard', guards.open(options));
      return { settled: () => keepMistake(guard.settled()) };
    },
  };
  return {
    tools,
    unfinished: () => [
      ...steps.end().map((title) => `step "${title}"`),
      ...expectations.waiting(),
      ...[...waiting].map(({ name }) => name),
      ...guards.unsettled(),
    ],
    end: () => guards.end(),
  };
}
