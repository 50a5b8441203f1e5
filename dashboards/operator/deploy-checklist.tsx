import type { Gate } from '#core/deploy/service/checklist.ts';
import { Mark, type MarkShape } from './mark.tsx';
import { Clock } from './time.tsx';

const GATE_WORDS: Record<Gate['state'], { word: string; mark: MarkShape }> = {
  waiting: { word: 'waited for', mark: 'waiting' },
  passed: { word: 'met', mark: 'pass' },
  failed: { word: 'not met', mark: 'fail' },
};

/** Evidence that is shown at once; the rest is folded. */
const EVIDENCE_SHOWN_MAX = 3;

/** Every gate with what shows it; those that are not met come first. */
export function Checklist({ gates, nowMs }: { gates: readonly Gate[]; nowMs: number }) {
  const order: Gate['state'][] = ['failed', 'waiting', 'passed'];
  return (
    <ul class="card gates">
      {gates
        .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
        .map((gate) => (
          <GateLine gate={gate} nowMs={nowMs} />
        ))}
    </ul>
  );
}

function GateLine({ gate, nowMs }: { gate: Gate; nowMs: number }) {
  const { id, title, state, evidence, atMs } = gate;
  const { word, mark } = GATE_WORDS[state];
  const rest = evidence.slice(EVIDENCE_SHOWN_MAX);
  return (
    <li class="gate" data-key={id}>
      <span class={`sign sign-${mark}`}>
        <Mark shape={mark} /> {word}
      </span>
      <div>
        <p>
          <strong>{title}</strong>
          {atMs === undefined ? null : (
            <span class="hush">
              {' '}
              <Clock atMs={atMs} nowMs={nowMs} />
            </span>
          )}
        </p>
        {evidence.slice(0, EVIDENCE_SHOWN_MAX).map((line) => (
          <p class="last-error">{line}</p>
        ))}
        {rest.length === 0 ? null : (
          <details>
            <summary class="hush">and {rest.length} more</summary>
            {rest.map((line) => (
              <p class="last-error">{line}</p>
            ))}
          </details>
        )}
      </div>
    </li>
  );
}
