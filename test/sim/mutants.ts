/** One protection taken away: `find` occurs once in `file`, and stands there as `replace` in the mutant. */
export type Mutant = { name: string; file: string; find: string; replace: string };

const core = (file: string, name: string, find: string, replace: string): Mutant => ({
  name,
  file: `worker/core/${file}`,
  find,
  replace,
});
const shell = (file: string, name: string, find: string, replace: string): Mutant => ({
  name,
  file: `test/sim/${file}`,
  find,
  replace,
});

/** The protections that the simulator must miss when they are gone: of core, and of the shell as it is modelled here. */
export const MUTANTS: readonly Mutant[] = [
  core(
    'region.ts',
    'votes expire',
    'return region.vote !== undefined && nowMs < voteExpiresAtMs(region.vote, timing);',
    'return region.vote !== undefined;',
  ),
  core(
    'check-state.ts',
    'a late run does not vote',
    'if (nowMs - startedAtMs > timing.intervalMs + timing.timeoutMs) return true;',
    '',
  ),
  core(
    'check-state.ts',
    'a run out of order does not vote',
    'return last !== undefined && !isNewer(run, last);',
    'return false;',
  ),
  core(
    'verdict.ts',
    'a pass ends the streak',
    "if (outcome === 'pass') return { count: 0, regions: [] };",
    "if (outcome === 'pass') return streak;",
  ),
  core(
    'verdict.ts',
    'every live region has failed',
    '&& quorum.every((id) => streak.regions.includes(id))',
    '',
  ),
  core('verdict.ts', 'the streak is long enough', 'return liveRegions + 1;', 'return liveRegions;'),
  core('verdict.ts', 'the worst region is left out', '- Math.max(0, ...tallies)', ''),
  core('region.ts', 'a region counts three failures at most', '.slice(-TALLY_MAX)', ''),
  core(
    'verdict.ts',
    'old failures leave the tally',
    '({ failedAtMs }) => failedAtMs.filter((atMs) => nowMs - atMs <= TALLY_WINDOW_MS).length',
    '({ failedAtMs }) => failedAtMs.length',
  ),
  core(
    'region.ts',
    'a pass ends a region’s row of failures',
    'failuresInRow: failed ? failuresBefore + 1 : 0,',
    'failuresInRow: failuresBefore + (failed ? 1 : 0),',
  ),
  core('region.ts', 'a silent region leaves the quorum', '!region.silent &&', ''),
  core('region.ts', 'a region that abstains leaves the quorum', '|| region.abstains', ''),
  core(
    'voting.ts',
    'an invalid run does not vote',
    "if (outcome === 'invalid') {",
    'if (Date.length === 0) {',
  ),
  core(
    'voting.ts',
    'a run that only a canary answered does not vote',
    'if (late || !seesProduction(run)) return',
    'if (late) return',
  ),
  core(
    'voting.ts',
    'a failed control target takes the vote back',
    "if (run.control?.outcome === 'fail') {",
    'if (Date.length === 0) {',
  ),
  core(
    'settling.ts',
    'an incident that is over clears the tally',
    'regions: withoutTally(state.regions) };',
    'regions: state.regions };',
  ),
  core(
    'burst.ts',
    'a burst asks again',
    'if (wasJustAsked) return undefined;',
    'if (wasJustAsked || burst.askedAtMs > 0) return undefined;',
  ),
  core(
    'incident.ts',
    'a resolve waits until it is stable',
    'isProven && cleanMs >= resolveAfterMs(policy, flapping)',
    'isProven',
  ),
  core(
    'incident.ts',
    'each live region has passed twice',
    '(incident.successes[id] ?? 0) >= RECOVERY_SUCCESSES',
    '(incident.successes[id] ?? 0) >= 0',
  ),
  core(
    'incident.ts',
    'a failure begins the hold anew',
    "status: 'open', cleanSinceMs: undefined,",
    "status: 'open',",
  ),
  core(
    'page.ts',
    'the key has the number',
    'return `${check}:${seq}`;',
    'return `${check}:${Math.min(seq, 1)}`;',
  ),
  core(
    'outbox.ts',
    'a lease ends',
    "if (delivery.state === 'in-flight') return delivery.leaseUntilMs;",
    "if (delivery.state === 'in-flight') return Number.POSITIVE_INFINITY;",
  ),
  core(
    'delivery.ts',
    'a lease outlives its attempt',
    'leaseUntilMs: nowMs + LEASE_MS,',
    'leaseUntilMs: nowMs,',
  ),
  core('delivery.ts', 'attempts pause', 'const dueAtMs = nowMs + pauseMs;', 'const dueAtMs = nowMs;'),
  core(
    'delivery.ts',
    'what is not accepted is tried again',
    "return { ...failed, state: 'pending', dueAtMs };",
    "return { ...failed, state: 'dead' };",
  ),
  core(
    'outbox.ts',
    'a resolve waits for its trigger',
    'trigger && trigger.acceptedAtMs === undefined && !isOwed(delivery, trigger)',
    'false',
  ),
  core(
    'follow-ups.ts',
    'the fallback comes after 8 s',
    "refused || state === 'dead' ? nowMs : createdAtMs + FALLBACK_AFTER_MS",
    "refused || state === 'dead' ? nowMs : Number.POSITIVE_INFINITY",
  ),
  core(
    'follow-ups.ts',
    'a refusal brings the fallback at once',
    "refused || state === 'dead' ? nowMs : createdAtMs + FALLBACK_AFTER_MS",
    'createdAtMs + FALLBACK_AFTER_MS',
  ),
  core(
    'follow-ups.ts',
    'nobody’s answer escalates',
    'atMs: first.createdAtMs + escalateAfterMs,',
    'atMs: Number.POSITIVE_INFINITY,',
  ),
  core(
    'follow-ups.ts',
    'a dead channel is told on the others',
    "event: 'notice',\n    reason: 'channel-broken',",
    "event: 'notice',\n    reason: 'drill',",
  ),
  core(
    'break-glass.ts',
    'a probe pages without the hub',
    'if (due && nowMs >= pageAtMs) {',
    'if (due && nowMs < 0) {',
  ),
  core(
    'break-glass.ts',
    'a probe waits until the hub is gone for good',
    'const pageAtMs = outSinceMs + HUB_GONE_AFTER_MS;',
    'const pageAtMs = outSinceMs;',
  ),
  core(
    'break-glass.ts',
    'a probe believes two failures',
    'const FAILURES_MIN = 2;',
    'const FAILURES_MIN = 1;',
  ),
  core(
    'break-glass.ts',
    'a probe’s page has the next number',
    'const seq = word.open ? word.seq : word.seq + 1;',
    'const seq = word.seq;',
  ),
  core(
    'adopted-page.ts',
    'a probe’s page becomes the hub’s incident',
    '{ ...before, lastSeq: seq, incident, suspicion: undefined, burst: undefined }',
    'before',
  ),
  shell('hub.ts', 'an attempt is stored before it leaves', '      draft.put(begun);\n', ''),
  shell(
    'hub.ts',
    'a page is in the outbox before it is sent',
    'for (const delivery of deliveries) this.#store.deliveries.set(delivery.id, delivery);',
    '',
  ),
  shell(
    'region-hub.ts',
    'a run is acknowledged once it is stored',
    'if (!ingested) return line.ack(id, [], undefined);',
    'if (!ingested) return line.ack(id, entries.map(({ run }) => run.id), undefined);',
  ),
  shell('hub.ts', 'the state is stored with its pages', 'this.#store.state = after;', ''),
];
