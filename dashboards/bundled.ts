// Made by .ci/assets.mjs from dashboards/public. Change the files there.
export const BUNDLED = {
  'app.js': {
    type: 'text/javascript; charset=utf-8',
    hash: '0bf7eecde768',
    text: `/**
 * Keeps an operator's page alive: asks for its fragment, changes only what differs, counts ages on, puts times into
 * the reader's zone, and says so when the data is old. Without it every page works by links and reloads itself.
 */

/** How often a page in view asks for news, and one in the background, whose title still tells the state. */
const POLL_MS = 2_000;
const POLL_HIDDEN_MS = 15_000;
/** The hub answers in milliseconds; a poll that hangs is a lost one. */
const POLL_TIMEOUT_MS = 5_000;
/** How often a picture that its probe had not uploaded yet is asked for again. */
const PICTURE_RETRY_MS = 10_000;
/** Data older than two polls and a bit must not look live. */
const STALE_AFTER_MS = POLL_MS * 2 + 2_000;
const MS_PER_MINUTE = 60_000;
const MS_PER_HOUR = 3_600_000;
const MS_PER_DAY = 86_400_000;

const root = document.documentElement;
const freshness = document.getElementById('freshness');
const lost = document.getElementById('lost');

/** The hub's clock minus ours, and when (by our monotonic clock) the data was last known to be current. */
let clockOffsetMs = 0;
let currentAt = performance.now();
let dataFromMs = Date.now();
let etag = '';
/** Why the last poll failed. */
let lostBecause = '';

signInByLink();
start();

function start() {
  const main = document.getElementById('main');
  if (main?.dataset.now === undefined) return;
  noteHubTime(Number(main.dataset.now));
  localise(document);
  setInterval(tick, 1_000);
  setInterval(retryPictures, PICTURE_RETRY_MS);
  if (main.dataset.live === undefined) return;
  showFreshness();
  let timer = setTimeout(loop, POLL_MS);
  async function loop() {
    clearTimeout(timer);
    const ok = await poll();
    if (ok) showFreshness();
    timer = setTimeout(loop, document.hidden ? POLL_HIDDEN_MS : POLL_MS);
  }
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    clearTimeout(timer);
    timer = setTimeout(loop, 0);
  });
}

/** Asks for the page's main part. Resolves to whether what is shown is current. */
async function poll() {
  const url = new URL(location.href);
  url.hash = '';
  url.searchParams.set('fragment', '1');
  try {
    const response = await fetch(url, {
      headers: etag === '' ? {} : { 'if-none-match': etag },
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(POLL_TIMEOUT_MS),
    });
    if (response.status === 401) {
      location.assign(\`/operator/sign-in?next=\${encodeURIComponent(location.pathname + location.search)}\`);
      return false;
    }
    const assets = response.headers.get('x-latchkey-assets');
    if ((response.status !== 200 && response.status !== 304) || assets === null) {
      lostBecause = \`the answer was \${response.status}\`;
      return false;
    }
    // A hub of another version brings another script and another look.
    if (assets !== root.dataset.assets) {
      location.reload();
      return false;
    }
    if (response.status === 200) {
      replaceMain(await response.text());
      etag = response.headers.get('etag') ?? '';
    }
    noteHubTime(Number(response.headers.get('x-latchkey-now')));
    return true;
  } catch (error) {
    lostBecause = String(error);
    return false;
  }
}

function replaceMain(text) {
  const fresh = new DOMParser().parseFromString(text, 'text/html').getElementById('main');
  const main = document.getElementById('main');
  if (!fresh || !main) return;
  localise(fresh);
  morph(main, fresh);
  if (fresh.dataset.title) document.title = fresh.dataset.title;
}

/** Makes \`from\` like \`to\`, keeping every node that can stay: focus, selection, scroll and open details survive. */
function morph(from, to) {
  if (from.isEqualNode(to)) return;
  if (from.nodeType !== Node.ELEMENT_NODE) {
    from.nodeValue = to.nodeValue;
    return;
  }
  morphAttributes(from, to);
  const olds = [...from.childNodes];
  let place = from.firstChild;
  for (const fresh of to.childNodes) {
    const index = olds.findIndex((old) => isSame(old, fresh));
    const old = index < 0 ? undefined : olds.splice(index, 1)[0];
    if (!old) {
      from.insertBefore(document.importNode(fresh, true), place);
      continue;
    }
    if (old === place) place = place.nextSibling;
    else from.insertBefore(old, place);
    morph(old, fresh);
  }
  for (const old of olds) old.remove();
}

function morphAttributes(from, to) {
  // Whether details are open is the reader's business.
  const isReaders = (name) => name === 'open' && from.nodeName === 'DETAILS';
  for (const name of from.getAttributeNames())
    if (!to.hasAttribute(name) && !isReaders(name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes)
    if (from.getAttribute(name) !== value && !isReaders(name)) from.setAttribute(name, value);
}

function isSame(old, fresh) {
  return old.nodeName === fresh.nodeName && keyOf(old) === keyOf(fresh);
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key || '' : '';
}

function noteHubTime(hubMs) {
  if (!Number.isFinite(hubMs) || hubMs <= 0) return;
  clockOffsetMs = hubMs - Date.now();
  currentAt = performance.now();
  dataFromMs = hubMs;
}

function tick() {
  const nowMs = Date.now() + clockOffsetMs;
  for (const element of document.querySelectorAll('[data-since]')) {
    const text = elapsedText(nowMs - Number(element.dataset.since));
    if (element.textContent !== text) element.textContent = text;
  }
  const isLive = document.getElementById('main')?.dataset.live !== undefined;
  if (isLive && !document.hidden && performance.now() - currentAt > STALE_AFTER_MS) showLost();
}

/** A probe uploads a screenshot after its run: one that was not there is asked for again. */
function retryPictures() {
  if (document.hidden) return;
  for (const image of document.querySelectorAll('.screenshot img'))
    if (image.complete && image.naturalWidth === 0) image.src = image.getAttribute('src');
}

function showFreshness() {
  root.classList.remove('stale');
  if (lost) lost.hidden = true;
  if (freshness) freshness.textContent = \`Live · \${clockText(dataFromMs)}\`;
}

function showLost() {
  root.classList.add('stale');
  const text = \`Connection lost, showing data from \${clockText(dataFromMs)}\`;
  if (freshness) freshness.textContent = 'Not live';
  if (!lost) return;
  lost.hidden = false;
  lost.title = lostBecause;
  if (lost.textContent !== text) lost.textContent = text;
}

/** Times in the reader's zone; the absolute UTC stays in the tooltip. */
function localise(container) {
  for (const element of container.querySelectorAll('time[data-clock]')) {
    const at = new Date(element.getAttribute('datetime'));
    element.title = \`\${at.toISOString().slice(0, 19).replace('T', ' ')} UTC\`;
    element.textContent = clockText(at.getTime());
  }
}

function clockText(atMs) {
  const hubNowMs = Date.now() + clockOffsetMs;
  const isFar = Math.abs(hubNowMs - atMs) > MS_PER_DAY / 2;
  return new Date(atMs).toLocaleString(navigator.language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
    ...(isFar ? { day: 'numeric', month: 'short', year: 'numeric' } : {}),
  });
}

/** As \`elapsedText\` on the hub has it. */
function elapsedText(ms) {
  if (ms < MS_PER_MINUTE) return \`\${Math.max(0, Math.floor(ms / 1_000))} s\`;
  if (ms < MS_PER_HOUR) return pair(ms, MS_PER_MINUTE, 'min', 1_000, 's');
  if (ms < MS_PER_DAY) return pair(ms, MS_PER_HOUR, 'h', MS_PER_MINUTE, 'min');
  return pair(ms, MS_PER_DAY, 'd', MS_PER_HOUR, 'h');
}

function pair(totalMs, bigMs, big, smallMs, small) {
  const rest = Math.floor((totalMs % bigMs) / smallMs);
  return \`\${Math.floor(totalMs / bigMs)} \${big}\${rest > 0 ? \` \${rest} \${small}\` : ''}\`;
}

/** \`npm start\` prints a link with the token after \`#\`, which no server and no log ever sees: it is posted at once. */
function signInByLink() {
  const form = document.querySelector('form[data-sign-in]');
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!token) return;
  // Whoever is signed in already was sent on, and the browser took the fragment along.
  history.replaceState(null, '', location.pathname + location.search);
  if (!form) return;
  form.elements.token.value = token;
  form.requestSubmit();
}
`,
  },
  'favicon.svg': {
    type: 'image/svg+xml',
    hash: 'b8016835139d',
    text: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <rect width="32" height="32" rx="7" fill="#1d3557" />
  <g fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round">
    <circle cx="11" cy="16" r="5" />
    <path d="M16 16h10m-3.5 0v4.5m-4-4.5v3" />
  </g>
</svg>
`,
  },
  'style.css': {
    type: 'text/css; charset=utf-8',
    hash: '150d6d7d9e27',
    text: `/* The look of Latchkey's pages: calm, because most of it is read by somebody who was just woken. */

:root {
  color-scheme: light dark;
  --ground: #f5f6f8;
  --surface: #ffffff;
  --line: #dde1e8;
  --text: #171b24;
  --hush: #545d6e;
  --link: #1f4fa8;
  --pass: #1b6b40;
  --fail: #b4161f;
  --warning: #8a4b00;
  --blind: #4c5468;
  --abstains: #6a3aa5;
  --fail-ground: #fdecec;
  --warning-ground: #fdf2df;
  --blind-ground: #e9ebf1;
  --pass-ground: #e6f4ec;
  --bar: #9fb2ce;
  --strip-pass: #82b99b;
  --track: #edf0f5;
  --radius: 12px;
}

@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1116;
    --surface: #171b22;
    --line: #2b313c;
    --text: #e8ebf1;
    --hush: #a3adbe;
    --link: #9cc0ff;
    --pass: #74d09c;
    --fail: #ff8f8a;
    --warning: #f3bd68;
    --blind: #b3bccd;
    --abstains: #cdaaff;
    --fail-ground: #341a1d;
    --warning-ground: #33270f;
    --blind-ground: #232833;
    --pass-ground: #13291e;
    --bar: #5b6f92;
    --strip-pass: #3f7f5d;
    --track: #222833;
  }
}

* {
  box-sizing: border-box;
}

html {
  -webkit-text-size-adjust: 100%;
}

body {
  margin: 0;
  background: var(--ground);
  color: var(--text);
  font:
    16px/1.5 system-ui,
    -apple-system,
    'Segoe UI',
    Roboto,
    'Helvetica Neue',
    sans-serif;
  font-variant-numeric: tabular-nums;
}

h1,
h2,
h3,
h4,
p,
ol,
ul,
dl,
dd,
pre {
  margin: 0;
}

ul,
ol {
  padding: 0;
  list-style: none;
}

h1 {
  font-size: 1.75rem;
  line-height: 1.2;
  letter-spacing: -0.015em;
}

h2 {
  font-size: 1.125rem;
  line-height: 1.3;
}

h3 {
  font-size: 1.125rem;
  line-height: 1.3;
}

h4 {
  font-size: 0.8125rem;
  font-weight: 600;
  color: var(--hush);
}

a {
  color: var(--link);
  text-underline-offset: 0.15em;
  text-decoration-thickness: 1px;
}

a:hover {
  text-decoration-thickness: 2px;
}

:focus-visible {
  outline: 3px solid var(--link);
  outline-offset: 2px;
  border-radius: 3px;
}

main:focus {
  outline: none;
}

.skip {
  position: absolute;
  left: -100vw;
}

.skip:focus {
  left: 16px;
  top: 8px;
  z-index: 2;
  padding: 8px 12px;
  background: var(--surface);
}

.hush {
  color: var(--hush);
  font-weight: 400;
}

.number {
  text-align: right;
}

.address {
  overflow-wrap: anywhere;
  font-size: 0.875rem;
}

/* --- The frame --- */

.bar {
  display: flex;
  align-items: center;
  gap: 8px 20px;
  max-width: 1320px;
  margin: 0 auto;
  padding: 14px 28px 0;
}

.brand {
  display: inline-flex;
  align-items: center;
  gap: 8px;
  color: inherit;
  font-weight: 650;
  text-decoration: none;
}

.key {
  fill: none;
  stroke: currentcolor;
  stroke-width: 2.2;
  stroke-linecap: round;
  stroke-linejoin: round;
}

.freshness {
  margin-left: auto;
  color: var(--hush);
  font-size: 0.875rem;
}

button {
  min-height: 44px;
  padding: 0 20px;
  border: 1px solid transparent;
  border-radius: 8px;
  background: var(--link);
  color: var(--surface);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}

button.quiet {
  white-space: nowrap;
  min-height: 36px;
  padding: 0 12px;
  border-color: var(--line);
  background: transparent;
  color: var(--hush);
  font-size: 0.875rem;
  font-weight: 500;
}

main {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  gap: 32px;
  max-width: 1320px;
  margin: 0 auto;
  padding: 20px 28px 64px;
}

main > section {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  gap: 12px;
}

.lost {
  position: sticky;
  top: 0;
  z-index: 1;
  padding: 12px 28px;
  background: var(--text);
  color: var(--ground);
  font-weight: 600;
  text-align: center;
}

.stale main {
  filter: grayscale(1);
  opacity: 0.72;
}

.card {
  padding: 20px 24px;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--surface);
}

/* --- Signs: a shape and a word, coloured alike --- */

.sign {
  color: var(--text);
  font-weight: 550;
}

.mark {
  flex: none;
  display: inline-block;
  width: 1em;
  height: 1em;
  vertical-align: -0.125em;
}

.mark .solid {
  fill: currentcolor;
}

.mark .cut {
  fill: none;
  stroke: var(--surface);
  stroke-width: 2;
  stroke-linecap: round;
  stroke-linejoin: round;
}

.mark .line {
  fill: none;
  stroke: currentcolor;
  stroke-width: 1.7;
  stroke-linecap: round;
  stroke-linejoin: round;
}

.mark .dashed {
  stroke-dasharray: 2.6 2.6;
}

.mark-pass {
  color: var(--pass);
}
.mark-fail,
.sign-fail {
  color: var(--fail);
}
.mark-warning,
.sign-warning {
  color: var(--warning);
}
.mark-blind,
.mark-waiting,
.sign-blind,
.sign-waiting {
  color: var(--blind);
}
.mark-abstains,
.sign-abstains {
  color: var(--abstains);
}

/* --- The headline --- */

main > .headline {
  display: flex;
  align-items: flex-start;
  gap: 18px;
  padding: 22px 26px;
  border-radius: var(--radius);
}

.headline > .mark {
  width: 38px;
  height: 38px;
}

.headline h1 {
  padding-top: 1px;
  font-size: 2rem;
}

.notes {
  margin-top: 6px;
}

.notes {
  color: var(--text);
}

.notes li {
  line-height: 1.45;
}

.ago {
  white-space: nowrap;
}

.tone-down {
  background: var(--fail-ground);
}
.tone-down h1 {
  color: var(--fail);
}
.tone-warning {
  background: var(--warning-ground);
}
.tone-warning h1 {
  color: var(--warning);
}
.tone-blind {
  background: repeating-linear-gradient(
    -45deg,
    var(--blind-ground) 0 10px,
    color-mix(in srgb, var(--blind-ground) 70%, var(--ground)) 10px 20px
  );
}
.tone-up {
  background: var(--pass-ground);
}
.tone-up h1 {
  color: var(--pass);
}

/* --- An incident --- */

.incident {
  display: grid;
  grid-template-columns: minmax(0, 5fr) minmax(0, 6fr);
  gap: 20px 44px;
  border-left: 5px solid var(--line);
}

.incident-open {
  border-left-color: var(--fail);
}

.incident-recovered {
  border-left-color: var(--warning);
}

.incident + .incident {
  margin-top: 16px;
}

.incident-what,
.incident-page {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  align-content: start;
  gap: 12px;
}

.incident-what > h4,
.incident-page > h4:not(:first-child) {
  margin-top: 8px;
}

.cause {
  font-size: 1.125rem;
  line-height: 1.4;
  overflow-wrap: anywhere;
}

.cause strong {
  color: var(--fail);
}

.facts {
  display: grid;
  grid-template-columns: max-content minmax(0, 1fr);
  gap: 4px 18px;
  font-size: 0.9375rem;
}

.cause + .facts {
  margin-top: 10px;
}

.incident-what .cause + .facts {
  margin-top: 0;
}

.facts dt {
  color: var(--hush);
}

.links {
  display: flex;
  flex-wrap: wrap;
  gap: 8px;
}

.links a {
  display: inline-flex;
  align-items: center;
  min-height: 40px;
  padding: 0 14px;
  border: 1px solid var(--line);
  border-radius: 8px;
  font-weight: 550;
  text-decoration: none;
}

.links a:hover {
  border-color: currentcolor;
}

.standings {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(200px, 1fr));
  gap: 4px 18px;
  font-size: 0.9375rem;
}

.standings li {
  display: flex;
  justify-content: space-between;
  gap: 10px;
}

.last-error {
  color: var(--hush);
  font-size: 0.875rem;
  font-weight: 400;
  overflow-wrap: anywhere;
}

pre {
  max-height: 24em;
  padding: 12px 14px;
  overflow: auto;
  border-radius: 8px;
  background: var(--track);
  font:
    0.875rem/1.5 ui-monospace,
    'SF Mono',
    Menlo,
    Consolas,
    monospace;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}

/* --- The ledger --- */

.time-to-page strong {
  font-size: 1.125rem;
  white-space: nowrap;
}

.time-to-page.over strong {
  color: var(--fail);
}

.leg {
  display: grid;
  grid-template-columns: minmax(0, 1fr) 7.6em 7.2em;
  align-items: baseline;
  gap: 3px 12px;
  padding: 5px 0;
  font-size: 0.9375rem;
}

.leg-clock {
  color: var(--hush);
  text-align: right;
}

.leg-took {
  text-align: right;
  font-weight: 550;
}

.leg-bar {
  grid-column: 1 / -1;
  display: block;
  width: 100%;
  height: 4px;
  border-radius: 2px;
}

.leg-bar .track {
  fill: var(--track);
}

.leg-bar .fill {
  fill: var(--bar);
}

.leg-bar .fill-fail {
  fill: var(--fail);
}

.leg-ahead,
.leg-skipped {
  color: var(--hush);
}

.leg-ahead .leg-took,
.leg-skipped .leg-took {
  font-weight: 400;
}

.leg-slowest .fill {
  fill: var(--warning);
}

.leg-slowest .leg-took {
  color: var(--warning);
}

.slowest {
  margin-left: 8px;
  padding: 1px 7px;
  border: 1px solid currentcolor;
  border-radius: 99px;
  color: var(--warning);
  font-size: 0.75rem;
  white-space: nowrap;
}

/* --- Tables --- */

table {
  width: 100%;
  border-collapse: collapse;
  font-size: 0.9375rem;
}

th,
td {
  padding: 9px 16px 9px 0;
  border-top: 1px solid var(--line);
  text-align: left;
  vertical-align: top;
}

th {
  font-weight: 550;
}

thead th {
  border-top: 0;
  padding-block: 4px;
  color: var(--hush);
  font-size: 0.8125rem;
}

td.number,
th.number {
  padding-right: 0;
  text-align: right;
}

td .sign {
  display: inline-block;
}

.scroller {
  overflow-x: auto;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--surface);
}

.checks th,
.checks td {
  padding: 18px 20px;
}

.checks thead th {
  padding-block: 12px 8px;
}

.checks tbody th {
  min-width: 230px;
}

.check-head {
  display: grid;
  gap: 3px;
  font-size: 0.9375rem;
  font-weight: 400;
}

.check-title {
  font-size: 1.125rem;
  font-weight: 600;
  color: inherit;
}

.verdict-down > th {
  box-shadow: inset 5px 0 var(--fail);
}

.verdict-in-part > th,
.verdict-partial > th,
.verdict-regional > th {
  box-shadow: inset 5px 0 var(--warning);
}

.verdict-blind,
.verdict-unreadable {
  background: repeating-linear-gradient(
    -45deg,
    color-mix(in srgb, var(--blind-ground) 55%, transparent) 0 10px,
    transparent 10px 20px
  );
}

.cell {
  display: grid;
  gap: 6px;
  min-width: 172px;
}

.cell-word {
  display: flex;
  justify-content: space-between;
  gap: 12px;
  max-width: 172px;
}

.cell-took {
  color: var(--hush);
}

.cell-when,
.cell-when a {
  color: var(--hush);
  font-size: 0.8125rem;
}

.strip {
  display: block;
  width: 172px;
  max-width: 100%;
  height: 30px;
}

.strip-base {
  stroke: var(--line);
}

.strip-pass {
  fill: var(--strip-pass);
}

.strip-fail rect {
  fill: var(--fail);
}

.strip-fail .cross,
.strip-invalid {
  fill: none;
  stroke: var(--fail);
  stroke-width: 1.5;
}

.strip-invalid {
  stroke: var(--abstains);
}

rect.strip-late,
.strip-late rect {
  fill: none;
  stroke: var(--blind);
  stroke-dasharray: 1.5 1.5;
}

.standing-silent .strip,
.standing-never .strip,
.standing-expired .strip {
  opacity: 0.45;
}

.probes,
.incidents,
main > section > .deliveries {
  padding: 4px 20px;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  border-spacing: 0;
  border-collapse: separate;
  background: var(--surface);
}

/* --- One check, one run --- */

.page-head {
  display: grid;
  gap: 6px;
}

.page-head nav {
  font-size: 0.9375rem;
}

.regions {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr));
  align-items: start;
  gap: 16px;
}

.regions .card {
  display: grid;
  gap: 12px;
}

.runs .sign-pass {
  font-weight: 400;
}

.way summary {
  padding: 4px 0;
  cursor: pointer;
}

.runs summary {
  min-height: 32px;
  cursor: pointer;
  color: var(--link);
}

.run-outcome {
  display: inline-block;
  margin-top: 4px;
  font-size: 1.125rem;
  letter-spacing: 0;
}

.failure {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr));
  gap: 16px 32px;
  border-left: 5px solid var(--fail);
}

.failure-what {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  align-content: start;
  gap: 10px;
}

.failure .cause {
  font-size: 1.5rem;
  line-height: 1.3;
}

.failure-probe {
  border-left-color: var(--abstains);
}

.failure-probe .cause strong {
  color: var(--abstains);
}

.steps {
  display: grid;
  gap: 2px;
}

main > section > .steps {
  padding: 12px 24px;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--surface);
}

.steps .steps {
  padding-left: 22px;
}

.step {
  display: grid;
  grid-template-columns: minmax(0, 1fr) max-content;
  gap: 3px 16px;
  padding: 7px 0;
  overflow-wrap: anywhere;
}

.step-took {
  font-weight: 550;
}

.step-error {
  color: var(--fail);
}

.step-url {
  grid-column: 1 / -1;
  color: var(--hush);
  font-size: 0.8125rem;
}

.screenshot {
  display: block;
  max-width: 640px;
}

.incident .screenshot {
  max-width: 320px;
}

.screenshot img {
  display: block;
  width: 100%;
  height: auto;
  aspect-ratio: 16 / 9;
  object-fit: contain;
  border: 1px solid var(--line);
  border-radius: 8px;
  background: var(--track);
  color: var(--hush);
  font-size: 0.875rem;
}

.message summary {
  min-height: 32px;
  cursor: pointer;
  overflow-wrap: anywhere;
}

.message pre {
  margin-top: 8px;
}

/* --- Signing in --- */

.plain main {
  justify-content: center;
  grid-template-columns: minmax(0, 400px);
  gap: 16px;
  padding-top: 12vh;
}

.sign-in {
  display: grid;
  gap: 12px;
}

.sign-in label {
  font-weight: 600;
}

.sign-in input {
  min-height: 46px;
  padding: 0 12px;
  border: 1px solid var(--hush);
  border-radius: 8px;
  background: var(--surface);
  color: inherit;
  font: inherit;
}

.problem {
  padding: 10px 14px;
  border-radius: 8px;
  background: var(--fail-ground);
  color: var(--fail);
  font-weight: 550;
}

/* --- A phone --- */

@media (max-width: 860px) {
  .incident {
    grid-template-columns: minmax(0, 1fr);
  }

  .stacks,
  .stacks tbody,
  .stacks tr,
  .stacks th,
  .stacks td {
    display: block;
    min-width: 0;
  }

  .stacks thead {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
  }

  .stacks tr {
    padding: 12px 0;
    border-top: 1px solid var(--line);
  }

  .stacks tbody tr:first-child {
    border-top: 0;
  }

  .stacks th,
  .stacks td {
    padding: 3px 0;
    border: 0;
  }

  .stacks td[data-label] {
    position: relative;
    min-height: 1.9em;
    padding-left: 9em;
    text-align: left;
  }

  .stacks td[data-label]::before {
    content: attr(data-label);
    position: absolute;
    left: 0;
    color: var(--hush);
  }

  .checks.stacks tr {
    padding: 18px 20px;
  }

  .checks.stacks th {
    padding: 0 0 8px;
  }

  .checks.stacks td[data-label] {
    padding: 8px 0 8px 9em;
  }

  .checks .unused {
    display: none;
  }

  .checks tr > th {
    box-shadow: none;
  }

  .checks .verdict-down {
    box-shadow: inset 5px 0 var(--fail);
  }

  .checks .verdict-in-part,
  .checks .verdict-partial,
  .checks .verdict-regional {
    box-shadow: inset 5px 0 var(--warning);
  }
}

@media (max-width: 560px) {
  .bar {
    padding: 10px 16px 0;
  }

  .freshness {
    text-align: right;
    font-size: 0.8125rem;
  }

  main {
    gap: 24px;
    padding: 14px 16px 48px;
  }

  main > .headline {
    gap: 14px;
    padding: 16px 18px;
  }

  .headline > .mark {
    width: 30px;
    height: 30px;
  }

  .headline h1,
  h1 {
    font-size: 1.5rem;
  }

  .card {
    padding: 16px 18px;
  }

  .leg {
    grid-template-columns: minmax(0, 1fr) max-content;
  }

  .leg-clock {
    grid-row: 2;
    grid-column: 1;
    text-align: left;
    font-size: 0.8125rem;
  }

  .stacks td[data-label] {
    padding-left: 8em;
  }

  .checks.stacks td[data-label] {
    padding-left: 7.2em;
  }

  .checks.stacks tr {
    padding: 16px 18px;
  }

  .cell {
    min-width: 0;
  }

  .steps .steps {
    padding-left: 14px;
  }
}

@media (prefers-reduced-motion: no-preference) {
  .leg-waiting .fill {
    animation: breathe 2s ease-in-out infinite alternate;
  }

  @keyframes breathe {
    to {
      opacity: 0.45;
    }
  }
}

@media (forced-colors: active) {
  .mark .cut {
    stroke: canvas;
  }
}
`,
  },
} as const;
