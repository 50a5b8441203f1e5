import { MESSAGE_CHARS_MAX, type TargetFailure } from '../../failure.ts';
import { truncate } from '../../units.ts';
import { ASSERTIONS, isBad, SUBJECT_CHARS_MAX, worstFirst, type Finding } from './finding.ts';

/** The failure that findings make a run: the worst of them in its own words; `undefined` when none is bad. */
export function dnsFailureOf(findings: readonly Finding[]): TargetFailure | undefined {
  const bad = worstFirst(findings.filter(isBad));
  const [worst] = bad;
  if (!worst) return undefined;
  const others = bad.length === 1 ? '' : ` (and ${bad.length - 1} more)`;
  return {
    owner: 'target',
    class: 'dns',
    message: truncate(`${worst.message}${others}`, MESSAGE_CHARS_MAX),
    step: `${worst.id} ${ASSERTIONS[worst.id]} › ${truncate(worst.subject, SUBJECT_CHARS_MAX)}`,
  };
}
