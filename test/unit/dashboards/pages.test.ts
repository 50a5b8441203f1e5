import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { incidentPath, runPath, screenshotPath } from '#core/operator-path.ts';
import type { CheckView } from '#core/view.ts';
import { ASSETS_PATH, assetOf, assetPath, type AssetName } from '#dashboards/assets.ts';
import { incidentPage } from '#dashboards/operator/incident-page.tsx';
import { documentOf } from '#dashboards/operator/layout.tsx';
import { overviewOf } from '#dashboards/operator/overview.ts';
import { runPage } from '#dashboards/operator/run-page.tsx';
import { stripText } from '#dashboards/operator/run-strip.tsx';
import type { RunMark } from '#dashboards/operator/standing.ts';
import { clockText, elapsedText } from '#dashboards/operator/time.tsx';
import { wallPage } from '#dashboards/operator/wall-page.tsx';
import {
  healthySource,
  SAMPLE_NOW_MS,
  sampleConfig,
  sampleSource,
  sampleStoredRun,
} from '#test/fixtures/operator-samples.ts';

async function wall(source = sampleSource()): Promise<string> {
  return String(await documentOf(wallPage(overviewOf(source))));
}

describe('the wall', () => {
  it('begins its title with the state', async () => {
    expect(await wall()).toContain('<title>(1 open) Operator · Latchkey</title>');
    expect(await wall(healthySource())).toContain('<title>(all up) Operator · Latchkey</title>');
  });

  it('tells in words all that it tells in shapes and colours', async () => {
    const html = await wall();
    expect(html).toContain(
      'aria-label="Last 20 runs: 15 passed, 5 invalid. Newest: browser-crash in 300 ms."',
    );
    expect(html).toContain('abstains: browser-crash');
    expect(html).toContain('Blind');
    expect(html).toContain('slowest');
    expect(html).toContain('not the hub’s');
  });

  it('shows a blind check as blind, with no sign of health in its row', async () => {
    const html = await wall();
    const blindRow = html.slice(
      html.indexOf('<tr role="row" class="verdict-blind"'),
      html.indexOf('id="probes"'),
    );
    expect(blindRow).toContain('no region has a vote');
    expect(blindRow).not.toContain('mark-pass');
  });

  it('escapes what people and targets write', async () => {
    const source = sampleSource();
    const hostile = '<img src=x onerror=alert(1)>';
    const html = await wall({
      ...source,
      checks: source.checks.map(({ check, view }) => ({
        check: { ...check, title: hostile, owner: hostile },
        view,
      })),
    });
    expect(html).not.toContain('<img src=x');
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
  });
});

describe('the picture of an incident', () => {
  it('leads to the run, keeps its place, and is loaded when it comes into view', async () => {
    const html = await wall();
    const run = overviewOf(sampleSource()).incidents[0]?.runId ?? '';
    expect(html).toContain(`<a class="screenshot" href="${runPath(run, 'portal-login')}"><img `);
    expect(html).toMatch(/<img src="[^"]+\/screenshot" width="1280" height="720" loading="lazy"/);
    expect(html).toContain('alt="Screenshot of the failed run of Portal login"');
  });

  it('is not there when the run left none', async () => {
    const source = sampleSource();
    const html = await wall({
      ...source,
      checks: source.checks.map(({ check, view }) => {
        const incident = view?.state.incident;
        if (!view || !incident?.cause) return { check, view };
        const withoutPicture = { ...incident, cause: { ...incident.cause, screenshot: false } };
        return { check, view: { ...view, state: { ...view.state, incident: withoutPicture } } };
      }),
    });
    expect(html).toContain('id="incident-portal-login-17"');
    expect(html).not.toContain('<img');
  });
});

describe('an incident’s page', () => {
  async function incidentHtml(view: CheckView | undefined): Promise<string> {
    const [sample] = sampleSource().checks;
    const incident = sample?.view?.incidents[0];
    if (!sample?.view || !incident) throw new Error('the sample has an incident');
    const stored = { incident, deliveries: sample.view.deliveries, nowMs: SAMPLE_NOW_MS };
    const page = incidentPage(sampleConfig, sample.check, stored, view, undefined, SAMPLE_NOW_MS);
    return String(await documentOf(page));
  }

  it('tells how each region stands now, and what the page said', async () => {
    const html = await incidentHtml(healthySource().checks[0]?.view);
    const now = html.slice(html.indexOf('Regions now'), html.indexOf('Way of the page'));
    for (const { title } of sampleConfig.regions) expect(now).toContain(title);
    expect(now.match(/mark-pass/g)).toHaveLength(4);
    expect(html.slice(html.indexOf('The page as sent'))).toContain('fail, 2 failures in a row');
  });

  it('does not invent votes when the check does not answer', async () => {
    const html = await incidentHtml(undefined);
    expect(html).toContain('The check’s object did not answer.');
  });

  it('says once what all regions failed with', async () => {
    const html = await incidentHtml(sampleSource().checks[0]?.view);
    const sent = html.slice(html.indexOf('The page as sent'));
    expect(sent).toContain('All 4 regions');
    expect(sent.match(/http 502: The document answered/g)).toHaveLength(1);
    for (const { title } of sampleConfig.regions) expect(sent).toContain(`<dt>${title}</dt><dd>fail`);
  });
});

describe('a run’s page', () => {
  it('shows what failed, then the picture, then the rest; a long message is folded', async () => {
    const [check] = sampleConfig.checks;
    if (!check) throw new Error('the sample has checks');
    const html = String(await documentOf(runPage(sampleConfig, check, sampleStoredRun(), SAMPLE_NOW_MS)));
    const places = ['class="cause"', '<details class="message">', '<img ', 'class="facts"', 'id="steps"'];
    const order = places.map((place) => html.indexOf(place));
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(html).toContain('<summary>The document answered 502 Bad Gateway.</summary>');
  });

  it('does not fold a message of one line', async () => {
    const [check] = sampleConfig.checks;
    const { run, ...times } = sampleStoredRun();
    if (!check || !run.failure) throw new Error('the sample has a failed run');
    const failure = { ...run.failure, message: 'The connection was refused.' };
    const stored = { ...times, run: { ...run, failure } };
    const html = String(await documentOf(runPage(sampleConfig, check, stored, SAMPLE_NOW_MS)));
    expect(html).not.toContain('<details');
    expect(html).toContain('>The connection was refused.</pre>');
  });

  it('marks only the innermost step that failed, and says whose fault it was', async () => {
    const [check] = sampleConfig.checks;
    if (!check) throw new Error('the sample has checks');
    const html = String(await documentOf(runPage(sampleConfig, check, sampleStoredRun(), SAMPLE_NOW_MS)));
    expect(html.match(/class="step step-failed"/g)).toHaveLength(1);
    expect(html).toMatch(/class="step step-failed"><span class="step-title">.*? Submit the password/);
    expect(html).toContain('The target’s fault');
  });
});

describe('the links in a page', () => {
  it('lead to the operator’s pages', () => {
    const page = sampleSource().checks[0]?.view?.deliveries[0]?.page;
    if (!page) throw new Error('the sample has a page on its way');
    const run = page.runUrl ?? '';
    const runId = decodeURIComponent(run.slice(run.lastIndexOf('/') + 1));
    expect(page.incidentUrl).toBe(sampleConfig.publicUrl + incidentPath(page.check, page.seq));
    expect(run).toBe(sampleConfig.publicUrl + runPath(runId));
    expect(page.screenshotUrl).toBe(sampleConfig.publicUrl + screenshotPath(runId));
  });
});

describe('the strip of runs in words', () => {
  const run: RunMark = {
    runId: 'a.1.1',
    outcome: 'pass',
    late: false,
    startedAtMs: 0,
    durationMs: 1_250,
    failure: undefined,
  };

  it('counts outcomes and names the newest', () => {
    expect(stripText([])).toBe('No runs yet.');
    expect(stripText([run])).toBe('Last 1 run: 1 passed. Newest: passed in 1.2 s.');
    expect(stripText([run, { ...run, outcome: 'fail', failure: 'timeout', late: true }])).toBe(
      'Last 2 runs: 1 passed, 1 failed, 1 late. Newest: timeout in 1.2 s.',
    );
  });
});

describe('times', () => {
  it('are absolute in UTC, with the date when it is not about now', () => {
    expect(clockText(SAMPLE_NOW_MS, SAMPLE_NOW_MS)).toBe('03:12:05 UTC');
    expect(clockText(SAMPLE_NOW_MS - 86_400_000, SAMPLE_NOW_MS)).toBe('20 Nov 2026, 03:12:05 UTC');
  });

  it('are counted in whole seconds below a minute, and never below zero', () => {
    expect([-5, 999, 59_999, 61_000].map(elapsedText)).toEqual(['0 s', '0 s', '59 s', '1 min 1 s']);
  });
});

describe('the files of the pages', () => {
  const folder = new URL('../../../dashboards/public/', import.meta.url);

  it.each(readdirSync(folder) as AssetName[])('hold %s as it is in dashboards/public', (name) => {
    const file = assetPath(name).slice(`${ASSETS_PATH}/`.length);
    expect(file).toMatch(/^[a-z]+\.[0-9a-f]{8}\.[a-z]+$/);
    expect(assetOf(file)?.text).toBe(readFileSync(new URL(name, folder), 'utf8'));
  });
});
