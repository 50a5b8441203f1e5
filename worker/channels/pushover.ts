import { z } from 'zod';
import { duration } from '#core/duration.ts';
import type { AttemptResult } from '#core/delivery.ts';
import type { Page } from '#core/page.ts';
import { parseWith } from '#core/problem.ts';
import { SecretRef } from '#core/secret-ref.ts';
import { MS_PER_SECOND, truncate } from '#core/units.ts';
import { BaseAddress } from './address.ts';
import type { AckAnswer, Channel, SendContext } from './channel.ts';
import { jsonOf, notInWordsOf, withCourier, type Answer, type Courier } from './courier.ts';
import { factLines, factsOf, markOf } from './facts.ts';
import { linesWithin } from './room.ts';

/** An emergency is repeated every 30 s at most (Pushover, “Message priority”: `retry` of at least 30 s)… */
const RETRY_MS_MIN = 30_000;
/** …and for 3 h at most (`expire`); Pushover also ends it after 50 repetitions: with 30 s that is after 25 min. */
const EXPIRE_MS_MAX = 10_800_000;

const settings = z
  .strictObject({
    kind: z.literal('pushover'),
    /** Token of the application, and key of the user or group it wakes. */
    token: SecretRef,
    user: SecretRef,
    endpoint: BaseAddress.default('https://api.pushover.net'),
    /** Only these of the user's devices: names with commas between them. */
    device: z
      .string()
      .max(500)
      .regex(/^[\w-]{1,25}(,[\w-]{1,25})*$/, 'expected names of devices')
      .optional(),
    /** Name of a sound of Pushover's or of the application's own. */
    sound: z
      .string()
      .regex(/^[\w-]{1,50}$/, 'expected the name of a sound')
      .optional(),
    /** How often an emergency is repeated, and for how long, until somebody acknowledges. */
    retry: duration(RETRY_MS_MIN, EXPIRE_MS_MAX).default(RETRY_MS_MIN),
    expire: duration(RETRY_MS_MIN, EXPIRE_MS_MAX).default(EXPIRE_MS_MAX),
  })
  .refine(({ retry, expire }) => expire >= retry, { path: ['expire'], error: 'expected at least `retry`' });
type Settings = z.output<typeof settings>;

/** Characters of Pushover's fields (“Message API: limitations”); it refuses more. */
const TITLE_CHARS_MAX = 250;
const MESSAGE_CHARS_MAX = 1_024;
const URL_CHARS_MAX = 512;
/** Characters of the message that links may take: the one that acknowledges comes first, and has under 400. */
const LINKS_CHARS_MAX = 500;
/** A line of a message on a telephone, and how many of a list. */
const ROOM = { textCharsMax: 200, linesMax: 8 };

/** Wakes until acknowledged; sounds as the user likes; makes no sound. */
const EMERGENCY = 2;
const NORMAL = 0;
const QUIET = -1;
/** Shows in the app, and nowhere else. */
const UNSEEN = -2;

const Accepted = z.looseObject({
  status: z.literal(1),
  request: z.string().max(100).optional(),
  receipt: z
    .string()
    .regex(/^[A-Za-z0-9]{1,64}$/)
    .optional(),
});
const NotFound = z.looseObject({ status: z.literal(0), receipt: z.literal('not found') });
const Flag = z.union([z.literal(0), z.literal(1)]);
const Receipt = z.looseObject({
  status: z.literal(1),
  acknowledged: Flag,
  /** Epoch seconds, 0 before. */
  acknowledged_at: z.int().min(0),
  acknowledged_by_device: z.string().max(100).nullish(),
  expired: Flag,
});

/**
 * Pushover. A trigger is an emergency, which wakes until somebody acknowledges on a device; its receipt tells who. What
 * follows it does not wake: `update` and `resolve` are normal messages, `acknowledge` and most notices make no sound. A
 * telephone has no place for deploys beside incidents: a `change` is not for it.
 * Acknowledge and resolve first silence the emergency. Pushover has no key to know a repeated message by: an attempt
 * whose answer was lost wakes twice, so emergencies are silenced by a tag that both have, and by the receipt.
 */
export const pushover: Channel<Settings, z.input<typeof settings>> & { kind: 'pushover' } = {
  kind: 'pushover',
  settings,
  traits: { wakes: true, acknowledges: true },
  secrets: ({ token, user }) => [token, user],
  send: (page, settings, context) =>
    withCourier<AttemptResult>(context, async (courier) => {
      const message = messageOf(page, settings, courier);
      if (page.event !== 'acknowledge' && page.event !== 'resolve') return tell(message, settings, courier);
      const silenced = await silence(page, settings, context, courier);
      if (!silenced.ok && silenced.verdict === 'retry') return silenced;
      // Whoever is not spared the noise is at least told that it is over.
      const told = await tell(message, settings, courier);
      return silenced.ok ? told : silenced;
    }),
  async acknowledgement(receipt, settings, context) {
    const asked = await withCourier<AckAnswer>(context, async ({ secret, ask }) => {
      const token = encodeURIComponent(secret(settings.token));
      const answer = await ask({ url: `${receiptUrl(settings, receipt)}.json?token=${token}` });
      return answer.ok ? ackAnswerOf(answer.body) : { state: 'unknown', error: answer.failure.error };
    });
    return 'state' in asked ? asked : { state: 'unknown', error: asked.error };
  },
};

async function tell(message: string, settings: Settings, courier: Courier): Promise<AttemptResult> {
  const answer = await courier.ask({ url: `${settings.endpoint}/1/messages.json`, body: message });
  if (!answer.ok) return answer.failure;
  const accepted = parseWith(Accepted, jsonOf(answer.body));
  if (!accepted.ok) return notInWordsOf('Pushover', answer.body);
  const { request, receipt } = accepted.value;
  return { ok: true, providerId: request, receipt };
}

/** Ends the repetitions of a page's emergencies. To have nothing to end is as good. */
async function silence(
  page: Page,
  settings: Settings,
  { receipt }: SendContext,
  { secret, ask }: Courier,
): Promise<AttemptResult> {
  const body = JSON.stringify({ token: secret(settings.token) });
  const urls = [
    `${settings.endpoint}/1/receipts/cancel_by_tag/${tagOf(page)}.json`,
    ...(receipt === undefined ? [] : [`${receiptUrl(settings, receipt)}/cancel.json`]),
  ];
  const results = await Promise.all(urls.map(async (url) => cancelledOf(await ask({ url, body }))));
  const failures = results.filter((result) => !result.ok);
  return failures.find(({ verdict }) => verdict === 'retry') ?? failures[0] ?? { ok: true };
}

function cancelledOf(answer: Answer): AttemptResult {
  const said = jsonOf(answer.body);
  if (answer.ok) return parseWith(Accepted, said).ok ? { ok: true } : notInWordsOf('Pushover', answer.body);
  return parseWith(NotFound, said).ok ? { ok: true } : answer.failure;
}

function ackAnswerOf(body: string | undefined): AckAnswer {
  const receipt = parseWith(Receipt, jsonOf(body));
  if (!receipt.ok) return { state: 'unknown', error: notInWordsOf('Pushover', body).error };
  const { acknowledged, acknowledged_at: atS, acknowledged_by_device: device, expired } = receipt.value;
  if (acknowledged === 1)
    // Who it was is told by a user key, which is a secret; the device's name says it to those who know.
    return {
      state: 'acknowledged',
      by: device ? `Pushover (${device})` : 'Pushover',
      atMs: atS * MS_PER_SECOND,
    };
  return { state: expired === 1 ? 'expired' : 'waiting' };
}

function messageOf(page: Page, settings: Settings, { secret }: Courier): string {
  const told = factsOf(page, ROOM);
  const [incident, ...others] = told.links.map(({ text, href }) => ({
    line: `${text}: ${href}`,
    text,
    href,
  }));
  const hasUrl = incident !== undefined && incident.href.length <= URL_CHARS_MAX;
  const links = linesWithin(
    others.map(({ line }) => line),
    LINKS_CHARS_MAX,
  );
  const priority = priorityOf(page);
  return JSON.stringify({
    token: secret(settings.token),
    user: secret(settings.user),
    title: truncate(`${markOf(page)} ${page.title}`, TITLE_CHARS_MAX),
    message: linesWithin(
      [linesWithin([told.summary, ...factLines(told)], MESSAGE_CHARS_MAX - links.length - 1), links],
      MESSAGE_CHARS_MAX,
    ).trim(),
    ...(hasUrl ? { url: incident.href, url_title: incident.text } : {}),
    priority,
    ...(priority === EMERGENCY
      ? { retry: secondsOf(settings.retry), expire: secondsOf(settings.expire), tags: tagOf(page) }
      : {}),
    ...(settings.device === undefined ? {} : { device: settings.device }),
    ...(settings.sound === undefined ? {} : { sound: settings.sound }),
  });
}

function priorityOf({ event, severity }: Page): number {
  if (event === 'trigger') return EMERGENCY;
  if (event === 'acknowledge') return QUIET;
  if (event === 'change') return UNSEEN;
  return event === 'notice' && severity === 'info' ? QUIET : NORMAL;
}

/** The incident's key as a tag; Pushover separates tags by commas and takes one in a path. */
function tagOf({ dedupKey }: Page): string {
  return dedupKey.replaceAll(/[^A-Za-z0-9-]/g, '_');
}

function receiptUrl(settings: Settings, receipt: string): string {
  return `${settings.endpoint}/1/receipts/${encodeURIComponent(receipt)}`;
}

/** Pushover takes whole seconds. */
function secondsOf(durationMs: number): number {
  return Math.floor(durationMs / MS_PER_SECOND);
}
