import { z } from 'zod';
import type { AttemptResult } from '#core/delivery.ts';
import type { Page } from '#core/page.ts';
import { SecretRef } from '#core/secret-ref.ts';
import { truncate } from '#core/units.ts';
import { safeSecretAddress } from './address.ts';
import { notInWordsOf } from './courier.ts';
import { factsOf, markOf } from './facts.ts';
import { httpChannel } from './http-channel.ts';
import { fitBytes, type Room } from './room.ts';

const settings = z.strictObject({
  kind: z.literal('slack'),
  /** Address of an incoming webhook: who has it can post, so it is a secret. */
  url: SecretRef,
});

/** Characters of a section's text, and of a header (Slack, “Block Kit: blocks”). */
const SECTION_CHARS_MAX = 3_000;
const HEADER_CHARS_MAX = 150;
/** Characters of the one line that a deploy is worth. */
const LINE_CHARS_MAX = 300;
/** Bytes of the whole message; Slack cuts a text at 40,000 characters. */
const MESSAGE_BYTES_MAX = 36_000;

/** Slack, by an incoming webhook. Slack has no key to find a message again: whatever follows a page is another message. */
export const slack = httpChannel({
  kind: 'slack',
  settings,
  traits: { wakes: false, acknowledges: true, changes: true },
  secrets: ({ url }) => [url],
  request(page, settings, context) {
    return {
      url: safeSecretAddress(settings.url.secret, context.secret(settings.url)),
      body: fitBytes(MESSAGE_BYTES_MAX, (room) =>
        page.event === 'change' ? lineOf(page, room) : messageOf(page, room),
      ),
    };
  },
  /** Slack says `ok`. Anything else with a 2xx was said by somebody in between; twice told is better than never. */
  acceptance(body): AttemptResult {
    return body?.trim() === 'ok' ? { ok: true } : notInWordsOf('Slack', body);
  },
});

function messageOf(page: Page, room: Room): string {
  const { summary, facts, regions, checks, links } = factsOf(page, room);
  const mark = markOf(page);
  return JSON.stringify({
    text: fitEscaped(`${mark} ${summary}`, SECTION_CHARS_MAX),
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      header(`${mark} ${page.title}`),
      section(fitEscaped(summary, SECTION_CHARS_MAX)),
      ...sections(checks.map(({ text, href }) => linkLine('• Also down: ', text, href))),
      ...sections(facts.map(([label, value]) => ({ head: `*${label}:* `, text: value }))),
      ...sections(regions.map((line) => ({ head: '• ', text: line }))),
      ...sections(links.map(({ text, href }) => linkLine('', text, href))),
    ],
  });
}

/** A deploy is one line among what people say. */
function lineOf(page: Page, room: Room): string {
  const { summary, links } = factsOf(page, room);
  const line = `${markOf(page)} ${fitEscaped(summary, LINE_CHARS_MAX)}`;
  const linked = links
    .slice(0, 1)
    .map(({ text, href }) => linkLine('', text, href))
    .map(({ head, text }) => head + escapeText(text));
  return JSON.stringify({
    text: line,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [section([line, ...linked].join(' · '))],
  });
}

function header(text: string): unknown {
  return {
    type: 'header',
    text: { type: 'plain_text', text: truncate(text, HEADER_CHARS_MAX), emoji: true },
  };
}

function section(text: string): unknown {
  return { type: 'section', text: { type: 'mrkdwn', text } };
}

/** `head` is markup already, `text` is still to be escaped. */
type Line = { head: string; text: string };

/** A linked text; without its link when that alone would fill a section. */
function linkLine(head: string, text: string, href: string | undefined): Line {
  const linked = href === undefined ? undefined : head + link(href, text);
  return linked === undefined || linked.length > SECTION_CHARS_MAX
    ? { head, text }
    : { head: linked, text: '' };
}

/** Lines in as few sections as hold them. */
function sections(lines: readonly Line[]): unknown[] {
  const texts: string[] = [];
  for (const { head, text } of lines) {
    const line = head + fitEscaped(text, SECTION_CHARS_MAX - head.length);
    const last = texts.at(-1);
    if (last !== undefined && last.length + 1 + line.length <= SECTION_CHARS_MAX)
      texts[texts.length - 1] = `${last}\n${line}`;
    else texts.push(line);
  }
  return texts.map(section);
}

/** Escaped text of at most `charsMax` characters, cut between characters, never inside an entity. */
function fitEscaped(text: string, charsMax: number): string {
  let fitting = text;
  let escaped = escapeText(fitting);
  while (escaped.length > charsMax) {
    fitting = truncate(fitting, Math.max(1, fitting.length - Math.ceil((escaped.length - charsMax) / 5)));
    escaped = escapeText(fitting);
  }
  return escaped;
}

/** Slack's three control characters; without them a text can neither mention nor link. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function link(href: string, text: string): string {
  return `<${escapeText(href.replaceAll('|', '%7C').replaceAll('>', '%3E').replaceAll('<', '%3C'))}|${escapeText(text)}>`;
}
