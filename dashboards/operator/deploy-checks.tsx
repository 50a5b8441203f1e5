import type { Child } from 'hono/jsx';
import type { CanaryOutcome } from '#core/canary/ruling.ts';
import type { StepVerdict } from '#core/canary/latency-regression.ts';
import { WHOLE_RUN } from '#core/canary/pair.ts';
import type { Config } from '#core/config.ts';
import { checkPath } from '#core/operator-path.ts';
import type { ToldCheck, ToldVerification } from '#core/deploy/telling/told-deploy.ts';
import { formatMs } from '#core/units.ts';
import { PairsGrid, PairsLegend } from './deploy-pairs.tsx';
import { Mark, type MarkShape } from './mark.tsx';

/** Whose runs the columns hold. */
export type SideNames = { canary: string; baseline: string };

type Words = { word: string; mark: MarkShape };

const DECISION_WORDS: Record<CanaryOutcome, Words> = {
  'roll-back': { word: 'Bad', mark: 'fail' },
  promote: { word: 'Good', mark: 'pass' },
  'keep-going': { word: 'Not decided yet', mark: 'waiting' },
  'both-failing': { word: 'Both versions fail', mark: 'fail' },
  'cannot-tell': { word: 'Cannot tell', mark: 'blind' },
};

/** The same of the version before, after a rollback: nothing is promoted or rolled back then. */
const AGAIN_WORDS: Record<CanaryOutcome, Words> = {
  ...DECISION_WORDS,
  'roll-back': { word: 'Fails', mark: 'fail' },
  promote: { word: 'Healthy', mark: 'pass' },
};

const STEP_WORDS: Record<StepVerdict, string> = {
  slower: 'slower',
  alike: 'alike',
  'too-few': 'too few to say',
};

/** Every journey of a verification: what it comes to, the figures of both sides beside each other, and the runs. */
export function ChecksCompared(props: {
  config: Pick<Config, 'regions'>;
  verification: ToldVerification;
  names: SideNames;
  isAgain: boolean;
  nowMs: number;
}) {
  const { config, verification, names, isAgain, nowMs } = props;
  return (
    <>
      {verification.checks.map((check) => (
        <article class="card compared" data-key={check.check}>
          <Decision check={check} isAgain={isAgain} />
          <Figures check={check} names={names} paired={verification.paired} />
          <div class="pairs-panel">
            <h4>
              {verification.paired
                ? 'Pairs by region, oldest first: canary above, baseline below'
                : 'Runs by region, oldest first'}
            </h4>
            <PairsGrid config={config} verification={verification} check={check.check} nowMs={nowMs} />
            <PairsLegend verification={ofCheck(verification, check.check)} />
            <Omitted check={check} shown={ofCheck(verification, check.check).pairs.length} />
          </div>
        </article>
      ))}
    </>
  );
}

function ofCheck(verification: ToldVerification, check: string): ToldVerification {
  return { ...verification, pairs: verification.pairs.filter((pair) => pair.check === check) };
}

/** Of a long verification only the last pairs are told one by one; all of them count. */
function Omitted({ check, shown }: { check: ToldCheck; shown: number }) {
  const { canary, pending, lost } = check;
  const asked = canary.runs + canary.invalid + pending + lost;
  if (shown >= asked) return <></>;
  return (
    <p class="hush figures-note">
      The last {shown} of {asked}: the earlier ones count, too.
    </p>
  );
}

function Decision({ check, isAgain }: { check: ToldCheck; isAgain: boolean }) {
  const { word, mark } = (isAgain ? AGAIN_WORDS : DECISION_WORDS)[check.outcome];
  return (
    <header class="compared-head">
      <h3>
        <a href={checkPath(check.check)}>{check.title}</a>
      </h3>
      <p class="decision">
        <span class={`sign sign-${mark}`}>
          <Mark shape={mark} /> <strong>{word}</strong>
        </span>{' '}
        {check.reason}
      </p>
      {check.warnings.map((warning) => (
        <p class="sign-warning">
          <Mark shape="warning" /> {warning}
        </p>
      ))}
    </header>
  );
}

function Figures(props: { check: ToldCheck; names: SideNames; paired: boolean }) {
  const { check, names, paired } = props;
  const { canary, baseline, realAttempts } = check;
  return (
    <table class="figures">
      <thead>
        <tr>
          <td></td>
          <th scope="col">{names.canary}</th>
          {paired ? <th scope="col">{names.baseline}</th> : null}
        </tr>
      </thead>
      <tbody>
        <Row title="Runs that count" canary={canary.runs} baseline={paired && (baseline?.runs ?? 0)} />
        <Row
          title="Failed"
          canary={<Rate part={canary.failures} whole={canary.runs} />}
          baseline={paired && <Rate part={baseline?.failures ?? 0} whole={baseline?.runs ?? 0} />}
          note={paired && canary.runs > 0 ? oddsText(check.evidence) : undefined}
        />
        <Row
          title="Invalid, by our own fault"
          canary={canary.invalid}
          baseline={paired && (baseline?.invalid ?? 0)}
        />
        {realAttempts ? (
          <Row
            title="Real attempts that failed"
            canary={<Rate part={realAttempts.canary.failures} whole={realAttempts.canary.attempts} />}
            baseline={
              paired && <Rate part={realAttempts.baseline.failures} whole={realAttempts.baseline.attempts} />
            }
          />
        ) : null}
        {check.steps.map(({ step, canaryMs, baselineMs, verdict }) => (
          <Row
            title={
              step === WHOLE_RUN ? (
                'Median of the whole run'
              ) : (
                <>
                  Median of <q>{step}</q>
                </>
              )
            }
            canary={
              <span class={verdict === 'slower' ? 'sign sign-warning' : undefined}>
                {verdict === 'slower' ? <Mark shape="warning" /> : null} {formatMs(canaryMs)}
              </span>
            }
            baseline={paired && formatMs(baselineMs)}
            note={STEP_WORDS[verdict]}
          />
        ))}
        <tr>
          <th scope="row">{check.outcome === 'keep-going' ? 'Not in yet' : 'Not in when decided'}</th>
          <td colspan={paired ? 2 : 1}>
            {check.pending} under way, {check.lost} lost
          </td>
        </tr>
      </tbody>
    </table>
  );
}

/** `baseline`: `false` where there is none to show. */
function Row(props: {
  title: Child;
  canary: Child;
  baseline: Child;
  /** What the two come to, under the title. */
  note?: string | undefined;
}) {
  const { title, canary, baseline, note } = props;
  return (
    <tr>
      <th scope="row">
        {title}
        {note === undefined ? null : <span class="hush figures-note">{note}</span>}
      </th>
      <td>{canary}</td>
      {baseline === false ? null : <td>{baseline}</td>}
    </tr>
  );
}

function Rate({ part, whole }: { part: number; whole: number }) {
  if (whole === 0) return <>–</>;
  return (
    <span class={part > 0 ? 'sign sign-fail' : undefined}>
      {part} of {whole} <span class="hush">{rateText(part, whole)}</span>
    </span>
  );
}

/** `12.5 %`, `0.03 %`; more than nothing is never `0 %`. */
export function rateText(part: number, whole: number): string {
  const percent = (100 * part) / whole;
  const digits = percent === 0 || percent >= 10 ? 0 : percent >= 1 ? 1 : 2;
  const text = percent.toFixed(digits);
  return `${percent > 0 && Number(text) === 0 ? 'under 0.01' : text} %`;
}

/** An e-value as odds: how many to one it is that the two differ by more than chance. */
export function oddsText(evidence: number): string {
  if (evidence > 1_000_000) return 'over 1,000,000 to 1 against chance';
  if (evidence < 1.05) return 'nothing speaks against chance';
  const odds = evidence < 10 ? evidence.toFixed(1) : Math.round(evidence).toLocaleString('en-US');
  return `${odds} to 1 against chance`;
}
