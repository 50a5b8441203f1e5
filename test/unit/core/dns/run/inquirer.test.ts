import { describe, expect, it } from 'vitest';
import { dnsSettingsOf } from '#core/checks/dns.ts';
import { taskKey, type Exchange, type Task } from '#core/dns/asking/exchange.ts';
import type { Vantage } from '#core/dns/asking/inquiry.ts';
import { inquire, Inquirer, TASKS_MAX } from '#core/dns/run/inquirer.ts';
import { judge } from '#core/dns/run/verdict.ts';
import { SILENT, WORLD_MS } from '#test/fixtures/dns/world.ts';
import { DECLARED, NS1, R1, resolvedWorld } from '../a-resolved-zone.ts';

const NODE: Vantage = { kind: 'node', transports: ['udp', 'tcp', 'tls', 'https'] };
const options = (over = {}) => ({
  settings: dnsSettingsOf({ ...DECLARED, aspects: ['resolvability'], ...over }),
  vantage: NODE,
  nowMs: WORLD_MS,
  salt: 'salt7x',
});
const never = () => false;

describe('a whole run', () => {
  it('asks no question twice, and nothing its vantage cannot', async () => {
    const world = resolvedWorld();
    const settings = dnsSettingsOf({ ...DECLARED, resolvers: [R1, 'https://dns.test/dns-query'] });
    const vantage: Vantage = { kind: 'worker', transports: ['tcp', 'tls'] };
    await inquire({ ...options(), settings, vantage }, world.ask, never);
    const keys = world.asked.map(taskKey);
    expect(new Set(keys).size).toBe(keys.length);
    const transports = world.asked.flatMap((task) => (task.kind === 'query' ? [task.transport] : []));
    expect(new Set(transports)).toEqual(new Set(['tcp']));
  });

  it('has nothing left to ask at its end, and is the same each time', async () => {
    const once = await inquire(options(), resolvedWorld().ask, never);
    const again = await inquire(options(), resolvedWorld().ask, never);
    expect(once.left()).toEqual([]);
    expect(once.inquiry().exchanges).toEqual(again.inquiry().exchanges);
  });
});

describe('what comes too late', () => {
  it('an exchange that is known already changes nothing', () => {
    const inquirer = new Inquirer(options());
    const [task] = inquirer.next();
    if (task?.kind !== 'query') throw new Error('expected a question');
    inquirer.add({ task, atMs: 0, exchangeMs: 1, tries: 1, trouble: SILENT });
    inquirer.add({ task, atMs: 0, exchangeMs: 9, tries: 1 });
    expect(inquirer.inquiry().answered.map(({ outcome }) => outcome)).toEqual(['TIMEOUT']);
  });

  it('a question that is cut off by the end was never asked', async () => {
    const world = resolvedWorld();
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const late: ((exchange: Exchange) => void)[] = [];
    const stuck: Task[] = [];
    const inquirer = await inquire(
      options(),
      async (task) => {
        if (task.kind !== 'query' || task.server.url !== NS1) return world.ask(task);
        stuck.push(task);
        end();
        return new Promise<Exchange>((resolve) => {
          late.push(resolve);
        });
      },
      never,
      ended,
    );
    const before = inquirer.inquiry().exchanges.length;
    for (const [at, task] of stuck.entries()) late[at]?.(await world.ask(task));
    await Promise.resolve();
    expect(inquirer.inquiry().exchanges.length).toBe(before);
    expect(inquirer.inquiry().answered.some(({ query }) => query.server.url === NS1)).toBe(false);
    expect(inquirer.left().length).toBeGreaterThanOrEqual(stuck.length);
    expect(inquirer.next()).toEqual([]);
  });

  it('a run that is over before it has asked anything is no pass', async () => {
    const inquirer = await inquire(options(), resolvedWorld().ask, () => true);
    const { outcome, failure, evidence } = judge(inquirer);
    expect({ outcome, failure }).toEqual({
      outcome: 'invalid',
      failure: {
        owner: 'probe',
        class: 'not-measurable',
        message:
          'www.example.test A could not be measured: the run ended before anybody was asked, or there is no transport to them from here',
      },
    });
    expect(evidence.unasked).toBeGreaterThan(10);
  });

  it('a run that was cut off after its first round judges by what it has', async () => {
    let rounds = 0;
    const inquirer = await inquire(options(), resolvedWorld().ask, () => rounds++ > 0);
    expect(judge(inquirer)).toMatchObject({ outcome: 'pass', evidence: { findings: [] } });
    expect(judge(inquirer).evidence.unasked).toBeGreaterThan(0);
  });
});

describe('too much to ask', () => {
  it('ends at the bound, what matters most first, and says so', async () => {
    const servers = (first: number) => Array.from({ length: 20 }, (_, at) => `dns://192.0.2.${first + at}`);
    const world = resolvedWorld();
    const input = {
      authorities: servers(1),
      resolvers: servers(101),
      optionalTypes: ['MX', 'CAA'],
      aspects: undefined,
    };
    const inquirer = await inquire(options(input), world.ask, never);
    expect(world.asked.length).toBe(TASKS_MAX);
    expect(inquirer.left().length).toBeGreaterThan(0);
    const first = world.asked.slice(0, 80);
    expect(first.every((task) => task.kind === 'query' && task.type === 1)).toBe(true);
    expect(judge(inquirer).evidence.unasked).toBe(inquirer.left().length);
  });
});
