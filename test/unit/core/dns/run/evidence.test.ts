import { describe, expect, it } from 'vitest';
import type { DnsInput } from '#core/checks/dns.ts';
import { decodeMessage } from '#core/dns/codec/decode.ts';
import { EXCHANGES_MAX, REPLY_BYTES_KEPT, type StoredExchange } from '#core/dns/findings/evidence.ts';
import { stepsOf } from '#core/dns/run/steps.ts';
import { storedExchanges } from '#core/dns/run/stored-exchanges.ts';
import { summaryOf } from '#core/dns/run/summary.ts';
import { measureSteps, STEPS_MAX } from '#core/run.ts';
import { run, SILENT, type Quirk, type World } from '#test/fixtures/dns/world.ts';
import {
  anAddress,
  DECLARED,
  NS1,
  NS2,
  R1,
  R2,
  R3,
  resolvedWorld,
  SERVFAILS,
  ZONE,
} from '../a-resolved-zone.ts';

type Over = Partial<Omit<DnsInput, 'kind'>>;

const ran = (world: World, over: Over = {}) =>
  run(world, { ...DECLARED, aspects: ['resolvability'], ...over });
const silent: Quirk = () => SILENT;

describe('summary', () => {
  it('has every address of any answer, and how many answers it was in', async () => {
    let turn = 0;
    const some: Quirk = (query, usual) =>
      query.name === 'www.example.test' && query.type === 1
        ? { ...usual, answers: [anAddress(query.name, `198.51.100.${10 + (turn++ % 4)}`)] }
        : undefined;
    const inquirer = await ran(resolvedWorld({ ns1: some, ns2: some }), { resolvers: [] });
    const { addresses, samples, perAnswer } = summaryOf(inquirer.inquiry());
    expect(addresses).toEqual([10, 11, 12, 13].map((at) => ({ address: `198.51.100.${at}`, answers: 1 })));
    expect({ samples, perAnswer }).toEqual({ samples: 4, perAnswer: 1 });
  });

  it('counts the answers of resolvers as no samples', async () => {
    const { samples, perAnswer, addresses } = summaryOf(
      (await ran(resolvedWorld(), { authorities: [NS1] })).inquiry(),
    );
    expect({ samples, perAnswer }).toEqual({ samples: 2, perAnswer: 2 });
    expect(addresses.map(({ address }) => address)).toEqual(['198.51.100.1', '198.51.100.2']);
    expect(addresses.every(({ answers }) => answers > 2)).toBe(true);
  });

  it('writes IPv6 the one way, and takes both families for a pool', async () => {
    const zone = `${ZONE}www 300 IN AAAA 2001:db8:0:0:0:0:0:1\n`;
    const inquirer = await ran(resolvedWorld({}, zone), { types: ['A', 'AAAA'] });
    const { addresses, perAnswer } = summaryOf(inquirer.inquiry());
    expect(addresses.map(({ address }) => address)).toContain('2001:db8::1');
    expect(perAnswer).toBe(3);
  });

  it('has the figures of each type, serials, and how each resolver fares', async () => {
    const inquirer = await ran(resolvedWorld({ r2: SERVFAILS, ns2: silent }), {
      aspects: ['resolvability', 'delegation'],
    });
    const summary = summaryOf(inquirer.inquiry());
    expect(summary.measured).toMatchObject([{ type: 1, outcome: 'ANSWER', records: 2, minTtlS: 300 }]);
    expect(summary.serials).toEqual([{ server: NS1, serial: 7 }]);
    expect(summary.resolvers).toEqual([
      { server: R1, outcome: 'ANSWER' },
      { server: R2, outcome: 'SERVFAIL' },
      { server: R3, outcome: 'ANSWER' },
    ]);
    expect(summary.authoritiesAnswer).toBe(false);
    expect(summaryOf((await ran(resolvedWorld())).inquiry()).authoritiesAnswer).toBe(true);
  });

  describe('the published file', () => {
    const url = 'https://ranges.example/ip-ranges.json';
    const allowList = { urls: [url] };
    const seen = async (fetched: ReturnType<World['fetch']>, urls = [url]) => {
      const world = resolvedWorld();
      world.fetch = () => fetched;
      const over = { aspects: ['content' as const], allowList: { ...allowList, urls } };
      return summaryOf((await ran(world, over)).inquiry()).ranges;
    };
    const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

    it('is read, with its date and digest', async () => {
      const body = bytes(
        '{"createDate":"2026-11-01T00:00:00Z","prefixes":[{"ip_prefix":"198.51.100.0/24"}]}',
      );
      expect(await seen({ status: 200, body, sha256: 'abc' })).toEqual([
        {
          url,
          status: 200,
          sha256: 'abc',
          publishedAtMs: Date.UTC(2026, 10, 1),
          ranges: [{ prefix: '198.51.100.0/24' }],
        },
      ]);
    });

    it('says what was wrong with it, and nothing when it was our own fault', async () => {
      expect(await seen({ status: 503 })).toEqual([{ url, status: 503, error: 'HTTP 503' }]);
      expect((await seen({ status: 200, body: bytes('<html>') }))[0]?.error).toContain('web page');
      const trouble = { class: 'NOT_MEASURABLE', message: 'ENETUNREACH', probeFault: true } as const;
      expect(await seen({ trouble })).toEqual([]);
    });

    it('is kept once when copies of it are more than a run can carry', async () => {
      const prefixes = Array.from({ length: 1_500 }, (_, at) => ({
        ip_prefix: `10.${at >> 8}.${at & 255}.0/24`,
        service: 'EDGE-OF-THE-NETWORK',
      }));
      const body = bytes(JSON.stringify({ prefixes }));
      const looks = await seen({ status: 200, body, sha256: 'abc' }, [url, `${url}?copy`]);
      expect(looks.map(({ ranges, sha256 }) => [ranges?.length, sha256])).toEqual([
        [1_500, 'abc'],
        [undefined, 'abc'],
      ]);
    });
  });
});

describe('stored exchanges', () => {
  it('have the raw reply, and how they were put', async () => {
    const inquirer = await ran(resolvedWorld({ r1: silent }), { resolvers: [R1, R2] });
    const stored = storedExchanges(inquirer.inquiry(), inquirer.findings());
    const first = stored.find(({ server, transport }) => server === NS1 && transport === 'udp');
    expect(first).toMatchObject({
      name: 'www.example.test',
      type: 1,
      how: 'edns=1232',
      outcome: 'ANSWER',
      tries: 1,
    });
    const reply = Buffer.from(first?.reply ?? '', 'base64');
    expect(reply.length).toBe(first?.wireBytes);
    expect(decodeMessage(new Uint8Array(reply)).answers.length).toBe(2);
    const lost = stored.find(({ server, transport }) => server === R1 && transport === 'udp');
    expect(lost).toMatchObject({
      how: 'rd edns=1232',
      outcome: 'TIMEOUT',
      tries: 3,
      trouble: 'no reply in 3 s',
    });
    expect(lost?.reply).toBeUndefined();
    expect(stored.some(({ how }) => how === 'rd edns=1220 time=2')).toBe(true);
    expect(stored.map(({ atMs }) => atMs)).toEqual(stored.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
  });

  it('keep what is behind findings and of required types, when replies are too many octets', async () => {
    const long: Quirk = (query, usual) =>
      query.transport === 'tcp' && query.type === 16
        ? {
            ...usual,
            rcode: 0,
            authorities: [],
            answers: Array.from({ length: 200 }, (_, at) => ({
              name: query.name,
              type: 16,
              ttlS: 300,
              rdata: { kind: 'TXT', strings: [String(at).padEnd(250, 'x')] },
            })),
          }
        : undefined;
    const inquirer = await ran(resolvedWorld({ ns1: long, ns2: long, r1: long, r3: SERVFAILS }), {
      aspects: ['resolvability', 'size'],
      txtNames: ['_dmarc.example.test'],
      optionalTypes: ['TXT'],
    });
    const inquiry = inquirer.inquiry();
    const stored = storedExchanges(inquiry, inquirer.findings());
    const octets = (some: readonly StoredExchange[]) =>
      some.reduce((sum, { reply, wireBytes = 0 }) => sum + (reply ? wireBytes : 0), 0);
    expect(stored.reduce((sum, { wireBytes = 0 }) => sum + wireBytes, 0)).toBeGreaterThan(REPLY_BYTES_KEPT);
    expect(octets(stored)).toBeLessThanOrEqual(REPLY_BYTES_KEPT);
    const required = stored.filter(
      ({ name, type, wireBytes }) => name === 'www.example.test' && type === 1 && wireBytes,
    );
    expect(required.length).toBeGreaterThan(5);
    expect(required.every(({ reply }) => reply !== undefined)).toBe(true);
  });

  it('are at most as many as a run may have, in their order, with those of required types', async () => {
    const servers = (first: number) => Array.from({ length: 20 }, (_, at) => `dns://192.0.2.${first + at}`);
    const inquirer = await ran(resolvedWorld(), {
      authorities: servers(1),
      resolvers: servers(101),
      aspects: undefined,
    });
    const inquiry = inquirer.inquiry();
    const stored = storedExchanges(inquiry, []);
    expect(inquiry.answered.length).toBeGreaterThan(EXCHANGES_MAX);
    expect(stored.length).toBe(EXCHANGES_MAX);
    const isRequired = (one: { name: string; type: number }) => one.name === DECLARED.name && one.type === 1;
    expect(stored.filter(isRequired).length).toBe(
      Math.min(EXCHANGES_MAX, inquiry.answered.filter(({ query }) => isRequired(query)).length),
    );
  });
});

describe('steps', () => {
  it('are a step a server, with its questions, and the class of what was no answer', async () => {
    const inquirer = await ran(resolvedWorld({ r1: silent, r2: SERVFAILS }));
    const steps = stepsOf(inquirer.inquiry());
    expect(steps.map(({ title, error }) => [title, error])).toEqual([
      [R1, 'TIMEOUT'],
      [R2, 'SERVFAIL'],
      [R3, undefined],
      [NS1, undefined],
      [NS2, undefined],
    ]);
    const own = steps[3]?.steps ?? [];
    expect(own[0]).toMatchObject({
      title: 'www.example.test A over udp, edns=1232',
      startMs: 0,
      durationMs: 1,
    });
    expect(own.every(({ error }) => error === undefined)).toBe(true);
  });

  it('hold a required type that does not exist against the server, an optional one not', async () => {
    const inquirer = await ran(resolvedWorld(), { types: ['MX'], resolvers: [] });
    const steps = stepsOf(inquirer.inquiry())[0]?.steps ?? [];
    const errors = new Map(steps.map(({ title, error }) => [title.split(' ')[1], error]));
    expect(errors.get('MX')).toBe('NODATA');
    expect(errors.get('AAAA')).toBeUndefined();
  });

  it('leave out what went well when there are too many', async () => {
    const servers = (first: number) => Array.from({ length: 20 }, (_, at) => `dns://192.0.2.${first + at}`);
    const inquirer = await ran(resolvedWorld(), { authorities: servers(1), aspects: undefined });
    const inquiry = inquirer.inquiry();
    expect(inquiry.exchanges.length).toBeGreaterThan(STEPS_MAX);
    const steps = stepsOf(inquiry);
    expect(measureSteps(steps).count).toBe(STEPS_MAX);
    expect(steps.flatMap((step) => step.steps).every(({ error }) => error !== undefined)).toBe(true);
  });

  it('show connections and files', async () => {
    const world = resolvedWorld();
    const over = {
      aspects: ['content' as const],
      service: { port: 443 },
      allowList: { urls: ['https://ranges.example/'] },
    };
    const steps = stepsOf((await ran(world, over)).inquiry());
    const titles = steps.flatMap((step) =>
      step.steps.map(({ title, error }) => `${step.title}: ${title} ${error}`),
    );
    expect(titles).toContain('connections: connect to 198.51.100.1 port 443 CONN_REFUSED');
    expect(titles).toContain('published ranges: get https://ranges.example/ HTTP 404');
  });
});
