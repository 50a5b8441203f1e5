import { runId, Run, type Step } from '#core/run.ts';

/** One probe's numbering of its runs. */
export interface Sender {
  readonly region: string;
  readonly probe: string;
  readonly boot: number;
  seq: number;
}

const step = (title: string, startMs: number, durationMs: number, url: string, steps: Step[] = []): Step => ({
  title,
  startMs,
  durationMs,
  url,
  steps,
});

const PORTAL = 'https://portal.school.example';
const STEPS: Step[] = [
  step('Sign in', 61.2, 214.9, `${PORTAL}/`, [
    step('Open the portal', 61.3, 92.4, `${PORTAL}/idp/login/4FzP0qzB7dHnWv2sKc1Xt`),
    step('Type name and password', 153.9, 31.7, `${PORTAL}/idp/login/4FzP0qzB7dHnWv2sKc1Xt`),
    step('Submit', 185.8, 90.1, `${PORTAL}/`),
  ]),
  step('Open the learning app', 276.4, 88.3, `${PORTAL}/learn/`),
  step('See the courses', 364.9, 12.2, `${PORTAL}/learn/`),
];

/** The text of the sender's next run: a login with six steps that passed, checked once against the schema by a caller. */
export function nextLoginRun(sender: Sender, check: string): string {
  sender.seq += 1;
  const { region, probe, boot, seq } = sender;
  return JSON.stringify({
    id: runId(probe, boot, seq),
    check,
    region,
    probe,
    boot,
    seq,
    trigger: 'schedule',
    startedAtMs: Date.now(),
    durationMs: 391.4,
    waitedMs: 1.8,
    outcome: 'pass',
    steps: STEPS,
    screenshot: false,
    configHash: '0123456789ab',
  });
}

/** Throws when the runs made here are not such as a hub takes. */
export function assertRealistic(): void {
  Run.parse(
    JSON.parse(nextLoginRun({ region: 'us-east', probe: 'probe-us-east', boot: 1, seq: 0 }, 'login-1')),
  );
}
