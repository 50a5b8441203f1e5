import type { Check, Config } from '#core/config.ts';
import { failureLabel, type Failure } from '#core/failure.ts';
import { formatMs } from '#core/units.ts';
import type { StoredRun } from '#core/view.ts';
import { checkPath, OPERATOR_PATH, screenshotPath } from '#core/operator-path.ts';
import { RunOutcome } from './check-page.tsx';
import { titleOf } from './check-row.ts';
import type { LayoutProps } from './layout.tsx';
import { StepTree } from './step-tree.tsx';
import { Moment } from './time.tsx';
import { OUTCOME_WORDS } from './words.ts';

const TRIGGER_WORDS: Record<StoredRun['run']['trigger'], string> = {
  schedule: 'by schedule',
  burst: 'to confirm a failure',
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
  return {
    state: OUTCOME_WORDS[run.outcome].word,
    title: `${check.title}, ${titleOf(config, run.region)}`,
    live: false,
    nowMs,
    children: (
      <>
        <header class="page-head">
          <nav aria-label="Where you are">
            <a href={OPERATOR_PATH}>All checks</a> › <a href={checkPath(check.id)}>{check.title}</a>
          </nav>
          <h1>
            Run in {titleOf(config, run.region)}{' '}
            <span class="run-outcome">
              <RunOutcome run={{ outcome: run.outcome, failure: run.failure, late }} />
            </span>
          </h1>
        </header>
        {run.failure === undefined ? null : <FailureBox failure={run.failure} />}
        <dl class="facts">
          <dt>Started</dt>
          <dd>
            <Moment atMs={startedAtMs} nowMs={nowMs} />, {TRIGGER_WORDS[run.trigger]}
          </dd>
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
        <section aria-labelledby="steps">
          <h2 id="steps">Steps</h2>
          <StepTree run={run} />
        </section>
        {run.screenshot ? (
          <section aria-labelledby="screenshot">
            <h2 id="screenshot">Screenshot</h2>
            <a href={screenshotPath(run.id)}>
              <img
                class="screenshot"
                src={screenshotPath(run.id)}
                alt={`What the browser showed when the run ${OUTCOME_WORDS[run.outcome].word}`}
              />
            </a>
          </section>
        ) : null}
      </>
    ),
  };
}

function FailureBox({ failure }: { failure: Failure }) {
  const ours = failure.owner === 'probe';
  return (
    <section class={`card failure failure-${failure.owner}`} aria-label="What went wrong">
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
          : 'The target’s fault: this run votes against it.'}
      </p>
      {failure.owner === 'target' && failure.url !== undefined ? (
        <p class="address">
          <span class="hush">At</span> {failure.url}
        </p>
      ) : null}
      <pre tabindex={0} aria-label="Error message">
        {failure.message}
      </pre>
    </section>
  );
}
