import type { Run, Step } from '#core/run.ts';
import { formatMs } from '#core/units.ts';
import { Mark } from './mark.tsx';

/** The steps of a run, nested, each with its place in the run's time as a bar; the one that failed is marked. */
export function StepTree({ run }: { run: Pick<Run, 'steps' | 'durationMs'> }) {
  if (run.steps.length === 0) return <p class="hush">No step had begun.</p>;
  return <StepList steps={run.steps} wholeMs={Math.max(1, run.durationMs)} />;
}

function StepList({ steps, wholeMs }: { steps: readonly Step[]; wholeMs: number }) {
  return (
    <ol class="steps">
      {steps.map((step) => (
        <li>
          <StepLine step={step} wholeMs={wholeMs} />
          {step.steps.length > 0 ? <StepList steps={step.steps} wholeMs={wholeMs} /> : null}
        </li>
      ))}
    </ol>
  );
}

function StepLine({ step, wholeMs }: { step: Step; wholeMs: number }) {
  const failed = step.error !== undefined;
  // Steps round it pass its error on: the innermost is where it happened.
  const origin = failed && !step.steps.some((inner) => inner.error !== undefined);
  return (
    <div class={`step${origin ? ' step-failed' : ''}`}>
      <span class="step-title">
        <Mark shape={failed ? 'fail' : 'pass'} /> {step.title}
        {origin ? <strong class="step-error"> {step.error}</strong> : null}
      </span>
      <span class="step-took">{formatMs(step.durationMs)}</span>
      <svg
        class="leg-bar"
        viewBox="0 0 100 4"
        preserveAspectRatio="none"
        aria-hidden="true"
        focusable="false"
      >
        <rect class="track" width="100" height="4" />
        <rect
          class={origin ? 'fill fill-fail' : 'fill'}
          x={percent(step.startMs, wholeMs)}
          width={Math.max(0.8, percent(step.durationMs, wholeMs))}
          height="4"
        />
      </svg>
      {step.url === undefined ? null : <span class="address step-url">{step.url}</span>}
    </div>
  );
}

function percent(partMs: number, wholeMs: number): number {
  return Math.round(Math.min(1, partMs / wholeMs) * 10_000) / 100;
}
