import { z } from 'zod';
import type { AttemptResult } from '#core/delivery.ts';
import type { Page } from '#core/page.ts';
import { SecretRef } from '#core/secret-ref.ts';
import { MS_PER_MINUTE, truncate } from '#core/units.ts';
import { BaseAddress } from './address.ts';
import type { Channel, ChannelContext } from './channel.ts';
import { jsonOf, notInWordsOf, withCourier, type Courier, type Failure } from './courier.ts';
import { factLines, factsOf, happenedAtMs, isoTime } from './facts.ts';
import { fitBytes, type Room } from './room.ts';

/** Members of one cluster: more than three add nothing but requests. */
const MEMBERS_MAX = 5;

const settings = z.strictObject({
  kind: z.literal('alertmanager'),
  /** Base addresses of every member of the cluster: not that of a load balancer, which would reach one of them only. */
  members: z
    .array(BaseAddress)
    .min(1)
    .max(MEMBERS_MAX)
    .refine((members) => new Set(members).size === members.length, 'expected every member once'),
  /** How the members know us: by a token, or by name and password. */
  authorization: z
    .union([
      z.strictObject({ bearer: SecretRef }),
      z.strictObject({ username: z.string().regex(/^[^:]{1,200}$/), password: SecretRef }),
    ])
    .optional(),
});
type Settings = z.output<typeof settings>;

/** Alertmanager ends what it has not heard of for 5 min (`resolve_timeout`); its clients repeat every 30 s to 3 min. */
const REFRESH_MS = MS_PER_MINUTE;
/** A notice ends by itself; it must outlast a `group_wait`, which is 30 s unless configured, or nobody hears of it. */
const NOTICE_LASTS_MS = 5 * MS_PER_MINUTE;
/** Characters told of who took an alert and who did not: it is stored with the delivery. */
const PROVIDER_ID_CHARS_MAX = 500;
/** Bytes of an alert: it is kept in memory, gossiped in notifications, and shown in a list. */
const ALERT_BYTES_MAX = 64_000;

/**
 * Alertmanager, API v2. It knows an alert by its labels, which stay the same from trigger to resolve, and keeps nothing
 * over a restart nor tells its other members: every message goes to all of them, a firing one again and again. Taken by
 * one member is taken; the others get it with the next repetition. Give the route `group_wait: 0s`, or a page waits 30 s.
 */
export const alertmanager: Channel<Settings, z.input<typeof settings>> & { kind: 'alertmanager' } = {
  kind: 'alertmanager',
  settings,
  traits: { wakes: true, acknowledges: false, refreshMs: REFRESH_MS },
  secrets({ authorization }) {
    if (authorization === undefined) return [];
    return ['bearer' in authorization ? authorization.bearer : authorization.password];
  },
  async send(page, settings, context) {
    // An alert is firing or not: there is no word for “somebody has it”, and a silence would hide the next failure too; nor is
    // there one for a deploy that is no alert.
    if (page.event === 'acknowledge' || page.event === 'change') return { ok: true };
    return withCourier<AttemptResult>(context, async (courier) => {
      const headers = headersOf(settings, courier);
      const body = fitBytes(ALERT_BYTES_MAX, (room) => JSON.stringify([alertOf(page, room, context)]));
      const results = await Promise.all(
        settings.members.map(async (member) => ({
          member,
          failure: await post(member, body, headers, courier),
        })),
      );
      return resultOf(results);
    });
  },
};

async function post(
  member: string,
  body: string,
  headers: Record<string, string>,
  { ask }: Courier,
): Promise<Failure | undefined> {
  const answer = await ask({ url: `${member}/api/v2/alerts`, body, headers });
  if (!answer.ok) return answer.failure;
  // It says nothing, its descendants say it in JSON. Anything else is of somebody in between.
  const isItsOwn =
    answer.body === '' || (answer.body !== undefined && !(jsonOf(answer.body) instanceof Error));
  return isItsOwn ? undefined : notInWordsOf('Alertmanager', answer.body);
}

function resultOf(results: readonly { member: string; failure: Failure | undefined }[]): AttemptResult {
  const failures = results.flatMap(({ failure }) => failure ?? []);
  const missed = results
    .flatMap(({ member, failure }) => (failure ? [`${member}: ${failure.error}`] : []))
    .join('; ');
  const taken = `${results.length - failures.length} of ${results.length} members`;
  if (failures.length < results.length)
    return {
      ok: true,
      providerId: truncate(missed === '' ? taken : `${taken}, not ${missed}`, PROVIDER_ID_CHARS_MAX),
    };
  const waitsMs = failures.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return {
    ok: false,
    verdict: failures.every(({ verdict }) => verdict === 'refused') ? 'refused' : 'retry',
    error: results.length === 1 ? (failures[0]?.error ?? '') : missed,
    ...(failures.some(({ limited }) => limited) ? { limited: true } : {}),
    ...(waitsMs.length === 0 ? {} : { retryAfterMs: Math.min(...waitsMs) }),
  };
}

function headersOf({ authorization }: Settings, { secret, conceal }: Courier): Record<string, string> {
  if (authorization === undefined) return {};
  if ('bearer' in authorization) return { authorization: `Bearer ${secret(authorization.bearer)}` };
  const bytes = new TextEncoder().encode(`${authorization.username}:${secret(authorization.password)}`);
  return { authorization: `Basic ${conceal(btoa(String.fromCharCode(...bytes)))}` };
}

function alertOf(page: Page, room: Room, { nowMs }: ChannelContext): unknown {
  const isNotice = page.event === 'notice';
  const startsAtMs = isNotice ? happenedAtMs(page) : page.sinceMs;
  // Without an end it fires until it is not repeated. An end before the start is refused.
  const endsAtMs =
    page.event === 'resolve' ? happenedAtMs(page) : isNotice ? nowMs + NOTICE_LASTS_MS : undefined;
  return {
    labels: {
      alertname: isNotice ? 'LatchkeyNotice' : 'LatchkeyIncident',
      check: page.check,
      seq: String(page.seq),
      severity: page.severity,
      owner: page.owner,
      // Notices about one incident are told apart by what they are about.
      ...(isNotice ? { notice: page.dedupKey } : {}),
    },
    annotations: annotationsOf(page, room),
    startsAt: isoTime(startsAtMs),
    ...(endsAtMs === undefined ? {} : { endsAt: isoTime(Math.max(endsAtMs, startsAtMs)) }),
    generatorURL: page.incidentUrl,
  };
}

/** Names by the custom of Prometheus' rules: `summary`, `description`, `runbook_url`. */
function annotationsOf(page: Page, room: Room): Record<string, string> {
  const told = factsOf(page, room);
  const links = told.links.map(({ text, href }): [string, string] => [
    `${text.toLowerCase().replaceAll(' ', '_')}_url`,
    href,
  ]);
  return {
    title: truncate(page.title, room.textCharsMax),
    summary: told.summary,
    description: factLines(told).join('\n'),
    reason: page.reason,
    ...Object.fromEntries(links),
  };
}
