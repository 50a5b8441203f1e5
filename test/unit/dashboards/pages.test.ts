import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { incidentPath, runPath, screenshotPath } from '#core/operator-path.ts';
import type { CheckView } from '#core/view.ts';
import { ASSETS_PATH, assetOf, assetPath, type AssetName } from '#dashboards/assets.ts';
import { acknowledgeDocument } from '#dashboards/operator/acknowledge-page.tsx';
import type { AcknowledgeSubject } from '#dashboards/operator/acknowledge-subject.ts';
import { incidentPage } from '#dashboards/operator/incident-page.tsx';
import { documentOf } from '#dashboards/operator/layout.tsx';
import { ledgerPage, percentText } from '#dashboards/operator/ledger-page.tsx';
import { overviewOf } from '#dashboards/operator/overview.ts';
import { runPage } from '#dashboards/operator/run-page.tsx';
import { stripText } from '#dashboards/operator/run-strip.tsx';
import type { RunMark } from '#dashboards/operator/standing.ts';
import { clockText, elapsedText } from '#dashboards/operator/time.tsx';
import { wallPage } from '#dashboards/operator/wall-page.tsx';
import {
  healthySource,
  oddSource,
  SAMPLE_NOW_MS,
  sampleConfig,
  sampleDnsCheck,
  sampleDnsRun,
  sampleLedger,
  sampleLedgerReport,
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

describe('the wall when much is odd at once', () => {
  it('shows who watches the hub: sight, the last drill’s measures, watchdogs, and what is overdue', async () => {
    const html = await wall(oddSource());
    expect(html).toContain('1 of 4 regions report');
    expect(html).toContain('action="/operator/acknowledge/network/2"');
    expect(html).toContain('A drill is overdue');
    expect(html).toContain('oncall: accepted in 612 ms');
    expect(html).toContain('not pinged, on purpose');
    expect(html).toContain('watchdog 1 answered 502');
    expect(html).toContain('Maintenance “Learning platform upgrade”');
    expect(html).toContain('In maintenance until');
  });

  it('shows regions that the hub itself asks from as what they are, and that they do not count beside probes', async () => {
    const html = await wall(oddSource());
    const [, row] = html.slice(html.indexOf('id="probes"')).split('Edge Europe');
    expect(row).toMatch(
      /the hub itself, in a Worker[\s\S]*alarms, asked for near weur[\s\S]*none: asks DNS only/,
    );
    expect(html).toContain('the hub itself is to ask from here, and has not begun yet');
    expect(html).toContain('; 2 regions of the hub’s own not counted');
  });

  it('does not take a network object that does not answer for sight', async () => {
    const html = await wall({ ...healthySource(), network: undefined });
    expect(html).toContain('The network’s object did not answer.');
    expect(html).not.toContain('regions live');
  });
});

describe('the page behind a link', () => {
  const [incident] = overviewOf(sampleSource()).incidents;
  if (!incident) throw new Error('the sample has an incident');
  const shown = async (more: Partial<AcknowledgeSubject>): Promise<string> =>
    String(
      await acknowledgeDocument({ incident: { ...incident, ...more }, name: 'Ada', nowMs: SAMPLE_NOW_MS }),
    );

  it('tells what the message told, and no more: neither address nor error text', async () => {
    const html = await shown({ escalatesAtMs: SAMPLE_NOW_MS + 240_000 });
    expect(html).toContain('Portal login');
    expect(html).toContain('<strong>http 502</strong>');
    expect(html).toContain('else others are woken at');
    expect(html).toContain('value="Ada"');
    expect(html).not.toContain('login.example.edu');
    expect(html).not.toContain('Call log');
    expect(html).not.toContain('Sign out');
  });

  it('has no button once somebody has it, or it is over', async () => {
    const acknowledged = { atMs: SAMPLE_NOW_MS - 5_000, by: 'Grace', via: 'oncall' };
    const taken = await shown({ acknowledged });
    expect(taken).toContain('<strong>Grace</strong> has it');
    expect(taken).toContain('told by oncall');
    const over = await shown({ status: 'resolved', resolvedAtMs: SAMPLE_NOW_MS });
    expect(over).toContain('there is nothing to acknowledge');
    for (const html of [taken, over]) expect(html).not.toContain('<form');
  });
});

describe('the ledger over many incidents', () => {
  const shown = async (entries = sampleLedger()): Promise<string> => {
    const report = sampleLedgerReport(entries);
    return String(await documentOf(ledgerPage(report, sampleConfig.checks, 'lti-launch', SAMPLE_NOW_MS)));
  };

  it('says whether the objective is kept, and what does not count', async () => {
    const html = await shown();
    expect(html).toContain('Objective missed');
    expect(html).toContain('4 of 5 pages in time (80 %); the objective is 99 % within 2 min');
    expect(html).toContain('Not counted: 1 on its way, 1 held by maintenance, 1 paged by a probe itself');
    expect(html).toContain('<option value="lti-launch" selected="">');
    expect(html).toContain('retired-check #2');
    expect(html).not.toContain('href="/operator/checks/retired-check');
  });

  it('never rounds up to what was not kept', () => {
    expect([0.99, 0.98999, 1, 0.9999, 0].map(percentText)).toEqual([
      '99 %',
      '98.9 %',
      '100 %',
      '99.9 %',
      '0 %',
    ]);
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
  async function incidentHtml(
    view: CheckView | undefined,
    [sample] = sampleSource().checks,
    name?: string,
  ): Promise<string> {
    const incident = sample?.view?.incidents[0];
    if (!sample?.view || !incident) throw new Error('the sample has an incident');
    const stored = { incident, deliveries: sample.view.deliveries, nowMs: SAMPLE_NOW_MS };
    const page = incidentPage(sampleConfig, sample.check, stored, view, name, SAMPLE_NOW_MS);
    return String(await documentOf(page));
  }

  it('has a button for whoever takes it, with the name they gave before, escaped', async () => {
    const html = await incidentHtml(undefined, undefined, '"><script>');
    expect(html).toContain('<form method="post" action="/operator/acknowledge/portal-login/17"');
    expect(html).toContain('value="&quot;&gt;&lt;script&gt;"');
    expect(html).toContain('Nobody has it yet');
  });

  it('says who has it and has no button then, names its group, its roles, and what was not needed', async () => {
    const source = oddSource();
    const html = await incidentHtml(source.checks[0]?.view, source.checks);
    expect(html).toContain('<strong>Ada Lovelace</strong> has it');
    expect(html).not.toContain('action="/operator/acknowledge/');
    expect(html).toContain('href="/operator/checks/expired-session/incidents/9"');
    expect(html).toContain('flapping');
    for (const role of ['escalation', 'fallback', 'notice'])
      expect(html).toContain(`<span class="hush">${role}</span>`);
    expect(html).toContain('not needed: acknowledged by Ada Lovelace');
    expect(html).toContain('Run overdue, told while it ran');
    expect(html.match(/<h2 id="page-/g)).toHaveLength(1);
  });

  it('says that a window holds the page, and how slow it is', async () => {
    const source = oddSource();
    const html = await incidentHtml(source.checks[1]?.view, source.checks.slice(1));
    expect(html).toContain('<strong>slow</strong>: 9.4 s instead of 2.9 s in 3 regions');
    expect(html).toContain('Held by maintenance until');
    expect(html).toContain('Nobody has been woken for it');
    expect(html).toContain('Slow run began');
  });

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

  it('of a DNS check says what was found, how much room is left, and what was asked', async () => {
    const html = String(
      await documentOf(runPage(sampleConfig, sampleDnsCheck, sampleDnsRun(), SAMPLE_NOW_MS)),
    );
    const places = ['class="cause"', 'id="findings"', 'id="sizes"', 'id="questions"', 'id="steps"'];
    const order = places.map((place) => html.indexOf(place));
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(html).toContain('B16 client profiles');
    expect(html).toContain('178 too many');
    expect(html).toContain('531 left');
    expect(html).toContain('EMPTY_TRUNCATED');
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
