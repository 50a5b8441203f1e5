import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Announcement, type AnnouncementInput } from '#core/deploy/pipeline/announcement.ts';
import { parseWith, type Problem } from '#core/problem.ts';
import { usageProblem } from '../usage.ts';
import { pipelineFacts } from './ci.ts';
import { VERIFY_HELP } from './help.ts';
import { selectorOf, selectorTexts } from './selector-options.ts';

/** What `latchkey verify` was told to do. */
export type VerifyOptions = {
  /** Without the evidence that is in `dnsPlans`. */
  announcement: AnnouncementInput;
  /** Files of reports. */
  dnsPlans: string[];
  /** Who takes a bad version back: the hub, this command run here, or nobody from here. */
  rollback: { by: 'hub' } | { by: 'command'; command: string[] } | { by: 'nobody' };
  hub: string | undefined;
  config: string;
  envFile: string | undefined;
  json: boolean;
};

/** Which option a field of the announcement comes from, where it is not called the same. */
const OPTION_OF: Readonly<Record<string, string>> = {
  previousVersion: 'previous-version',
  checks: 'check',
  tags: 'tag',
  confirmations: 'confirm',
};

/** The options; `help` when that was asked for, a sentence when they are wrong. */
export function verifyOptions(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): VerifyOptions | { problem: string } | 'help' {
  try {
    const { values, tokens, positionals } = given(argv);
    if (values.help) return 'help';
    const endAt = tokens.find(({ kind }) => kind === 'option-terminator')?.index ?? Infinity;
    const stray = tokens.find(({ kind, index }) => kind === 'positional' && index < endAt);
    if (stray) return wrong(`${argv[stray.index]}: expected an option`);

    const rollback = rollbackOf(values, positionals);
    if (typeof rollback === 'string') return wrong(rollback);
    const confirmations = confirmationsOf(values.confirm);
    if (typeof confirmations === 'string') return wrong(confirmations);
    const [canary, baseline] = (['canary', 'baseline'] as const).map((side) =>
      selectorOf(
        side,
        selectorTexts(
          side,
          {
            header: values[`${side}-header`],
            cookie: values[`${side}-cookie`],
            url: values[`${side}-url`],
          },
          env,
        ),
      ),
    );
    if (typeof canary === 'string') return wrong(canary);
    if (typeof baseline === 'string') return wrong(baseline);
    if (baseline && !canary) return wrong('--baseline-…: expected --canary-… beside it');
    if (values['mark-only'] && rollback.by !== 'nobody')
      return wrong('--mark-only: verifies nothing, so nothing is rolled back');

    const facts = pipelineFacts(env);
    const { service, version = facts.version } = values;
    if (service === undefined) return wrong('--service: expected the name of what is deployed');
    if (version === undefined) return wrong('--version: expected what is deployed, such as 4.2.1');
    // The version before is of the pipeline's own kind: beside another version it would be a lie.
    const previousVersion =
      values['previous-version'] ?? (values.version === undefined ? facts.previousVersion : undefined);
    const commit = values.commit ?? facts.commit;
    const url = values.url ?? facts.url;
    const announcement: AnnouncementInput = {
      service,
      version,
      key: values.key ?? randomUUID(),
      ...(previousVersion === undefined ? {} : { previousVersion }),
      ...(commit === undefined ? {} : { commit }),
      ...(url === undefined ? {} : { url }),
      ...(values.check.length > 0 ? { checks: values.check } : {}),
      ...(values.tag.length > 0 ? { tags: values.tag } : {}),
      ...(canary ? { canary } : {}),
      ...(baseline ? { baseline } : {}),
      ...(values.timeout === undefined ? {} : { timeout: values.timeout }),
      confirmations,
      duringIncident: values['during-incident'],
      markOnly: values['mark-only'],
    };
    // The hub judges it again; what is wrong by itself is better said before anything is asked.
    const parsed = parseWith(Announcement, announcement);
    if (!parsed.ok) return wrong(parsed.problems.map(problemText).join('\n'));
    return {
      announcement,
      dnsPlans: values['dns-plan'],
      rollback,
      hub: values.hub,
      config: values.config,
      envFile: values['env-file'],
      json: values.json,
    };
  } catch (error) {
    return { problem: usageProblem(error, VERIFY_HELP) };
  }
}

/** What was given, as Node reads it. @throws TypeError with a sentence */
function given(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    tokens: true,
    options: {
      service: { type: 'string' },
      version: { type: 'string' },
      'previous-version': { type: 'string' },
      commit: { type: 'string' },
      url: { type: 'string' },
      check: { type: 'string', multiple: true, default: [] },
      tag: { type: 'string', multiple: true, default: [] },
      'canary-header': { type: 'string' },
      'canary-cookie': { type: 'string' },
      'canary-url': { type: 'string' },
      'baseline-header': { type: 'string' },
      'baseline-cookie': { type: 'string' },
      'baseline-url': { type: 'string' },
      timeout: { type: 'string' },
      confirm: { type: 'string', multiple: true, default: [] },
      'dns-plan': { type: 'string', multiple: true, default: [] },
      'during-incident': { type: 'boolean', default: false },
      'mark-only': { type: 'boolean', default: false },
      rollback: { type: 'boolean', default: false },
      'rollback-command': { type: 'boolean', default: false },
      key: { type: 'string' },
      hub: { type: 'string' },
      config: { type: 'string', default: 'latchkey.config.ts' },
      'env-file': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

function rollbackOf(
  { rollback, 'rollback-command': isCommand }: { rollback: boolean; 'rollback-command': boolean },
  command: string[],
): VerifyOptions['rollback'] | string {
  if (isCommand && rollback) return '--rollback and --rollback-command: expected one of them';
  if (isCommand && command.length === 0) return '--rollback-command: expected the command behind --';
  if (!isCommand && command.length > 0) return `${command[0]}: expected --rollback-command before --`;
  if (isCommand) return { by: 'command', command };
  return { by: rollback ? 'hub' : 'nobody' };
}

function confirmationsOf(texts: readonly string[]): Record<string, string> | string {
  const confirmations = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) return `--confirm: expected ID=EVIDENCE, got ${text}`;
    const id = text.slice(0, at);
    if (confirmations.has(id)) return `--confirm: expected ${id} once`;
    confirmations.set(id, text.slice(at + 1));
  }
  return Object.fromEntries(confirmations);
}

function problemText({ path, expected, received }: Problem): string {
  const [field = '', ...rest] = path.split('.');
  return `--${OPTION_OF[field] ?? field}${rest.length > 0 ? ` (${rest.join('.')})` : ''}: expected ${expected}, got ${received}`;
}

function wrong(problem: string): { problem: string } {
  return { problem: `${problem}\n\nlatchkey verify --help tells more.` };
}
