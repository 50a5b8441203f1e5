import type { APIRequestContext, APIResponse, Response } from 'playwright';
import { CacheRule, judgeCache } from '#core/cache-rule.ts';
import { describeProblems, parseWith } from '#core/problem.ts';
import { JourneyMistake } from '../../journey.ts';
import { plainUrl } from '../../redact.ts';
import { ToolFinding } from './tool-finding.ts';

/**
 * Ends well when a cache had the answer. An address is asked for with the cookies of the browser, once. Throws a `ToolFinding`
 * when no cache had it or nothing says so, `JourneyMistake` for what cannot be judged, and what Playwright throws when there
 * is no answer.
 */
export async function expectCacheHit(
  asked: Response | APIResponse | string | null,
  rule: CacheRule,
  requests: APIRequestContext,
): Promise<void> {
  const parsed = parseWith(CacheRule, rule);
  if (!parsed.ok) throw new JourneyMistake(`expectCacheHit: ${describeProblems(parsed.problems)}`);
  const answer = typeof asked === 'string' ? await requests.get(webAddress(asked)) : asked;
  if (typeof answer?.headers !== 'function')
    throw new JourneyMistake(
      `expectCacheHit: expected a response or an address, got ${answer === null ? 'null: the page was not loaded anew' : typeof answer}`,
    );
  const headers = 'allHeaders' in answer ? await answer.allHeaders() : answer.headers();
  const { hit, evidence } = judgeCache(headers, parsed.value);
  const url = plainUrl(answer.url());
  if (answer.status() >= 400)
    throw new ToolFinding(`${url} answered with HTTP status ${answer.status()}: ${evidence}`);
  if (hit !== true)
    throw new ToolFinding(
      `${url} ${hit === false ? 'was in no cache' : 'may not come from a cache'}: ${evidence}`,
    );
}

function webAddress(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new JourneyMistake(`expectCacheHit: expected an address with http or https, got '${text}'`);
}
