import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { dnsSettingsOf } from '#core/checks/dns.ts';
import { canonicalName, labelsOf } from '#core/dns/codec/name.ts';
import { parseRangeFile, type RangeFile } from '#core/dns/contract/range-file.ts';
import { isBad } from '#core/dns/findings/finding.ts';
import { planZone, type Plan } from '#core/dns/zone/plan.ts';
import { formatMs, MS_PER_DAY, parseDurationMs } from '#core/units.ts';
import { errorCode, errorText } from '../../log.ts';
import { usageProblem } from '../usage.ts';
import { planAnnotations } from './plan-annotations.ts';
import { planReport } from './plan-report.ts';
import { planSarif } from './plan-sarif.ts';
import { planText, type PlanVerdict } from './plan-text.ts';
import { readZoneFile, shownPath, UnreadableFileError } from './zone-file.ts';

const NOTICE_MS_DEFAULT = 14 * MS_PER_DAY;
const FORMATS = ['text', 'json', 'sarif', 'github'] as const;
type Format = (typeof FORMATS)[number];

export const PLAN_HELP = `latchkey dns plan ZONEFILE: what a zone would do to its clients, before it is published

  --base ZONEFILE   the zone as it is now: tells what changes, and which cliffs that crosses
  --ranges FILE     the published file of address ranges (JSON like AWS's or Google's, or a list): every address must be in it
  --service NAME    only the file's ranges of this service
  --notice TIME     how long customers are told before a new range is used, such as 14d (default ${formatMs(NOTICE_MS_DEFAULT)})
  --at WHEN         when it is to be published, such as 2026-12-01T08:00:00Z (default now)
  --origin NAME     the zone, when the file does not begin with $ORIGIN
  --name NAME       only answers for this name; may be given several times
  --strict          a warning is as bad as a failure
  --all             every answer and every detail
  --format FORMAT   ${FORMATS.join(', ')} (default text)
  --json            as --format json: one object on stdout
      { zone, file, verdict, atMs, records, unreadLines,
        problems: [{ id, title, severity, name, type?, message, alsoFor?, details?, figures?, file, line }],   worst first
        answers: [{ name, type, kind, records, chain, target, ttlS, floorBytes, signedFloorBytes?, plainRoomBytes,
          plainRoomRecords, ednsRoomBytes, ednsRoomRecords, clientsLost, file, line }],
        differences?: [{ name, type, added, removed, ttlBeforeS?, ttlAfterS? }],
        addresses?: [{ name, type, address, hint, state, prefix?, coveredAtMs?, file, line }] }

floorBytes: header, question and answer records, what no server can leave out. plainRoom: under 512 octets, what a client
without EDNS takes. ednsRoom: under 1232, what UDP takes with it. Below 0 it is what is too much. clientsLost: kinds of
clients that would not get it whole.
An $INCLUDE must be in the folder of the zone file.
Exit status: 0 nothing bad, 1 something is, 2 cannot tell: a file or a line cannot be read, or wrong options.`;

const EXIT = { fine: 0, bad: 1, unknown: 2 } as const satisfies Record<PlanVerdict, number>;

type PlanCommand = {
  zoneFile: string;
  base: string | undefined;
  ranges: string | undefined;
  service: string | undefined;
  noticeMs: number;
  atMs: number;
  origin: string | undefined;
  names: string[];
  strict: boolean;
  all: boolean;
  format: Format;
};

/** Judges a zone file. Resolves with the exit status. */
export async function dnsPlan(argv: readonly string[]): Promise<number> {
  const directory = process.cwd();
  const root = process.env.GITHUB_WORKSPACE ?? directory;
  const { status, stdout, stderr } = await planned(argv, { directory, root, nowMs: Date.now() });
  if (stderr !== undefined) console.error(stderr);
  if (stdout !== undefined) console.log(stdout);
  return status;
}

/** Where and when a plan is made: paths are relative to `directory`, and shown from `root`. */
export type PlanSurroundings = { directory: string; root: string; nowMs: number };

/** What the command says and ends with. */
export type PlanSaid = { status: number; stdout?: string; stderr?: string };

export async function planned(
  argv: readonly string[],
  { directory, root, nowMs }: PlanSurroundings,
): Promise<PlanSaid> {
  const command = commandOf(argv, nowMs);
  if (command === undefined) return { status: EXIT.fine, stdout: PLAN_HELP };
  if (typeof command === 'string') return unknown(command);
  try {
    const { zoneFile, origin, base, names, atMs, noticeMs, ranges, service } = command;
    // Limits of a check are those of a plan too; the name has no say in them.
    const { limits } = dnsSettingsOf({ name: 'any' });
    const file = readZoneFile(zoneFile, { origin, directory, root });
    const plan = planZone(file, {
      limits,
      names: names.length > 0 ? names : undefined,
      base: base === undefined ? undefined : readZoneFile(base, { origin, directory, root }),
      promise:
        ranges === undefined
          ? undefined
          : { file: await rangesOf(ranges, directory, service), noticeMs, nowMs: atMs },
    });
    const shown = shownPath(resolve(directory, zoneFile), root);
    if ('trouble' in plan) {
      const [first] = file.troubles;
      return unknown(
        `${shown}${first ? `:${first.line}` : ''}: ${plan.trouble}${first ? `: ${first.message}` : ''}`,
      );
    }
    const verdict = verdictOf(plan, command.strict);
    return { status: EXIT[verdict], stdout: printed(plan, verdict, shown, command) };
  } catch (error) {
    if (error instanceof UnreadableFileError) return unknown(error.message);
    throw error;
  }
}

function printed(plan: Plan, verdict: PlanVerdict, file: string, { format, all, atMs }: PlanCommand): string {
  switch (format) {
    case 'text':
      return planText(plan, verdict, { file, all });
    case 'json':
      return JSON.stringify(planReport(plan, verdict, { file, atMs }));
    case 'sarif':
      return JSON.stringify(planSarif(plan), undefined, 1);
    case 'github':
      return planAnnotations(plan, verdict, file);
  }
}

/** What is known to be bad stays so, whatever could not be read. */
function verdictOf({ problems, unreadLines }: Plan, strict: boolean): PlanVerdict {
  const judged = problems.filter(({ id }) => id !== 'zone-text');
  if (judged.some((problem) => isBad(problem) || (strict && problem.severity === 'warn'))) return 'bad';
  return unreadLines > 0 ? 'unknown' : 'fine';
}

async function rangesOf(path: string, directory: string, service: string | undefined): Promise<RangeFile> {
  const bytes = await readFile(resolve(directory, path)).catch((error: unknown) => {
    throw new UnreadableFileError(`cannot read ${path}: ${errorCode(error) ?? errorText(error)}`);
  });
  const parsed = parseRangeFile(bytes, service);
  if (!parsed.ok) throw new UnreadableFileError(`${path}: ${parsed.error}`);
  return parsed.file;
}

/** The options; `undefined` when only help was asked for, a sentence when they are wrong. */
function commandOf(argv: readonly string[], nowMs: number): PlanCommand | string | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        base: { type: 'string' },
        ranges: { type: 'string' },
        service: { type: 'string' },
        notice: { type: 'string' },
        at: { type: 'string' },
        origin: { type: 'string' },
        name: { type: 'string', multiple: true, default: [] },
        strict: { type: 'boolean', default: false },
        all: { type: 'boolean', default: false },
        format: { type: 'string', default: 'text' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return undefined;
    const [zoneFile, ...more] = positionals;
    if (zoneFile === undefined || more.length > 0)
      return `expected one ZONEFILE, got ${positionals.length}\n\n${PLAN_HELP}`;
    const format = FORMATS.find((known) => known === (values.json ? 'json' : values.format));
    if (format === undefined) return `--format: expected one of ${FORMATS.join(', ')}, got ${values.format}`;
    const noticeMs = values.notice === undefined ? NOTICE_MS_DEFAULT : parseDurationMs(values.notice);
    if (noticeMs === undefined) return `--notice: expected a duration such as 14d, got ${values.notice}`;
    const atMs = values.at === undefined ? nowMs : momentOf(values.at);
    if (atMs === undefined) return `--at: expected a moment such as 2026-12-01T08:00:00Z, got ${values.at}`;
    if (values.ranges === undefined && (values.service ?? values.notice ?? values.at) !== undefined)
      return '--service, --notice and --at: only with --ranges';
    const origin = values.origin === undefined ? undefined : nameOf(values.origin);
    if (values.origin !== undefined && origin === undefined)
      return `--origin: expected a domain name, got ${values.origin}`;
    const names = values.name.map(nameOf);
    const wrong = values.name.find((_, at) => names[at] === undefined);
    if (wrong !== undefined) return `--name: expected a domain name, got ${wrong}`;
    const { base, ranges, service, strict, all } = values;
    return {
      zoneFile,
      base,
      ranges,
      service,
      noticeMs,
      atMs,
      origin,
      names: names.filter((name) => name !== undefined),
      strict,
      all,
      format,
    };
  } catch (error) {
    return usageProblem(error, PLAN_HELP);
  }
}

function nameOf(text: string): string | undefined {
  try {
    return labelsOf(text).length === 0 ? '.' : canonicalName(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
}

function momentOf(text: string): number | undefined {
  const isMoment = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const atMs = isMoment ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}

function unknown(stderr: string): PlanSaid {
  return { status: EXIT.unknown, stderr };
}
