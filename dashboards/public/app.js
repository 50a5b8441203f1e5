/**
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
      location.assign(`/operator/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
      return false;
    }
    const assets = response.headers.get('x-latchkey-assets');
    if ((response.status !== 200 && response.status !== 304) || assets === null) {
      lostBecause = `the answer was ${response.status}`;
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

/** Makes `from` like `to`, keeping every node that can stay: focus, selection, scroll and open details survive. */
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
  if (freshness) freshness.textContent = `Live · ${clockText(dataFromMs)}`;
}

function showLost() {
  root.classList.add('stale');
  const text = `Connection lost, showing data from ${clockText(dataFromMs)}`;
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
    element.title = `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
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

/** As `elapsedText` on the hub has it. */
function elapsedText(ms) {
  if (ms < MS_PER_MINUTE) return `${Math.max(0, Math.floor(ms / 1_000))} s`;
  if (ms < MS_PER_HOUR) return pair(ms, MS_PER_MINUTE, 'min', 1_000, 's');
  if (ms < MS_PER_DAY) return pair(ms, MS_PER_HOUR, 'h', MS_PER_MINUTE, 'min');
  return pair(ms, MS_PER_DAY, 'd', MS_PER_HOUR, 'h');
}

function pair(totalMs, bigMs, big, smallMs, small) {
  const rest = Math.floor((totalMs % bigMs) / smallMs);
  return `${Math.floor(totalMs / bigMs)} ${big}${rest > 0 ? ` ${rest} ${small}` : ''}`;
}

/** `npm start` prints a link with the token after `#`, which no server and no log ever sees: it is posted at once. */
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
