import { z } from 'zod';
import { parseWith } from '#core/problem.ts';
import { MS_PER_MINUTE, truncate } from '#core/units.ts';
import { isSafeAddress } from '../channels/address.ts';
import { jsonOf, notInWordsOf, type Answer, type ChannelRequest, type Courier } from '../channels/courier.ts';
import type { RollbackCall, RollbackCalled, RollbackCaller, SettingsOf } from './caller.ts';
import { calledOf } from './called.ts';

/**
 * The version of GitHub's REST API asked for. GitHub.com supports it until March 2028 at least, and Enterprise Servers older than
 * 3.21 know no newer one (GitHub, “Breaking changes”).
 */
const API_VERSION = '2022-11-28';
/** Runs looked through for one that is ours, newest first: a page of GitHub's is at most 100, and a run takes up to 20 kB. */
const RUNS_LOOKED_AT = 50;
const RUNS_BYTES_MAX = 2 * 1024 * 1024;
/** GitHub's clock and the hub's may differ by this much. */
const SKEW_MS = 5 * MS_PER_MINUTE;
/** Characters of the reason: GitHub takes 65,535 of all inputs together. */
const REASON_CHARS_MAX = 1_000;

const link = z.url({ protocol: /^https?$/ }).max(2_000);
const Dispatched = z.looseObject({ html_url: link });
const Runs = z.looseObject({
  workflow_runs: z.array(
    z.looseObject({ display_title: z.string().nullish(), name: z.string().nullish(), html_url: link }),
  ),
});

/**
 * A run of a GitHub Actions workflow (REST: “Create a workflow dispatch event”). GitHub knows no key to tell a repeated dispatch
 * by, so a call after the first looks for a run with the rollback's key in its name before it dispatches another: the workflow
 * must put `inputs.key` into its `run-name`. All of `inputsOf` must be among the workflow's inputs: GitHub refuses others (422).
 */
export const githubRollback: RollbackCaller<'github'> = {
  kind: 'github',
  secrets: ({ token }) => [token.secret],
  async call(settings, call, courier, nowMs) {
    if (!isSafeAddress(settings.apiUrl)) throw new Error('`rollback.apiUrl` is not an https address');
    const github = new GitHub(settings, courier);
    // An earlier call may have been taken though its answer was lost.
    const found = call.attempt > 1 ? await github.runWith(call.key, nowMs) : { ok: true as const };
    if (!found.ok || found.reference !== undefined) return found;
    return github.dispatch(inputsOf(call));
  },
};

class GitHub {
  readonly #settings: SettingsOf<'github'>;
  readonly #courier: Courier;

  constructor(settings: SettingsOf<'github'>, courier: Courier) {
    this.#settings = settings;
    this.#courier = courier;
  }

  /** The run of the workflow that has the key in its name; `ok` without a reference when there is none. */
  async runWith(key: string, nowMs: number): Promise<RollbackCalled> {
    const since = new Date(nowMs - this.#settings.deadlineMs - SKEW_MS).toISOString();
    const query = new URLSearchParams({
      event: 'workflow_dispatch',
      created: `>=${since.slice(0, 19)}Z`,
      per_page: String(RUNS_LOOKED_AT),
      exclude_pull_requests: 'true',
    });
    const answer = await this.#ask({ url: `/runs?${query.toString()}`, answerBytesMax: RUNS_BYTES_MAX });
    if (!answer.ok) return notLooked(failureOf(answer));
    const runs = parseWith(Runs, jsonOf(answer.body));
    if (!runs.ok) return notLooked(calledOf(notInWordsOf('GitHub', answer.body)));
    const run = runs.value.workflow_runs.find(({ display_title: title, name }) =>
      [title, name].some((text) => hasKey(text ?? '', key)),
    );
    return { ok: true, reference: run?.html_url };
  }

  async dispatch(inputs: Record<string, string>): Promise<RollbackCalled> {
    const body = { ref: this.#settings.ref, inputs };
    let answer = await this.#dispatch({ ...body, return_run_details: true });
    // Enterprise Servers before 3.21 refuse a field they do not know, and have done nothing.
    const isUnknown = answer.status === 400 || answer.status === 422;
    if (!answer.ok && isUnknown && answer.body?.includes('return_run_details'))
      answer = await this.#dispatch(body);
    if (!answer.ok) return failureOf(answer);
    // “No Content”: taken, and it does not say as which run.
    if (answer.status === 204) return { ok: true };
    const dispatched = parseWith(Dispatched, jsonOf(answer.body));
    // Whether it was taken, the next call finds out.
    if (!dispatched.ok) return calledOf(notInWordsOf('GitHub', answer.body));
    return { ok: true, reference: dispatched.value.html_url };
  }

  #dispatch(body: object): Promise<Answer> {
    return this.#ask({ url: '/dispatches', body: JSON.stringify(body) });
  }

  #ask({ url, ...request }: ChannelRequest): Promise<Answer> {
    const { apiUrl, repository, workflow, token } = this.#settings;
    const base = `${apiUrl.replace(/\/+$/, '')}/repos/${repository}/actions/workflows`;
    return this.#courier.ask({
      ...request,
      url: `${base}/${encodeURIComponent(workflow)}${url}`,
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${this.#courier.secret(token)}`,
        'x-github-api-version': API_VERSION,
      },
    });
  }
}

/** What the workflow is told. Always all of them, each a text; what is not known is empty. */
function inputsOf({ key, deploy }: RollbackCall): Record<string, string> {
  return {
    key,
    service: deploy.service,
    deploy: String(deploy.n),
    version: deploy.version,
    previous_version: deploy.previousVersion ?? '',
    commit: deploy.commit ?? '',
    reason: truncate(deploy.reason, REASON_CHARS_MAX),
    url: deploy.operatorUrl,
  };
}

/** GitHub also says 403 to whoever has asked too often (GitHub, “Rate limits for the REST API”); that passes. */
function failureOf({ status, failure, body }: Extract<Answer, { ok: false }>): RollbackCalled {
  const isLimited = status === 403 && /rate limit/i.test(body ?? '');
  const called = calledOf(failure);
  return isLimited ? { ...called, refused: false } : called;
}

function notLooked(called: RollbackCalled): RollbackCalled {
  if (called.ok) return called;
  return {
    ...called,
    error: `cannot tell whether an earlier call was taken, and did not call again: ${called.error}`,
  };
}

/** Whether the text names the key, and not a longer one that begins or ends with it: `portal.1` is not in `portal.12`. */
function hasKey(text: string, key: string): boolean {
  const literal = key.replaceAll(/\W/g, '\\$&');
  return new RegExp(`(?<![\\w-]|\\w[.:])${literal}(?![\\w-]|[.:]\\w)`).test(text);
}
