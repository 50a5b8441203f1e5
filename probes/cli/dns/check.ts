import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import {
  ASPECT_NAMES,
  dnsSettingsOf,
  type AspectName,
  type DnsInput,
  type DnsSettings,
} from '#core/checks/dns.ts';
import type { Exchange, Task } from '#core/dns/asking/exchange.ts';
import { inquire, type Inquirer } from '#core/dns/run/inquirer.ts';
import { formatMs, parseDurationMs } from '#core/units.ts';
import { aborted } from '../../host/stop-signal.ts';
import { createAsker, PROBE_VANTAGE } from '../../runners/dns/ask.ts';
import { judged } from '../../runners/dns/judged.ts';
import { usageProblem } from '../usage.ts';
import { checkFacts } from './check-facts.ts';
import { checkReport } from './check-report.ts';
import { checkText, type CheckJudgement } from './check-text.ts';
import { Progress } from './progress.ts';
import { resolversIn } from './resolv-conf.ts';

const WITHIN_MS_DEFAULT = 30_000;
const WITHIN_MS_MAX = 300_000;
/** What the three questions at night hang on; the other parts of a check are asked for by name. */
const ASPECTS_DEFAULT = [
  'resolvability',
  'size',
  'tcp',
  'profiles',
  'delegation',
  'dnssec',
  'freshness',
] as const;
const RESOLV_CONF = '/etc/resolv.conf';

export const CHECK_HELP = `latchkey dns check NAME: is an answer too big, for whom, and how much room is left

  --type TYPE          A, AAAA, TXT, HTTPS, …; may be given several times (default A)
  --server SERVER      a resolver to ask; may be given several times (default: those of ${RESOLV_CONF}; none with --authority)
  --authority SERVER   a server of the zone to ask; may be given several times (default: found by the delegation)
  --zone NAME          the zone the name is in (default: found)
  --aspect NAME        what is looked at: ${ASPECT_NAMES.join(', ')};
                       may be given several times (default ${ASPECTS_DEFAULT.join(', ')})
  --within TIME        give up after this long (default ${formatMs(WITHIN_MS_DEFAULT)})
  --all                every record, finding and client
  --json               one object on stdout
      { name, outcome, why, atMs, durationMs, questions, zone, authorities, resolvers, signedUntilMs,
        answers: [{ type, outcome, by, ofAuthority, records, lines, floorBytes, wireBytes, plainRoomBytes, plainRoomRecords,
          ednsRoomBytes, ednsRoomRecords, chain, target, ttlS, clients, clientsLost: [{ id, title, outcome, records? }],
          ways: [{ way, said: [{ text, servers }] }] }],   from outcome to clientsLost only when there was a whole answer;
          lines: the answer as in a zone file; room below 0: what is too much
        findings: [{ id, severity, subject, message, outcome?, figures? }],   worst first
        exchanges: [as in a stored run] }

A SERVER is an address, or dns://192.0.2.53:5353, tcp://…, tls://192.0.2.53?name=dns.example, https://dns.example/dns-query.
Exit status: 0 fine, 1 something is bad, 2 cannot tell, or wrong options.`;

const EXIT = { pass: 0, fail: 1, invalid: 2 } as const;
const EXIT_USAGE = 2;
/** What a shell expects of a command that was interrupted. */
const EXIT_INTERRUPTED = 130;

type CheckCommand = { settings: DnsSettings; withinMs: number; all: boolean; json: boolean };

/** Asks now. Resolves with the exit status. */
export async function dnsCheck(argv: readonly string[]): Promise<number> {
  const command = await commandOf(argv);
  if (command === undefined) return 0;
  if (typeof command === 'string') {
    console.error(command);
    return EXIT_USAGE;
  }
  const startedMs = performance.now();
  const nowMs = Date.now();
  const inquirer = await asked(command, nowMs);
  if (!inquirer) return EXIT_INTERRUPTED;
  const { outcome, failure, evidence } = await judged(inquirer);
  const judgement: CheckJudgement = { outcome, why: failure?.message };
  const facts = checkFacts(inquirer.inquiry(), performance.now() - startedMs);
  console.log(
    command.json
      ? JSON.stringify(checkReport(facts, judgement, evidence, nowMs))
      : checkText(facts, judgement, evidence.findings, { all: command.all, nowMs }),
  );
  return EXIT[outcome];
}

/** Everything that came of it in time; `undefined` when somebody did not want to wait. */
async function asked({ settings, withinMs }: CheckCommand, nowMs: number): Promise<Inquirer | undefined> {
  const asker = createAsker({ settings });
  const progress = new Progress(process.stderr);
  const end = new AbortController();
  let isInterrupted = false;
  const interrupt = (): void => {
    isInterrupted = true;
    end.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  const timer = setTimeout(() => end.abort(), withinMs);
  end.signal.addEventListener('abort', () => asker.close());
  const ask = async (task: Task): Promise<Exchange> => {
    progress.begin();
    const exchange = await asker.ask(task);
    progress.end();
    return exchange;
  };
  try {
    const salt = randomBytes(8).toString('hex');
    const options = { settings, vantage: PROBE_VANTAGE, nowMs, salt };
    const inquirer = await inquire(options, ask, () => end.signal.aborted, aborted(end.signal));
    return isInterrupted ? undefined : inquirer;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
    clearTimeout(timer);
    asker.close();
    progress.clear();
  }
}

/** The options; `undefined` when only help was asked for, a sentence when they are wrong. */
async function commandOf(argv: readonly string[]): Promise<CheckCommand | string | undefined> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        type: { type: 'string', multiple: true, default: [] },
        server: { type: 'string', multiple: true, default: [] },
        authority: { type: 'string', multiple: true, default: [] },
        zone: { type: 'string' },
        aspect: { type: 'string', multiple: true, default: [] },
        within: { type: 'string' },
        all: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(CHECK_HELP);
      return undefined;
    }
    const [name, ...more] = positionals;
    if (name === undefined || more.length > 0)
      return `expected one NAME, got ${positionals.length}\n\n${CHECK_HELP}`;
    const withinMs = values.within === undefined ? WITHIN_MS_DEFAULT : parseDurationMs(values.within);
    if (withinMs === undefined || withinMs === 0 || withinMs > WITHIN_MS_MAX)
      return `--within: expected a duration up to ${formatMs(WITHIN_MS_MAX)}, such as 10s, got ${values.within}`;
    const { type: types, server: servers, authority: authorities, zone, aspect, all, json } = values;
    const resolvers = servers.length > 0 || authorities.length > 0 ? servers : await ownResolvers();
    if (resolvers.length === 0 && authorities.length === 0)
      return `${RESOLV_CONF} names no resolver: give one with --server`;
    const settings = settingsOf({
      name,
      ...(types.length > 0 ? { types } : {}),
      resolvers,
      ...(authorities.length > 0 ? { authorities } : {}),
      ...(zone === undefined ? {} : { zone }),
      aspects: (aspect.length > 0 ? aspect : ASPECTS_DEFAULT) as AspectName[],
    });
    return typeof settings === 'string' ? settings : { settings, withinMs, all, json };
  } catch (error) {
    return usageProblem(error, CHECK_HELP);
  }
}

/** Where an option goes in the settings, by the field that is wrong. */
const OPTIONS: Readonly<Record<string, string>> = {
  name: 'NAME',
  types: '--type',
  resolvers: '--server',
  authorities: '--authority',
  zone: '--zone',
  aspects: '--aspect',
};

function settingsOf(input: Omit<DnsInput, 'kind'>): DnsSettings | string {
  try {
    return dnsSettingsOf(input);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const [issue] = error.issues;
    const [field = '', at] = issue?.path ?? [];
    const given = input[field as keyof typeof input];
    const got = Array.isArray(given) && typeof at === 'number' ? (given[at] as unknown) : given;
    return `${OPTIONS[String(field)] ?? String(field)}: ${issue?.message ?? 'not valid'}, got ${String(got)}`;
  }
}

async function ownResolvers(): Promise<string[]> {
  const text = await readFile(RESOLV_CONF, 'utf8').catch(() => '');
  return resolversIn(text).map(({ url }) => url);
}
