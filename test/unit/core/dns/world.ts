import { dnsSettingsOf, type DnsInput } from '#core/checks/dns.ts';
import type { Vantage } from '#core/dns/asking/inquiry.ts';
import { encodeResponse, type RecordFields, type ResponseFields } from '#core/dns/codec/encode.ts';
import { isSubdomain } from '#core/dns/codec/name.ts';
import { RCODE, RR_TYPES } from '#core/dns/codec/registry.ts';
import type {
  Ask,
  Connect,
  ConnectExchange,
  Fetch,
  FetchExchange,
  Query,
  QueryExchange,
  Task,
  Trouble,
} from '#core/dns/asking/exchange.ts';
import type { AssertionId, Finding } from '#core/dns/findings/finding.ts';
import { inquire, type Inquirer } from '#core/dns/run/inquirer.ts';
import { lookUp } from '#core/dns/zone/lookup.ts';
import { readMasterFile } from '#core/dns/zone/master-file.ts';
import { cutAbove, recordsAt, zoneOf, type Zone } from '#core/dns/zone/zone.ts';

/** Moment of every run in a world: what a test's signatures are written against. */
export const WORLD_MS = Date.UTC(2026, 10, 21, 12);

/** What a server does instead of its duty, or on top of it: `undefined` is what it would do anyway. */
export type Quirk = (query: Query, usual: ResponseFields) => ResponseFields | Trouble | undefined;

type FakeServer = { zones: Zone[]; recursive: boolean; quirk: Quirk | undefined };

export const SILENT: Trouble = { class: 'TIMEOUT', message: 'no reply in 3 s' };

/** Servers without a network, by URL: they answer from zones by the rules, but for what a test has them do otherwise. */
export class World {
  readonly asked: Task[] = [];
  readonly #servers = new Map<string, FakeServer>();
  /** What becomes of connections and files; refused and 404 unless said. */
  connect: (task: Connect) => Partial<ConnectExchange> = () => ({
    trouble: { class: 'CONN_REFUSED', message: 'connection refused' },
  });
  /** Where a reply comes from, when not from where it was asked. */
  from: (query: Query) => string | undefined = () => undefined;
  fetch: (task: Fetch) => Partial<FetchExchange> = () => ({ status: 404 });

  /** A name server of zones, each as the text of its file with an `$ORIGIN`. */
  serve(url: string, zones: readonly string[], quirk?: Quirk): this {
    this.#servers.set(url, { zones: zones.map(zoneFrom), recursive: false, quirk });
    return this;
  }

  /** A resolver to which the whole world is these zones. */
  resolve(url: string, zones: readonly string[], quirk?: Quirk): this {
    this.#servers.set(url, { zones: zones.map(zoneFrom), recursive: true, quirk });
    return this;
  }

  readonly ask: Ask = (task) => {
    this.asked.push(task);
    switch (task.kind) {
      case 'connect':
        return Promise.resolve({ task, atMs: 0, durationMs: 1, ...this.connect(task) });
      case 'fetch':
        return Promise.resolve({ task, atMs: 0, durationMs: 1, ...this.fetch(task) });
      case 'query':
        return Promise.resolve(this.#exchange(task));
    }
  };

  #exchange(query: Query): QueryExchange {
    const base = { task: query, atMs: 0, exchangeMs: 1, tries: 1 };
    const server = this.#servers.get(query.server.url);
    if (!server) return { ...base, trouble: SILENT };
    const usual = replyOf(server, query);
    const said = server.quirk?.(query, usual) ?? usual;
    if ('message' in said) return { ...base, tries: query.transport === 'udp' ? 3 : 1, trouble: said };
    const reply = encodeResponse(said);
    const limitBytes = query.transport === 'udp' ? (query.edns?.udpBytes ?? 512) : 65_535;
    const from = this.from(query) ?? `${query.server.host}:${query.server.port}`;
    if (reply.length <= limitBytes) return { ...base, reply, from };
    const cut = { ...said, truncated: true, answers: [], authorities: [], additionals: [] };
    return { ...base, reply: encodeResponse(cut), from };
  }
}

export const NODE: Vantage = { kind: 'node', transports: ['udp', 'tcp', 'tls', 'https'] };
export const WORKER: Vantage = { kind: 'worker', transports: ['tcp', 'tls', 'https'] };

/** Runs a check in a world to its end. */
export function run(
  world: World,
  input: Omit<DnsInput, 'kind'>,
  vantage = NODE,
  nowMs = WORLD_MS,
): Promise<Inquirer> {
  const settings = dnsSettingsOf(input);
  return inquire({ settings, vantage, nowMs, salt: 'salt7x' }, world.ask, () => false);
}

/** The findings of a run, of one assertion when it is named. */
export async function findingsOf(
  world: World,
  input: Omit<DnsInput, 'kind'>,
  id?: AssertionId,
  vantage = NODE,
  nowMs = WORLD_MS,
): Promise<Finding[]> {
  const findings = (await run(world, input, vantage, nowMs)).findings();
  return id === undefined ? findings : findings.filter((finding) => finding.id === id);
}

export function zoneFrom(text: string): Zone {
  const file = readMasterFile(text, { file: 'zone', origin: '.' });
  const zone = zoneOf(file);
  const [trouble] = file.troubles;
  if (!zone || trouble) throw new Error(`expected a zone, got ${trouble?.message ?? 'no record'}: ${text}`);
  return zone;
}

function replyOf({ zones, recursive }: FakeServer, query: Query): ResponseFields {
  const { name, type, edns } = query;
  const base: ResponseFields = {
    id: 1,
    name,
    type,
    class: query.class,
    opcode: query.opcode,
    recursionDesired: query.recursionDesired,
    checkingDisabled: query.checkingDisabled,
    recursionAvailable: recursive,
    ...(edns ? { edns: { udpBytes: 1_232, dnssecOk: edns.dnssecOk } } : {}),
  };
  const zone = zones
    .filter(({ apex }) => isSubdomain(name, apex) && !(type === RR_TYPES.DS && apex === name))
    .toSorted((a, b) => b.apex.length - a.apex.length)[0];
  if (!zone || (query.class ?? 1) !== 1) return { ...base, rcode: RCODE.REFUSED };
  const found = lookUp(zone, name, type);
  const soa = recordsAt(zone, zone.apex, RR_TYPES.SOA);
  const withSignatures = (records: readonly RecordFields[]) =>
    edns?.dnssecOk ? [...records, ...signaturesOf(zone, records)] : [...records];
  if (found.kind === 'referral') {
    const cut = cutAbove(zone, name);
    const servers = recordsAt(zone, cut ?? '', RR_TYPES.NS);
    const signers = edns?.dnssecOk ? recordsAt(zone, cut ?? '', RR_TYPES.DS) : [];
    const glue = servers.flatMap(({ rdata }) =>
      rdata.kind === 'NS'
        ? [RR_TYPES.A, RR_TYPES.AAAA].flatMap((glueType) => recordsAt(zone, rdata.target, glueType))
        : [],
    );
    return { ...base, authorities: [...servers, ...signers], additionals: glue };
  }
  return {
    ...base,
    authoritative: !recursive,
    rcode: found.kind === 'nxdomain' ? RCODE.NXDOMAIN : RCODE.NOERROR,
    answers: withSignatures([...found.aliases, ...found.records]),
    authorities: found.kind === 'nodata' || found.kind === 'nxdomain' ? withSignatures(soa) : [],
  };
}

function signaturesOf(zone: Zone, records: readonly RecordFields[]): RecordFields[] {
  const sets = new Map(records.map((record) => [`${record.name} ${record.type}`, record]));
  return [...sets.values()].flatMap(({ name, type }) =>
    recordsAt(zone, name, RR_TYPES.RRSIG).filter(
      ({ rdata }) => rdata.kind === 'RRSIG' && rdata.covered === type,
    ),
  );
}
