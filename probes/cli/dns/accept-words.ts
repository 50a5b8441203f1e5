import { countText } from '#core/dns/findings/telling.ts';
import type { ToldBaseline } from '#core/dns/memory/told-baseline.ts';

type Scope = ToldBaseline['scopes'][number];
type Figures = Scope['present']['measured'][number];

/** What `--json` prints; stable. `after` is absent when nothing was to be changed. */
export type AcceptReport = {
  check: string;
  name: string;
  accepted: boolean;
  before: ToldBaseline['scopes'];
  after?: ToldBaseline['scopes'];
};

export function acceptReport(before: ToldBaseline, after: ToldBaseline | undefined): AcceptReport {
  return {
    check: before.check,
    name: before.name,
    accepted: after !== undefined,
    before: before.scopes,
    ...(after ? { after: after.scopes } : {}),
  };
}

/** The present figures of each type, and what B15 says of them against those accepted before. */
export function baselineLines(told: ToldBaseline, isAccepted: boolean): string[] {
  if (told.scopes.length === 0) return [`${told.check} (${told.name}): nothing has been measured yet.`];
  const lines = told.scopes.flatMap((scope) => [
    `${told.check} (${told.name})${scope.region === undefined ? '' : ` in ${scope.region}`}, ${acceptedText(scope)}:`,
    ...scope.present.measured.map((figures) => `  ${figuresText(figures)}${changesText(scope, figures)}`),
  ]);
  return isAccepted ? [...lines, 'These figures are the baseline now.'] : lines;
}

function acceptedText({ accepted }: Scope): string {
  if (!accepted) return 'no baseline yet';
  const when = `${new Date(accepted.atMs).toISOString().slice(0, 16)}Z`;
  return accepted.by === undefined
    ? `baseline of the first run, ${when}`
    : `baseline accepted by ${accepted.by}, ${when}`;
}

function figuresText(figures: Figures): string {
  const { typeName, outcome, records, floorBytes, chain, minTtlS } = figures;
  const ttl = minTtlS === undefined ? [] : [`TTL ${minTtlS} s`];
  const aliases = chain === 0 ? [] : [`aliases ${chain}`];
  const parts = [
    outcome,
    countText(records, 'record'),
    `answer floor ${floorBytes} octets`,
    ...aliases,
    ...ttl,
  ];
  return `${typeName}: ${parts.join(', ')}`;
}

function changesText({ accepted, changes }: Scope, { type, typeName }: Figures): string {
  const found = changes.find((change) => change.typeName === typeName);
  if (found) return ` — ${found.changes.join('; ')}`;
  if (!accepted) return '';
  return accepted.measured.some((was) => was.type === type) ? ' — as accepted' : ' — new';
}
