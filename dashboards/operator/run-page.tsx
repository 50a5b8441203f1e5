import type { Child } from 'hono/jsx';
import type { Check, Config } from '#core/config.ts';
import { failureLabel, type Failure } from '#core/failure.ts';
import { formatMs } from '#core/units.ts';
import type { StoredRun } from '#core/view.ts';
import { checkPath, deployPagePath, screenshotPath } from '#core/operator-path.ts';
import { seesProduction, type DeployRef } from '#core/run.ts';
import { RunOutcome } from './check-page.tsx';
import { titleOf } from './check-row.ts';
import { DnsPanel } from './dns-panel.tsx';
import { ErrorMessage } from './error-message.tsx';
import type { LayoutProps } from './layout.tsx';
import { AllChecks, PageHead } from './page-head.tsx';
import { Screenshot } from './screenshot.tsx';
import { StepTree } from './step-tree.tsx';
import { Moment } from './time.tsx';
import { OUTCOME_WORDS } from './words.ts';

const TRIGGER_WORDS: Record<StoredRun['run']['trigger'], string> = {
  schedule: 'by schedule',
  burst: 'to confirm a failure',
  deploy: 'to verify a deploy',
  manual: 'by hand',
};

/** One run: what it did step by step, and if it did not pass, why and whose fault it was. It does not change any more. */
export function runPage(
  config: Pick<Config, 'regions'>,
  check: Check,
  stored: StoredRun,
  nowMs: number,
): LayoutProps {
  const { run, startedAtMs, receivedAtMs, late } = stored;
  const picture = run.screenshot ? (
    <Screenshot
      src={screenshotPath(run.id)}
      href={screenshotPath(run.id)}
      of={`the browser when the run ${OUTCOME_WORDS[run.outcome].word}`}
    />
  ) : null;
  return {
    state: OUTCOME_WORDS[run.outcome].word,
    title: `${check.title}, ${titleOf(config, run.region)}`,
    live: false,
    nowMs,
    children: (
      <>
        <PageHead
          trail={
            <>
              <AllChecks /> › <a href={checkPath(check.id)}>{check.title}</a>
            </>
          }
        >
          <h1>
            Run in {titleOf(config, run.region)}{' '}
            <span class="run-outcome">
              <RunOutcome run={{ outcome: run.outcome, failure: run.failure, late }} />
            </span>
          </h1>
        </PageHead>
        {run.failure === undefined ? (
          picture
        ) : (
          <FailureBox failure={run.failure} votes={seesProduction(run)}>
            {picture}
          </FailureBox>
        )}
        <dl class="facts">
          <dt>Started</dt>
          <dd>
            <Moment atMs={startedAtMs} nowMs={nowMs} />, {TRIGGER_WORDS[run.trigger]}
          </dd>
          {run.deploy === undefined ? null : <Verifies deploy={run.deploy} />}
          <dt>Took</dt>
          <dd>
            {formatMs(run.durationMs)}, after waiting {formatMs(run.waitedMs)} for a free place
          </dd>
          <dt>Received</dt>
          <dd>
            <Moment atMs={receivedAtMs} nowMs={nowMs} />
            {late ? ': too late to vote' : ''}
          </dd>
          <dt>Probe</dt>
          <dd>{run.probe}</dd>
          <dt>Run</dt>
          <dd class="address">{run.id}</dd>
        </dl>
        {run.dns === undefined ? null : <DnsPanel dns={run.dns} />}
        <section aria-labelledby="steps">
          <h2 id="steps">Steps</h2>
          <StepTree run={run} />
        </section>
      </>
    ),
  };
}

/** The deploy that the run verified, and which side of which pair it was. */
function Verifies({ deploy: { service, n, pair, side, apart } }: { deploy: DeployRef }) {
  return (
    <>
      <dt>Verifies</dt>
      <dd>
        <a href={deployPagePath(service, n)}>
          {service} deploy #{n}
        </a>
        , {side === 'canary' && !apart ? 'run' : `${side} of pair`} {pair}
        {apart ? ', which only the selector reaches: it has no vote' : ''}
      </dd>
    </>
  );
}

/** What went wrong, as large as a headline; beside it (on a phone, below) what the browser showed. */
function FailureBox(props: { failure: Failure; votes: boolean; children: Child }) {
  const { failure, votes, children } = props;
  const ours = failure.owner === 'probe';
  return (
    <section class={`card failure failure-${failure.owner}`} aria-label="What went wrong">
      <div class="failure-what">
        <p class="cause">
          <strong>{failureLabel(failure)}</strong>
          {failure.step === undefined ? null : (
            <>
              {' at '}
              <q>{failure.step}</q>
            </>
          )}
        </p>
        <p>
          {ours
            ? 'Our own fault: this run does not vote and does not page.'
            : votes
              ? 'The target’s fault: this run votes against it.'
              : 'The canary’s fault: this run counts for its deploy, and has no vote on what everybody gets.'}
        </p>
        {failure.owner === 'target' && failure.url !== undefined ? (
          <p class="address">
            <span class="hush">At</span> {failure.url}
          </p>
        ) : null}
        <ErrorMessage text={failure.message} />
      </div>
      {children}
    </section>
  );
}
