import { describe, expect, it } from 'vitest';
import { WHOLE_RUN } from '#core/canary/pair.ts';
import { deploySubject } from '#core/deploy/telling/subject.ts';
import { deployPagePath, rollbackFormPath } from '#core/operator-path.ts';
import { acknowledgeDocument } from '#dashboards/operator/acknowledge-page.tsx';
import { subjectPath } from '#dashboards/operator/acknowledge-subject.ts';
import { auditPage } from '#dashboards/operator/audit-page.tsx';
import { checkPage } from '#dashboards/operator/check-page.tsx';
import { oddsText, rateText } from '#dashboards/operator/deploy-checks.tsx';
import { deployHeadline, type DeployTone } from '#dashboards/operator/deploy-headline.ts';
import { deployIncident } from '#dashboards/operator/deploy-incident.ts';
import { serviceLines } from '#dashboards/operator/deploy-line.ts';
import { withDeploys } from '#dashboards/operator/deploy-marks.tsx';
import { commandText } from '#dashboards/operator/deploy-next.tsx';
import { deployPage } from '#dashboards/operator/deploy-page.tsx';
import { deploysPage } from '#dashboards/operator/deploys-page.tsx';
import { incidentPage } from '#dashboards/operator/incident-page.tsx';
import { documentOf, fragmentOf } from '#dashboards/operator/layout.tsx';
import { ledgerPage } from '#dashboards/operator/ledger-page.tsx';
import { overviewOf } from '#dashboards/operator/overview.ts';
import { rollbackPage } from '#dashboards/operator/rollback-page.tsx';
import { runPage } from '#dashboards/operator/run-page.tsx';
import { stripText } from '#dashboards/operator/run-strip.tsx';
import { cellOf } from '#dashboards/operator/standing.ts';
import { wallPage } from '#dashboards/operator/wall-page.tsx';
import {
  DEPLOY_STATES,
  deployedSource,
  sampleMark,
  type DeploySample,
  type DeployState,
} from '#test/fixtures/deploy-samples.ts';
import {
  healthySource,
  SAMPLE_NOW_MS,
  sampleConfig,
  sampleFailure,
  sampleLedger,
  sampleLedgerReport,
  sampleRun,
} from '#test/fixtures/operator-samples.ts';

const PAGE = deployPagePath('portal', 1);

async function pageOf({ config, deploy, view }: DeploySample, seen = true): Promise<string> {
  return String(await documentOf(deployPage(config, deploy, seen ? view : undefined, 'Ada', SAMPLE_NOW_MS)));
}

function shown(state: DeployState): Promise<string> {
  return pageOf(DEPLOY_STATES[state]());
}

describe('the verdict on a deploy', () => {
  it.each<[DeployState, DeployTone, string]>([
    ['checklist', 'running', 'Portal 4.2.1 waits for its checklist'],
    ['running', 'running', 'Portal 4.2.1 is being verified'],
    ['good', 'up', 'Portal 4.2.1 is good'],
    ['offered', 'down', 'Portal 4.2.1 is bad and needs you'],
    ['command', 'down', 'Portal 4.2.1 is bad and needs you'],
    ['no-way', 'down', 'Portal 4.2.1 is bad and needs you'],
    ['asked', 'warning', 'Portal 4.2.1 is bad and is being rolled back to 4.2.0'],
    ['again', 'warning', 'Portal 4.2.1 is bad: rolled back, and 4.2.0 is being verified'],
    ['rolled-back', 'up', 'Portal 4.2.1 was bad and is rolled back: 4.2.0 is healthy again'],
    ['rollback-failed', 'down', 'Portal 4.2.1 is bad and its rollback failed: it needs you'],
    ['both-failing', 'down', 'Both versions fail: an outage, not Portal 4.2.1'],
    ['cannot-tell', 'blind', 'Cannot tell whether Portal 4.2.1 is good'],
    ['blocked', 'warning', 'Portal 4.2.1 was not verified: its checklist is not met'],
  ])('%s is %s: “%s”, before anything else', async (state, tone, text) => {
    const { deploy } = DEPLOY_STATES[state]();
    expect(deployHeadline(deploy)).toMatchObject({ tone, text });
    const html = await shown(state);
    expect(html).toContain(`tone-${tone}`);
    const order = [text, 'class="reason"', 'What to do next', 'id="timeline"'].map((part) =>
      html.indexOf(part),
    );
    expect(order).not.toContain(-1);
    // The title says it first.
    order[0] = html.indexOf(`<h1 id="headline" aria-live="polite">${text}`);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('is green only of a version that was seen to be good, or healthy again', () => {
    for (const [state, sample] of Object.entries(DEPLOY_STATES))
      if (deployHeadline(sample().deploy).tone === 'up') expect(['good', 'rolled-back']).toContain(state);
  });

  it('needs nobody for a bad version that a later one has replaced', () => {
    const { deploy } = DEPLOY_STATES.offered();
    const over = { ...deploy, phase: 'ended' as const };
    expect(deployHeadline(over).short).toBe('bad, needs you');
    expect(deployHeadline(over, false)).toMatchObject({
      tone: 'warning',
      short: 'bad, a later one took its place',
    });
  });

  it('tells of one that goes on how long it has, and what is waited for until when', async () => {
    const html = await shown('running');
    expect(html).toMatch(
      /<strong><span data-since="\d+">34 s<\/span><\/strong> so far\. Waits for 1 run under way/,
    );
    expect(html).toContain('It is decided at the latest at <time');
    expect(await shown('checklist')).toContain('Waits for Assets are in every cache.');
  });
});

describe('what to do about a deploy', () => {
  const form = `href="${rollbackFormPath('portal', 1)}"`;

  it('is a button to the version before, as long as nobody has asked for it', async () => {
    const html = await shown('offered');
    expect(html).toContain(form);
    expect(html).toContain('Roll back to 4.2.0');
    expect(html).toContain('GitHub workflow rollback.yml of example/portal');
    for (const state of ['asked', 'again', 'rolled-back', 'good', 'running', 'both-failing'] as const)
      expect(await shown(state)).not.toContain(form);
  });

  it('is another try where the rollback failed, with what it said', async () => {
    const html = await shown('rollback-failed');
    expect(html).toContain(form);
    expect(html).toContain('Try again to roll back');
    expect(html).toContain('<pre>api.github.com answered 404: no such workflow</pre>');
  });

  it('is the command to run where no button can do it, and one’s own way where there is none', async () => {
    const html = await shown('command');
    expect(html).not.toContain(form);
    expect(html).toContain('The hub cannot run it');
    expect(html).toContain('./deploy.sh --to &#39;4.2.0&#39;\\&#39;&#39;s build&#39;');
    const none = await shown('no-way');
    expect(none).not.toContain(form);
    expect(none).toContain('the configuration names no way');
  });

  it('is to wait while it is being rolled back, and until when', async () => {
    const html = await shown('asked');
    expect(html).toMatch(
      /People are paged if 4\.2\.0 is not healthy by[\s\S]*Wait\. [\s\S]*by the configuration, unattended/,
    );
  });

  it('has a button for whoever takes the page, until somebody has', async () => {
    const sample = DEPLOY_STATES.paged();
    const html = await pageOf(sample);
    expect(html).toContain('action="/operator/acknowledge/deploy.portal/1"');
    expect(html).toContain('value="Ada"');
    const { incident } = sample.view;
    if (!incident) throw new Error('the sample has a page');
    const taken = {
      ...sample.view,
      incident: { ...incident, acknowledged: { atMs: SAMPLE_NOW_MS - 9_000, by: 'Grace', via: 'oncall' } },
    };
    const known = await pageOf({ ...sample, view: taken });
    expect(known).not.toContain('action="/operator/acknowledge');
    expect(known).toContain('<strong>Grace</strong> has it');
    // To roll back is another matter than to have it.
    expect(known).toContain(form);
  });

  it('blames no deploy for an outage, and lifts the freeze only of the service that has one', async () => {
    const html = await shown('both-failing');
    expect(html).toContain('Going back to 4.2.0 would not help');
    expect(html).toContain('action="/operator/deploys/portal/lift-freeze"');
    expect(await shown('offered')).not.toContain('lift-freeze');
  });

  it('asks once more, on a page that stays as it is while somebody types', async () => {
    const { config, deploy } = DEPLOY_STATES.offered();
    const html = String(await documentOf(rollbackPage(config, deploy, 'Ada', SAMPLE_NOW_MS)));
    expect(html).toContain('Roll Portal back from 4.2.1 to 4.2.0?');
    expect(html).toContain(`<form method="post" action="${rollbackFormPath('portal', 1)}"`);
    expect(html).toContain('Yes, roll back to 4.2.0');
    expect(html).not.toContain('data-live');
    expect(html).not.toContain('http-equiv="refresh"');
  });

  it('quotes a command as a shell wants it', () => {
    expect(commandText(['kubectl', 'set', 'image', 'a=b:1.2', "it's", '$(x)', ''])).toBe(
      String.raw`kubectl set image a=b:1.2 'it'\''s' '$(x)' ''`,
    );
  });
});

describe('a deploy’s page', () => {
  it('has both sides beside each other, and every run of the grid a step away', async () => {
    const sample = DEPLOY_STATES.running();
    const html = await pageOf(sample);
    expect(html).toContain('4.2.1 canary');
    expect(html).toContain('4.2.0 baseline');
    expect(html).toContain('1 of 25');
    for (const pair of sample.deploy.verification?.pairs ?? [])
      for (const half of [pair.canary, pair.baseline])
        if (half) expect(html).toContain(`href="/operator/runs/${half.runId}?check=portal-login"`);
    expect(html.match(/class="half half-fail"/g)).toHaveLength(1);
    expect(html).toMatch(/aria-label="Pair \d+, canary: failed, http 500, 1\.0 s, asked at/);
    expect(html.match(/class="half half-pending" role="img"/g)).toHaveLength(2);
    expect(html).toContain('49 passed');
    expect(html).not.toContain('the earlier ones count');
    const { verification } = sample.deploy;
    const last = verification && { ...verification, pairs: verification.pairs.slice(-4) };
    expect(await pageOf({ ...sample, deploy: { ...sample.deploy, verification: last } })).toContain(
      'The last 4 of 26: the earlier ones count, too.',
    );
  });

  it('tells a lost run and an invalid one from a failed one', async () => {
    const lost = await shown('cannot-tell');
    expect(lost).toContain('half-lost');
    expect(lost).not.toContain('half-fail');
    expect(await shown('offered')).toContain('half-invalid');
  });

  it('shows the verification after the rollback as one of the version before', async () => {
    const html = await shown('rolled-back');
    const again = html.slice(html.indexOf('id="again"'), html.indexOf('id="checklist"'));
    expect(again).toContain('is 4.2.0 healthy?');
    expect(again).toContain('All 49 runs passed.');
    expect(again).not.toContain('canary');
    expect(again).not.toContain('baseline');
  });

  it('puts what is not met first in the checklist, with its evidence', async () => {
    const html = await shown('blocked');
    const list = html.slice(html.indexOf('id="checklist"'), html.indexOf('id="timeline"'));
    expect(list).toMatch(/not met[\s\S]*Portal login fails in 4 of 4 regions[\s\S]*No freeze/);
  });

  it('lists what happened and what was sent, a page with its way', async () => {
    const html = await shown('paged');
    const timeline = html.slice(html.indexOf('id="timeline"'));
    expect(timeline).toMatch(/announced by pipeline[\s\S]*bad: 3 of 3[\s\S]*people are paged/);
    expect(timeline).toMatch(/Decided to page[\s\S]*Accepted by a pager[\s\S]*oncall/);
    expect(timeline).toContain('<span class="hush">notice</span>');
  });

  it('does not take a service that does not answer for one that told nobody', async () => {
    const html = await pageOf(DEPLOY_STATES.paged(), false);
    expect(html).toContain('did not answer, so what was sent is not known');
    expect(html).not.toContain('Nobody was told anything');
  });

  it('comes anew by script as by itself: the fragment is the same page', async () => {
    const { config, deploy, view } = DEPLOY_STATES.running();
    const props = deployPage(config, deploy, view, 'Ada', SAMPLE_NOW_MS);
    const fragment = String(await fragmentOf(props));
    expect(fragment).toContain('data-title="(being verified) Portal 4.2.1 · Latchkey"');
    expect(String(await documentOf(props))).toContain(fragment);
  });

  it('escapes whatever pipelines, targets and people write', async () => {
    const hostile = '<img src=x onerror=alert(1)>';
    const put = <T>(value: T): T =>
      JSON.parse(
        JSON.stringify(value, (key, part: unknown) =>
          typeof part === 'string' &&
          /^(version|previousVersion|commit|by|reason|title|text|why|summary|lastError|failure|step|canary|baseline|reference|askedBy)$/.test(
            key,
          )
            ? hostile
            : Array.isArray(part) && (key === 'evidence' || key === 'warnings')
              ? [hostile]
              : part,
        ),
      ) as T;
    for (const [, make] of Object.entries(DEPLOY_STATES)) {
      const { config, deploy, view } = make();
      const sample = { config, deploy: put(deploy), view: put(view) };
      const pages = [
        await pageOf(sample),
        String(await documentOf(rollbackPage(config, sample.deploy, hostile, SAMPLE_NOW_MS))),
        String(
          await documentOf(
            deploysPage([{ service: 'portal', title: hostile, view: sample.view }], SAMPLE_NOW_MS),
          ),
        ),
      ];
      for (const html of pages) {
        expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
        expect(html).not.toContain('<img src=x');
      }
    }
  });

  it('never tells a selector’s value', async () => {
    for (const state of Object.keys(DEPLOY_STATES) as DeployState[])
      expect(await shown(state)).not.toContain('open-sesame');
  });
});

describe('what is compared beside the runs', () => {
  it('is how long steps take, and real attempts, each side in its column', async () => {
    const sample = DEPLOY_STATES.running();
    const { verification } = sample.deploy;
    if (!verification) throw new Error('the sample is being verified');
    const checks = verification.checks.map((check) => ({
      ...check,
      warnings: ['Step “Sign in” takes 4.1 s on the canary and 1.9 s on the baseline.'],
      steps: [
        { step: WHOLE_RUN, canaryMs: 6_200, baselineMs: 5_900, verdict: 'alike' as const },
        { step: 'Sign in', canaryMs: 4_100, baselineMs: 1_900, verdict: 'slower' as const },
      ],
      realAttempts: {
        canary: { attempts: 310, failures: 31 },
        baseline: { attempts: 9_000, failures: 9 },
      },
    }));
    const deploy = {
      ...sample.deploy,
      verification: { ...verification, checks },
      warnings: checks[0]?.warnings ?? [],
    };
    const html = await pageOf({ ...sample, deploy });
    const rows = [...html.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([row]) =>
      row.replaceAll(/(?:<[^>]+>|\s)+/g, ' '),
    );
    const rowOf = (text: string) => rows.find((row) => row.includes(text));
    expect(rowOf('Real attempts')).toContain('31 of 310 10 % 9 of 9000 0.10 %');
    expect(rowOf('Median of the whole run')).toContain('alike 6.2 s 5.9 s');
    expect(rowOf('Median of Sign in')).toContain('slower 4.1 s 1.9 s');
    // Told once, beside the figures.
    expect(html.match(/takes 4\.1 s on the canary/g)).toHaveLength(1);
  });
});

describe('figures of a verification', () => {
  it('are shares that are never rounded to nothing', () => {
    expect([rateText(0, 9), rateText(1, 25), rateText(3, 3), rateText(1, 3_000), rateText(1, 1e7)]).toEqual([
      '0 %',
      '4.0 %',
      '100 %',
      '0.03 %',
      'under 0.01 %',
    ]);
  });

  it('are odds against chance', () => {
    expect([1, 3.75, 24.76, 1e9].map(oddsText)).toEqual([
      'nothing speaks against chance',
      '3.8 to 1 against chance',
      '25 to 1 against chance',
      'over 1,000,000 to 1 against chance',
    ]);
  });
});

describe('the page of all services', () => {
  it('has their freeze and their deploys, and says of which nothing is known', async () => {
    const { services } = deployedSource();
    const html = String(await documentOf(deploysPage(services, SAMPLE_NOW_MS)));
    expect(html).toContain('<title>(1 bad) Deploys · Latchkey</title>');
    expect(html).toContain('Deploys are frozen');
    expect(html.match(/lift-freeze/g)).toHaveLength(1);
    expect(html).toContain(`href="${PAGE}"`);
    expect(html).toContain('nothing is known of its deploys now');
    expect(html).toContain('being verified');
  });

  it('says so when there is none', async () => {
    expect(String(await documentOf(deploysPage([], SAMPLE_NOW_MS)))).toContain('No service is configured');
  });
});

describe('the wall', () => {
  it('has a line for a deploy that goes on or went bad, for a freeze and for what is not known; none for health', async () => {
    const html = String(await documentOf(wallPage(overviewOf(deployedSource()))));
    const lines = html.slice(html.indexOf('class="deploy-lines"'), html.indexOf('id="checks"'));
    expect(lines.match(/<li/g)).toHaveLength(4);
    expect(lines).toContain('Deploys of Portal are frozen');
    expect(lines).toContain('Both versions fail: an outage, not Portal 4.2.1');
    expect(lines).toContain('Exams 4.2.1 is being verified');
    expect(lines).toContain('Nothing is known of the deploys of Library');
    expect(lines).not.toContain('Calm');
    const calm = String(await documentOf(wallPage(overviewOf(healthySource()))));
    expect(calm).not.toContain('deploy-lines');
  });

  it('forgets a bad deploy after a watch', () => {
    const { view } = DEPLOY_STATES['rolled-back']();
    const lines = (nowMs: number) => serviceLines([{ service: 'portal', title: 'Portal', view }], nowMs);
    expect(lines(SAMPLE_NOW_MS + 7 * 3_600_000)[0]?.deploys).toHaveLength(1);
    expect(lines(SAMPLE_NOW_MS + 9 * 3_600_000)).toEqual([]);
  });
});

describe('a deploy among the runs of a check', () => {
  const [first] = deployedSource().checks;
  if (!first?.view) throw new Error('the sample has a check');
  const { check, view } = first;

  it('is a flag in the strips, told in words too, with a legend and a link', async () => {
    const html = String(await documentOf(checkPage(sampleConfig, check, view, SAMPLE_NOW_MS)));
    // A strip for each region, and the legend's.
    expect(html.match(/class="strip-deploy"/g)).toHaveLength(4 + 2);
    expect(html).toContain('Portal 4.2.1 was deployed before the last 2 runs.');
    const legend = html.slice(html.indexOf('class="deploy-marks"'), html.indexOf('id="regions"'));
    expect(legend).toMatch(
      /Portal 4\.2\.1[\s\S]*was 4\.2\.0[\s\S]*bad[\s\S]*rolled back[\s\S]*Portal 4\.2\.0/,
    );
    expect(legend).toContain(`href="${deployPagePath('portal', 7)}"`);
    expect(html.match(/<tr class="deployed"/g)).toHaveLength(4);
  });

  it('stands between the runs before and after it', () => {
    const runs = view.runs['us-east'] ?? [];
    const [newest] = runs;
    const oldest = runs.at(-1);
    if (!newest || !oldest) throw new Error('the sample has runs');
    const placed = (atMs: number) =>
      withDeploys(runs, [sampleMark(SAMPLE_NOW_MS - atMs)]).findIndex((line) => 'deploy' in line);
    expect(placed(newest.startedAtMs + 1)).toBe(0);
    expect(placed(newest.startedAtMs - 1)).toBe(1);
    expect(placed(oldest.startedAtMs)).toBe(runs.length - 1);
    expect(placed(oldest.startedAtMs - 1)).toBe(-1);
  });

  it('is told in words wherever it lies', () => {
    const run = (startedAtMs: number) => ({
      runId: 'a.1.1',
      outcome: 'pass' as const,
      late: false,
      startedAtMs,
      durationMs: 900,
      failure: undefined,
    });
    const strip = [run(SAMPLE_NOW_MS - 9_000), run(SAMPLE_NOW_MS - 5_000)];
    expect(stripText(strip, [sampleMark(1_000)])).toContain('Portal 4.2.1 was deployed after them.');
    expect(stripText(strip, [sampleMark(6_000)])).toContain('was deployed before the last run.');
    expect(stripText(strip, [sampleMark(10_000)])).not.toContain('deployed');
  });

  it('does not show the runs on its canary as the state of what everybody gets', () => {
    const state = view.state.regions['us-east'];
    const line = (seq: number, startedAtMs: number, apart: boolean) => ({
      ...sampleRun(check, 'us-east', seq, startedAtMs, 900, apart ? sampleFailure : undefined),
      receivedAtMs: startedAtMs + 1_000,
      late: false,
      deploy: {
        service: 'portal',
        n: 7,
        pair: 1,
        side: apart ? ('canary' as const) : ('baseline' as const),
        apart,
      },
    });
    const runs = [line(3, SAMPLE_NOW_MS - 4_000, true), line(2, SAMPLE_NOW_MS - 5_000, false)];
    const cell = cellOf(check, { id: 'us-east', title: 'US East' }, state, runs, SAMPLE_NOW_MS);
    expect(cell.strip.map(({ outcome }) => outcome)).toEqual(['pass']);
    expect(cell.lastRun?.runId).toBe('us-east-1.1.2');
  });
});

describe('an incident soon after a deploy', () => {
  const [first] = deployedSource().checks;
  const incident = first?.view?.incidents[0];
  if (!first?.view || !incident) throw new Error('the sample has an incident');
  const { check, view } = first;
  const shownWith = async (after = incident.deploy): Promise<string> => {
    const stored = {
      incident: { ...incident, deploy: after },
      deliveries: view.deliveries,
      nowMs: SAMPLE_NOW_MS,
    };
    return String(
      await documentOf(incidentPage(sampleConfig, check, stored, view, undefined, SAMPLE_NOW_MS)),
    );
  };

  it('names it, and has deploy, decision and rollback in their places among the legs', async () => {
    const html = await shownWith();
    expect(html).toMatch(
      /<strong>12\.0 s<\/strong> after <a href="\/operator\/deploys\/portal\/7">Portal 4\.2\.1<\/a> \(was 4\.2\.0\): bad, rolled back/,
    );
    const way = html.slice(html.indexOf('Way of the page'), html.indexOf('id="deliveries"'));
    const places = [
      'Portal 4.2.1 deployed',
      'First failed run began',
      'Re-runs asked everywhere',
      'Portal 4.2.1: bad',
      'Decided to page',
      'Page sent',
      'Rolled back to 4.2.0',
      'Accepted by a pager',
    ].map((text) => way.indexOf(text));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(way).toContain('12.0 s before');
  });

  it('says how to take it back as long as nobody has', async () => {
    const after = { deploy: sampleMark(50_000), afterMs: 12_000 };
    const html = await shownWith(after);
    expect(html).toContain('To roll back: gh workflow run rollback.yml');
    expect(await shownWith()).not.toContain('To roll back');
    expect(html).not.toContain('Rolled back to');
  });

  it('escapes what the deploy is called', async () => {
    const hostile = '<img src=x onerror=alert(1)>';
    const deploy = sampleMark(50_000, {
      title: hostile,
      version: hostile,
      previousVersion: hostile,
      rollback: hostile,
      outcome: hostile,
    });
    const html = await shownWith({ deploy, afterMs: 1 });
    expect(html).toContain('&lt;img src=x');
    expect(html).not.toContain('<img src=x');
  });

  it('is named in the ledger of many', async () => {
    const [entry, ...others] = sampleLedger();
    if (!entry) throw new Error('the sample has incidents');
    const report = sampleLedgerReport([{ ...entry, deploy: incident.deploy }, ...others]);
    const html = String(await documentOf(ledgerPage(report, sampleConfig.checks, undefined, SAMPLE_NOW_MS)));
    expect(html.match(/12\.0 s after/g)).toHaveLength(1);
  });
});

describe('a run that verifies a deploy', () => {
  const [check] = sampleConfig.checks;
  if (!check) throw new Error('the sample configuration has checks');
  const shownAs = async (apart: boolean): Promise<string> => {
    const run = {
      ...sampleRun(check, 'us-east', 4, SAMPLE_NOW_MS - 9_000, 900, sampleFailure),
      trigger: 'deploy' as const,
      deploy: { service: 'portal', n: 7, pair: 12, side: 'canary' as const, apart },
    };
    const stored = { run, startedAtMs: run.startedAtMs, receivedAtMs: SAMPLE_NOW_MS, late: false };
    return String(await documentOf(runPage(sampleConfig, check, stored, SAMPLE_NOW_MS)));
  };

  it('says which side of which pair it was, and whether it votes', async () => {
    const apart = await shownAs(true);
    expect(apart).toMatch(
      /<a href="\/operator\/deploys\/portal\/7">portal deploy #7<\/a>, canary of pair 12/,
    );
    expect(apart).toContain('has no vote on what everybody gets');
    expect(apart).not.toContain('this run votes against it');
    expect(await shownAs(false)).toContain('this run votes against it');
  });
});

describe('a page about a deploy', () => {
  it('is told behind its link by why it was sent, and leads to the deploy', async () => {
    const { config, view } = DEPLOY_STATES.paged();
    const incident = deployIncident(config, view, 1);
    if (!incident) throw new Error('the sample has a page');
    expect(deployIncident(config, view, 2)).toBeUndefined();
    const html = String(await acknowledgeDocument({ incident, name: 'Ada', nowMs: SAMPLE_NOW_MS }));
    expect(html).toContain('Portal 4.2.1 is bad and still there');
    expect(html).toContain(`<a href="${PAGE}">The deploy</a>`);
    expect(html).toContain('the deploy stays as it is');
    expect(subjectPath(deploySubject('portal'), 1)).toBe(PAGE);
  });

  it('is over with it', () => {
    const { config, view } = DEPLOY_STATES.paged();
    const { incident } = view;
    const over = incident && { ...incident, resolvedAtMs: SAMPLE_NOW_MS };
    expect(deployIncident(config, { ...view, incident: over }, 1)?.status).toBe('resolved');
  });
});

describe('the audit page', () => {
  it('tells who announced, rolled back and lifted a freeze, with a link to the deploy', async () => {
    const line = { who: 'Ada', check: deploySubject('portal'), seq: 7 };
    const html = String(
      await documentOf(
        auditPage(
          [
            { ...line, atMs: SAMPLE_NOW_MS, action: 'rollback', via: 'operator' },
            { ...line, atMs: SAMPLE_NOW_MS, action: 'deploy', via: 'pipeline' },
            { ...line, atMs: SAMPLE_NOW_MS, action: 'freeze-lift', via: 'operator' },
            { ...line, atMs: SAMPLE_NOW_MS, action: 'rollback', via: 'setting' },
          ],
          SAMPLE_NOW_MS,
        ),
      ),
    );
    expect(html).toContain('asked for the rollback of <a href="/operator/deploys/portal/7">portal #7</a>');
    for (const words of [
      'announced',
      'lifted the freeze of',
      'by the pipeline',
      'by the configuration, unattended',
    ])
      expect(html).toContain(words);
  });
});
