import type { Context } from 'hono';
import { hexText } from '#core/dns/codec/octets.ts';
import { ASSETS_VERSION } from '#dashboards/assets.ts';
import { documentOf, fragmentOf, type LayoutProps } from '#dashboards/operator/layout.tsx';
import { problemPage } from '#dashboards/operator/problem-page.tsx';
import type { Hub } from '../hub.ts';

/** Nothing inline, nothing from elsewhere. */
export const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/** Bytes of a form: a token, a name and a path. */
export const FORM_BYTES_MAX = 4 * 1024;

/** A whole page, or for app.js the part of it that changes. */
export async function show(c: Context<Hub>, page: LayoutProps): Promise<Response> {
  if (c.req.query('fragment') === undefined) return c.html(documentOf(page));
  const fragment = String(await fragmentOf(page));
  const etag = await etagOf(fragment);
  const headers = { etag, 'x-latchkey-now': String(page.nowMs), 'x-latchkey-assets': ASSETS_VERSION };
  if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers);
  return c.html(fragment, 200, headers);
}

/** A page that says that there is nothing here. */
export function missing(c: Context<Hub>, message: string): Response | Promise<Response> {
  return c.html(documentOf(problemPage('Not found', message, Date.now())), 404);
}

/** The text of a form's field; `undefined` of a file, of several, and of none. */
export function text(field: unknown): string | undefined {
  return typeof field === 'string' ? field : undefined;
}

/** Of a fragment without what app.js counts on by itself: the same until something has happened. */
async function etagOf(fragment: string): Promise<string> {
  const settled = fragment.replace(/ data-now="\d+"/, '').replaceAll(/(<span data-since="\d+">)[^<]*/g, '$1');
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(settled)));
  return `"${hexText(digest.subarray(0, 16))}"`;
}
