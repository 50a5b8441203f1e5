import { html } from 'hono/html';
import type { Child } from 'hono/jsx';
import {
  AUDIT_PATH,
  DEPLOYS_PAGE_PATH,
  LEDGER_PATH,
  OPERATOR_PATH,
  SIGN_OUT_PATH,
} from '#core/operator-path.ts';
import { ASSETS_VERSION, assetPath } from '../assets.ts';
import { Clock } from './time.tsx';

/** How often the page comes anew where there is no JavaScript; with it, app.js asks every 2 s. */
const REFRESH_WITHOUT_SCRIPT_S = 10;

export type LayoutProps = {
  /** The state in a few words, first in the window's title: `(2 open)`. */
  state?: string | undefined;
  title: string;
  /** The page changes by itself: app.js polls its fragment. */
  live: boolean;
  nowMs: number;
  children: Child;
};

/** The text of `<title>`: the state first, because a tab shows its beginning. */
export function windowTitle({ state, title }: Pick<LayoutProps, 'state' | 'title'>): string {
  return `${state === undefined ? '' : `(${state}) `}${title} · Latchkey`;
}

/** The part of a page that app.js asks for anew. */
export function fragmentOf(props: LayoutProps) {
  return html`${<Main {...props} />}`;
}

/** What app.js must know of a page comes in attributes. */
function Main(props: LayoutProps) {
  return (
    <main
      id="main"
      tabindex={-1}
      data-live={props.live ? '' : undefined}
      data-now={props.nowMs}
      data-title={windowTitle(props)}
    >
      {props.children}
    </main>
  );
}

/** A whole page for somebody signed in. */
export function documentOf(props: LayoutProps) {
  return html`<!doctype html>${(
      <html lang="en" data-assets={ASSETS_VERSION}>
        <Head title={windowTitle(props)} refreshes={props.live} referrer="same-origin" />
        <body>
          <a class="skip" href="#main">
            Skip to the content
          </a>
          <header class="bar">
            <a class="brand" href={OPERATOR_PATH}>
              <Key /> Latchkey
            </a>
            <nav class="places" aria-label="Pages">
              <a href={DEPLOYS_PAGE_PATH}>Deploys</a>
              <a href={LEDGER_PATH}>Ledger</a>
              <a href={AUDIT_PATH}>Audit</a>
            </nav>
            <p id="freshness" class="freshness">
              {props.live ? 'Data from ' : 'Shown at '}
              <Clock atMs={props.nowMs} nowMs={props.nowMs} />
            </p>
            <form method="post" action={SIGN_OUT_PATH}>
              <button type="submit" class="quiet">
                Sign out
              </button>
            </form>
          </header>
          <p id="lost" class="lost" role="alert" hidden></p>
          <Main {...props} />
        </body>
      </html>
    )}`;
}

export type PlainProps = {
  title: string;
  /** Its times are put into the reader's zone; a page without times needs none. */
  nowMs?: number | undefined;
  /** `no-referrer`: its address is a secret, which no other page and no log may see. */
  referrer: 'same-origin' | 'no-referrer';
  children: Child;
};

/** A page for somebody who is not signed in. */
export function plainDocumentOf({ title, nowMs, referrer, children }: PlainProps) {
  return html`<!doctype html>${(
      <html lang="en">
        <Head title={windowTitle({ title })} refreshes={false} referrer={referrer} />
        <body class="plain">
          <main id="main" data-now={nowMs}>
            <p class="brand">
              <Key /> Latchkey
            </p>
            {children}
          </main>
        </body>
      </html>
    )}`;
}

function Head(props: { title: string; refreshes: boolean; referrer: PlainProps['referrer'] }) {
  const { title, refreshes, referrer } = props;
  return (
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="robots" content="noindex" />
      {/* A form's Origin is `null` under the hub's own `no-referrer`; the operator's forms need to see it. */}
      <meta name="referrer" content={referrer} />
      <title>{title}</title>
      <link rel="icon" href={assetPath('favicon.svg')} type="image/svg+xml" />
      <link rel="stylesheet" href={assetPath('style.css')} />
      <script type="module" src={assetPath('app.js')}></script>
      {refreshes ? (
        <noscript>
          <meta http-equiv="refresh" content={String(REFRESH_WITHOUT_SCRIPT_S)} />
        </noscript>
      ) : null}
    </head>
  );
}

function Key() {
  return (
    <svg class="key" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">
      <circle cx="8" cy="12" r="4.6" />
      <path d="M12.6 12H22m-3.4 0v3.6M15.6 12v2.4" />
    </svg>
  );
}
