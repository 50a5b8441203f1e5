import type { IncomingMessage, ServerResponse } from 'node:http';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assetOf, ASSETS_VERSION } from '#dashboards/assets.ts';
import { acknowledgeDocument } from '#dashboards/operator/acknowledge-page.tsx';
import { auditPage } from '#dashboards/operator/audit-page.tsx';
import { checkPage } from '#dashboards/operator/check-page.tsx';
import { deployPage } from '#dashboards/operator/deploy-page.tsx';
import { deploysPage } from '#dashboards/operator/deploys-page.tsx';
import { incidentPage } from '#dashboards/operator/incident-page.tsx';
import { documentOf, fragmentOf, type LayoutProps } from '#dashboards/operator/layout.tsx';
import { ledgerPage } from '#dashboards/operator/ledger-page.tsx';
import { overviewOf } from '#dashboards/operator/overview.ts';
import { rollbackPage } from '#dashboards/operator/rollback-page.tsx';
import { runPage } from '#dashboards/operator/run-page.tsx';
import { signInDocument } from '#dashboards/operator/sign-in-page.tsx';
import { wallPage } from '#dashboards/operator/wall-page.tsx';
import { findBrowserExecutable } from '#probes/browser/browser-executable.ts';
import { DEPLOY_STATES, deployedSource } from '#test/fixtures/deploy-samples.ts';
import { listenOnLoopback, readText, type LoopbackServer } from '#test/fixtures/loopback-server.ts';
import {
  healthySource,
  oddSource,
  SAMPLE_NOW_MS,
  sampleAudit,
  sampleConfig,
  sampleDnsCheck,
  sampleDnsRun,
  sampleLedgerReport,
  sampleSource,
  sampleStoredRun,
} from '#test/fixtures/operator-samples.ts';
import { unreadable } from './contrast.ts';

/** The real pages, style and script in a real browser, over a server that says what each test wants. */
let browser: Browser;
let server: LoopbackServer;
/** What the wall shows now; `undefined` while the hub is away. */
let wall: LayoutProps | undefined;
let posted: string[] = [];
/** What the browser showed when the run failed; `undefined` until its probe has uploaded it. */
let picture: Buffer | undefined;

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findBrowserExecutable(process.env) });
});

afterAll(async () => {
  await browser.close();
});

beforeEach(async () => {
  wall = broken();
  posted = [];
  picture = undefined;
  server = await listenOnLoopback(0, serve);
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await server.close();
});

function broken(): LayoutProps {
  return wallPage(overviewOf(sampleSource()));
}

function mended(): LayoutProps {
  return wallPage(overviewOf({ ...healthySource(), nowMs: SAMPLE_NOW_MS + 4_000 }));
}

function samplePages(): Record<string, LayoutProps> {
  const source = sampleSource();
  const [first] = source.checks;
  const incident = first?.view?.incidents[0];
  if (!first?.view || !incident) throw new Error('the sample has an incident');
  const { check, view } = first;
  return {
    '/operator': wallPage(overviewOf(source)),
    '/operator/check': checkPage(sampleConfig, check, view, SAMPLE_NOW_MS),
    '/operator/incident': incidentPage(
      sampleConfig,
      check,
      { incident, deliveries: view.deliveries, nowMs: SAMPLE_NOW_MS },
      view,
      'Ada Lovelace',
      SAMPLE_NOW_MS,
    ),
    '/operator/odd': wallPage(overviewOf(oddSource())),
    '/operator/ledger': ledgerPage(sampleLedgerReport(), sampleConfig.checks, undefined, SAMPLE_NOW_MS),
    '/operator/ledger-empty': ledgerPage(
      sampleLedgerReport([]),
      sampleConfig.checks,
      undefined,
      SAMPLE_NOW_MS,
    ),
    '/operator/audit': auditPage(sampleAudit(), SAMPLE_NOW_MS),
    '/operator/dns-run': runPage(sampleConfig, sampleDnsCheck, sampleDnsRun(), SAMPLE_NOW_MS),
    '/operator/run': runPage(sampleConfig, check, sampleStoredRun(), SAMPLE_NOW_MS),
  };
}

/** Deploys in all states, and where else they are seen; each made when it is asked for. */
const deployPages: Record<string, () => LayoutProps> = {
  ...Object.fromEntries(
    Object.entries(DEPLOY_STATES).map(([state, sampleOf]) => [
      `/operator/deploy-${state}`,
      () => {
        const { config, deploy, view } = sampleOf();
        return deployPage(config, deploy, view, 'Ada Lovelace', SAMPLE_NOW_MS);
      },
    ]),
  ),
  '/operator/deploys': () => deploysPage(deployedSource().services, SAMPLE_NOW_MS),
  '/operator/deploys/portal/1/rollback': () => {
    const { config, deploy } = DEPLOY_STATES.offered();
    return rollbackPage(config, deploy, 'Ada Lovelace', SAMPLE_NOW_MS);
  },
  '/operator/deployed': () => wallPage(overviewOf(deployedSource())),
  '/operator/deployed-check': () => {
    const { check, view } = deployedCheck();
    return checkPage(sampleConfig, check, view, SAMPLE_NOW_MS);
  },
  '/operator/deployed-incident': () => {
    const { check, view, incident } = deployedCheck();
    const stored = { incident, deliveries: view.deliveries, nowMs: SAMPLE_NOW_MS };
    return incidentPage(sampleConfig, check, stored, view, 'Ada Lovelace', SAMPLE_NOW_MS);
  },
};

function deployedCheck() {
  const [first] = deployedSource().checks;
  const incident = first?.view?.incidents[0];
  if (!first?.view || !incident) throw new Error('the sample has an incident');
  return { check: first.check, view: first.view, incident };
}

/** What the page behind a link shows, before and after somebody has pressed its button. */
function acknowledgePages(): Record<string, Parameters<typeof acknowledgeDocument>[0]> {
  const [incident] = overviewOf(sampleSource()).incidents;
  if (!incident) throw new Error('the sample has an incident');
  const acknowledged = { atMs: SAMPLE_NOW_MS - 20_000, by: 'Ada Lovelace', via: 'link' };
  return {
    '/acknowledge/open': { incident, name: undefined, nowMs: SAMPLE_NOW_MS },
    '/acknowledge/taken': { incident: { ...incident, acknowledged }, name: 'Ada', nowMs: SAMPLE_NOW_MS },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://hub.test');
  const asset = assetOf(url.pathname.slice('/assets/'.length));
  if (asset) return end(response, 200, asset.text, { 'content-type': asset.type });
  if (request.method === 'POST') {
    posted.push(await readText(request, 4_096));
    return end(response, 200, 'signed in');
  }
  if (url.pathname === '/operator/sign-in')
    return end(response, 200, String(await signInDocument({ next: '/operator' })));
  const link = acknowledgePages()[url.pathname];
  if (link) return end(response, 200, String(await acknowledgeDocument(link)));
  if (url.pathname.endsWith('/screenshot'))
    return picture
      ? end(response, 200, picture, { 'content-type': 'image/png' })
      : end(response, 404, 'none');
  const page =
    url.pathname === '/operator' ? wall : (deployPages[url.pathname]?.() ?? samplePages()[url.pathname]);
  if (!page) return end(response, 503, 'away');
  const isFragment = url.searchParams.has('fragment');
  end(response, 200, String(await (isFragment ? fragmentOf(page) : documentOf(page))), {
    etag: `"${page.state}"`,
    'x-latchkey-now': String(page.nowMs),
    'x-latchkey-assets': ASSETS_VERSION,
  });
}

function end(
  response: ServerResponse,
  status: number,
  text: string | Buffer,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'",
    ...headers,
  });
  response.end(text);
}

/** A page at `path` whose clock only the test moves. Anything the browser complains of fails the test. */
async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ timezoneId: 'Europe/Berlin', locale: 'en-GB', ...options });
  const page = await context.newPage();
  await page.clock.install({ time: SAMPLE_NOW_MS });
  await page.goto(`${server.url}${path}`);
  return page;
}

describe('a live page', () => {
  it('takes news without a reload: title, headline and a resolved incident', async () => {
    const page = await open('/operator');
    await page.evaluate(() => Object.assign(window, { neverReloaded: true }));
    expect(await page.title()).toBe('(1 open) Operator · Latchkey');
    wall = mended();
    await page.clock.runFor(2_100);
    await expect.poll(() => page.title()).toBe('(all up) Operator · Latchkey');
    expect(await page.locator('h1').textContent()).toBe('All 3 checks up');
    expect(await page.locator('.incident').count()).toBe(0);
    expect(await page.evaluate(() => 'neverReloaded' in window)).toBe(true);
  });

  it('keeps the reader’s focus, closed details and scroll while it changes', async () => {
    const page = await open('/operator/check', { viewport: { width: 360, height: 600 } });
    await page.locator('summary').first().click();
    await page.locator('summary').nth(1).focus();
    const before = await page.evaluate(() => scrollY);
    const polled = page.waitForResponse((response) => response.url().includes('fragment=1'));
    await page.clock.runFor(2_100);
    await polled;
    await expect.poll(() => page.locator('#freshness').textContent()).toContain('Live');
    expect(await page.locator('details').first().getAttribute('open')).toBeNull();
    expect(await page.evaluate(() => document.activeElement?.nodeName)).toBe('SUMMARY');
    expect(await page.evaluate(() => scrollY)).toBe(before);
  });

  it('counts ages on and puts times into the reader’s zone', async () => {
    const page = await open('/operator');
    expect(await page.locator('.leg-clock time').first().textContent()).toBe('04:11:27 CET');
    expect(await page.locator('.leg-clock time').first().getAttribute('title')).toBe(
      '2026-11-21 03:11:27 UTC',
    );
    const age = page.locator('.time-to-page [data-since]');
    expect(await age.textContent()).toBe('37 s');
    wall = undefined;
    await page.clock.runFor(10_000);
    expect(await age.textContent()).toBe('47 s');
  });

  it('says that the connection is lost and from when its data is, and takes it back', async () => {
    const page = await open('/operator');
    const lost = page.locator('#lost');
    expect(await lost.isVisible()).toBe(false);
    wall = undefined;
    await page.clock.runFor(8_000);
    await expect.poll(() => lost.isVisible()).toBe(true);
    expect(await lost.textContent()).toBe('Connection lost, showing data from 04:12:05 CET');
    expect(await page.locator('#freshness').textContent()).toBe('Not live');
    wall = mended();
    await expect
      .poll(async () => {
        await page.clock.runFor(2_100);
        return lost.isVisible();
      })
      .toBe(false);
    expect(await page.locator('#freshness').textContent()).toBe('Live · 04:12:09 CET');
  });
});

describe('a screenshot that its probe has not uploaded yet', () => {
  it.each(['/operator', '/operator/incident', '/operator/run'])(
    'has its words and its place at %s, and comes without moving anything',
    async (path) => {
      const page = await open(path);
      const image = page.locator('.screenshot img');
      await image.scrollIntoViewIfNeeded();
      await expect.poll(() => isBroken(image)).toBe(true);
      expect(await image.getAttribute('alt')).toMatch(/^Screenshot of the /);
      const box = await image.boundingBox();
      expect((box?.width ?? 0) / (box?.height ?? 1)).toBeCloseTo(16 / 9, 1);
      picture = await page.screenshot();
      await expect
        .poll(async () => {
          await page.clock.runFor(10_000);
          return isBroken(image);
        })
        .toBe(false);
      expect(await image.boundingBox()).toEqual(box);
    },
  );
});

function isBroken(image: Locator): Promise<boolean> {
  return image.evaluate((shown) => {
    if (!(shown instanceof HTMLImageElement)) throw new Error('not a picture');
    return shown.complete && shown.naturalWidth === 0;
  });
}

describe('a check that one of its regions does not see', () => {
  it('is a caution, not green', async () => {
    const source = healthySource();
    wall = wallPage(
      overviewOf({
        ...source,
        regions: source.regions.map(({ region, view }, index) => ({
          region,
          view: view && { ...view, live: index > 0 },
        })),
        checks: source.checks.map(({ check, view }) => {
          const { 'us-east': _silent, ...regions } = view?.state.regions ?? {};
          return { check, view: view && { ...view, state: { ...view.state, regions } } };
        }),
      }),
    );
    const page = await open('/operator');
    const healthy = await page.locator('td .sign-pass .mark').first().evaluate(colorOf);
    expect(await page.locator('h1').textContent()).toBe('All 3 checks up, seen in full from 3 of 4 regions');
    for (const told of [page.locator('h1'), page.locator('.verdict').first()])
      expect(await told.evaluate(colorOf)).not.toBe(healthy);
    expect(await page.locator('.verdict').first().textContent()).toContain('Up, seen from 3 of 4 regions');
  });
});

function colorOf(element: Element): string {
  return getComputedStyle(element).color;
}

describe('the link that npm start prints', () => {
  it('signs in at once, and the token leaves the address', async () => {
    const page = await open('/operator/sign-in#token=a-token-of-24-characters');
    await page.waitForURL((url) => url.hash === '');
    await expect.poll(() => posted).toEqual(['token=a-token-of-24-characters&name=&next=%2Foperator']);
  });
});

describe('any other page that the link leads to', () => {
  it('takes the token out of the address too, and posts nothing', async () => {
    const page = await open('/operator#token=a-token-of-24-characters');
    await page.waitForURL((url) => url.hash === '');
    expect(posted).toEqual([]);
  });
});

describe.each(['light', 'dark'] as const)('every page in the %s', (colorScheme) => {
  it.each([
    '/operator',
    '/operator/check',
    '/operator/incident',
    '/operator/run',
    '/operator/dns-run',
    '/operator/odd',
    '/operator/ledger',
    '/operator/ledger-empty',
    '/operator/audit',
    '/operator/sign-in',
    '/acknowledge/open',
    '/acknowledge/taken',
    ...Object.keys(deployPages),
  ])('fits 320 px and can be read by anybody: %s', async (path) => {
    const page = await open(path, { colorScheme, viewport: { width: 320, height: 640 } });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    expect(await page.evaluate(unreadable)).toEqual([]);
    expect(await page.locator('h1').count()).toBe(1);
  });
});

describe('the rollback of a bad deploy', () => {
  it.each([true, false])(
    'takes a question and a yes, with JavaScript or without: %s',
    async (javaScriptEnabled) => {
      const page = await open('/operator/deploy-offered', {
        javaScriptEnabled,
        viewport: { width: 390, height: 800 },
      });
      const link = page.getByRole('link', { name: 'Roll back to 4.2.0' });
      // Seen at once by somebody with a phone in the dark, and hit by their thumb.
      const box = await link.boundingBox();
      expect(box?.height).toBeGreaterThanOrEqual(44);
      expect((box?.y ?? 800) + (box?.height ?? 0)).toBeLessThanOrEqual(800);
      await link.click();
      expect(await page.locator('h1').textContent()).toBe('Roll Portal back from 4.2.1 to 4.2.0?');
      expect(posted).toEqual([]);
      expect(await page.getByLabel('Your name').inputValue()).toBe('Ada Lovelace');
      await page.getByRole('button', { name: 'Yes, roll back to 4.2.0' }).click();
      await expect.poll(() => posted).toEqual(['name=Ada+Lovelace']);
    },
  );
});

describe('the button of an incident', () => {
  it.each([true, false])('posts who has it, with JavaScript or without: %s', async (javaScriptEnabled) => {
    const page = await open('/operator/incident', { javaScriptEnabled });
    const button = page.getByRole('button', { name: 'Acknowledge Portal login #17' });
    expect(await page.getByLabel('Your name').inputValue()).toBe('Ada Lovelace');
    await button.click();
    await expect
      .poll(() => posted)
      .toEqual(['next=%2Foperator%2Fchecks%2Fportal-login%2Fincidents%2F17&name=Ada+Lovelace']);
  });

  it('does not take away a name that is being typed', async () => {
    const page = await open('/operator/incident');
    await page.getByLabel('Your name').fill('Grace');
    const polled = page.waitForResponse((response) => response.url().includes('fragment=1'));
    await page.clock.runFor(2_100);
    await polled;
    await expect.poll(() => page.locator('#freshness').textContent()).toContain('Live');
    expect(await page.getByLabel('Your name').inputValue()).toBe('Grace');
  });
});

describe('the page behind a link', () => {
  it('posts to where it came from', async () => {
    const page = await open('/acknowledge/open', { viewport: { width: 390, height: 844 } });
    await page.getByLabel('Your name').fill('Ada');
    await page.getByRole('button', { name: 'Acknowledge' }).click();
    await expect.poll(() => posted).toEqual(['name=Ada']);
    expect(new URL(page.url()).pathname).toBe('/acknowledge/open');
  });
});

describe('without JavaScript', () => {
  it('the wall is whole: state, ledger, and links to every run', async () => {
    const page = await open('/operator', { javaScriptEnabled: false });
    expect(await page.locator('h1').textContent()).toBe('1 incident open');
    expect(await page.locator('.leg').count()).toBe(8);
    expect(await page.locator('.checks td a').count()).toBe(12);
    expect(await page.locator('noscript meta[http-equiv="refresh"]').count()).toBe(1);
  });
});
