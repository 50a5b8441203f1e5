import { describe, expect, test } from 'vitest';
import { dnsSettingsOf, type DnsInput } from '#core/checks/dns.ts';
import type { Ask, Query, QueryExchange, Trouble } from '#core/dns/asking/exchange.ts';
import { encodeResponse } from '#core/dns/codec/encode.ts';
import { RR_TYPES } from '#core/dns/codec/registry.ts';
import type { Finding } from '#core/dns/findings/finding.ts';
import { inquire } from '#core/dns/run/inquirer.ts';
import { SILENT, World, WORLD_MS } from '#test/fixtures/dns/world.ts';
import { ONE, poolZone } from '../a-pool.ts';

const ZONE = poolZone(0);
const CHECK: Omit<DnsInput, 'kind'> = {
  name: 'www.example.test',
  zone: 'example.test',
  authorities: [ONE],
  aspects: ['tcp'],
};

/** What becomes of the second question on a connection; the empty answer to it unless said. */
type Second = (query: Query) => Partial<QueryExchange>;
const answered: Second = (query) => ({
  second: encodeResponse({
    id: 2,
    name: query.name,
    type: query.secondType ?? 0,
    recursionDesired: false,
    authoritative: true,
  }),
});

async function findings(
  second: Second,
  trouble?: (query: Query) => Trouble | undefined,
): Promise<{ findings: Finding[]; manners: (string | undefined)[] }> {
  const world = new World().serve(ONE, [ZONE], trouble);
  const ask: Ask = async (task) => {
    const exchange = await world.ask(task);
    if (task.kind !== 'query' || exchange.task.kind !== 'query' || task.secondType === undefined)
      return exchange;
    return { ...exchange, ...second(task) } as QueryExchange;
  };
  const inquirer = await inquire(
    {
      settings: dnsSettingsOf(CHECK),
      vantage: { kind: 'node', transports: ['udp', 'tcp'] },
      nowMs: WORLD_MS,
      salt: 'salt7x',
    },
    ask,
    () => false,
  );
  const manners = world.asked.flatMap((task) => (task.kind === 'query' && task.manner ? [task.manner] : []));
  return { findings: inquirer.findings(), manners };
}

describe('TCP behaviour', () => {
  test('of a server that answers all of it is nothing to tell', async () => {
    expect(await findings(answered)).toEqual({ findings: [], manners: ['split', 'pipelined', 'idle'] });
  });

  test('a lost second reply fails: glibc asks A and AAAA so', async () => {
    const lost = await findings((query) => (query.manner === 'pipelined' ? {} : answered(query)));
    expect(lost.findings).toMatchObject([{ id: 'B8', severity: 'fail' }]);
    expect(lost.findings[0]?.message).toContain(
      'of A and AAAA sent at once on one connection the second is not answered',
    );
  });

  test('a second reply to another question, or one too short to read, is none', async () => {
    const other = await findings((query) => answered({ ...query, secondType: RR_TYPES.MX }));
    expect(other.findings.map(({ severity }) => severity).toSorted()).toEqual(['fail', 'warn']);
    const short = await findings(() => ({ second: Uint8Array.from([0, 2]) }));
    expect(short.findings.map(({ severity }) => severity).toSorted()).toEqual(['fail', 'warn']);
  });

  test('a connection closed when idle only warns', async () => {
    const closed = await findings((query) => (query.manner === 'idle' ? {} : answered(query)));
    expect(closed.findings).toMatchObject([{ id: 'B8', severity: 'warn' }]);
  });

  test('a split length that gets no reply fails', async () => {
    const { findings: found } = await findings(answered, ({ manner }) =>
      manner === 'split' ? SILENT : undefined,
    );
    expect(found).toMatchObject([{ id: 'B8', severity: 'fail' }]);
  });

  test('a server without TCP is not asked further: that is told elsewhere', async () => {
    expect(await findings(answered, ({ transport }) => (transport === 'tcp' ? SILENT : undefined))).toEqual({
      findings: [],
      manners: [],
    });
  });

  test('our own trouble says nothing of the server', async () => {
    const own: Trouble = { class: 'NOT_MEASURABLE', message: 'no sockets left', probeFault: true };
    const { findings: found } = await findings(answered, ({ manner }) => (manner ? own : undefined));
    expect(found).toEqual([]);
  });
});
