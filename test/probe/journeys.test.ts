import { createServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JourneyCheck } from '#core/config.ts';
import { failureLabel } from '#core/failure.ts';
import type { Step } from '#core/run.ts';
import { createJourneyRunner, type JourneyRunnerOptions } from '#probes/runners/journey.ts';
import { RunDeadline } from '#probes/run-deadline.ts';
import { KILL_GRACE_MS, type Runner, type RunResult } from '#probes/runners/runner.ts';
import { aCheck } from '#test/fixtures/builders.ts';
import { eventLog } from '#test/fixtures/event-log.ts';
import type { LoopbackServer } from '#test/fixtures/loopback-server.ts';
import { startOddServer } from '#test/fixtures/odd-server.ts';
import { SELF_SIGNED } from '#test/fixtures/self-signed.ts';
import { writeJourney, writeJourneyFile } from '#test/fixtures/written-journey.ts';

const PASSWORD = 'correct horse/7';
const events = eventLog();
let site: LoopbackServer;
let runner: Runner;
/** The runner's directory is the root: each check's file is an absolute path below it. */
const options: JourneyRunnerOptions = {
  directory: '/',
  env: { ...process.env, PORTAL_PASSWORD: PASSWORD },
  log: events.log,
};

beforeAll(async () => {
  site = await startOddServer();
  runner = createJourneyRunner(options);
});
afterAll(async () => {
  await runner.close();
  await site.close();
});

async function runFile(
  { directory, file }: { directory: string; file: string },
  over: Partial<JourneyCheck> = {},
): Promise<RunResult> {
  const vars = { url: site.url, ...over.vars };
  return runner.run(
    aCheck({ timeoutMs: 10_000, secrets: ['PORTAL_PASSWORD'], ...over, vars, file: `${directory}/${file}` }),
  );
}
const runBody = async (body: string, over?: Partial<JourneyCheck>): Promise<RunResult> =>
  runFile(await writeJourney(body), over);

const labelOf = ({ outcome, failure }: RunResult): string =>
  failure ? `${outcome}: ${failureLabel(failure)}` : outcome;
const shapeOf = (steps: readonly Step[]): unknown[] =>
  steps.map(({ title, error, steps: inner }) => [
    title,
    error,
    ...(inner.length > 0 ? [shapeOf(inner)] : []),
  ]);

const VISIBLE = (text: string): string =>
  `await expect(page.getByText('${text}')).toBeVisible({ timeout: 400 });`;

describe('a journey that ends well', () => {
  test('passes, with its steps, their URLs without query, and no picture', async () => {
    const result = await runBody(`
      await step('Open', async () => {
        await step('Load', () => page.goto(vars.url + '/?token=abc#there'));
        await step('Look', async () => { ${VISIBLE('Welcome')} });
      });`);
    expect(labelOf(result)).toBe('pass');
    expect(shapeOf(result.steps)).toEqual([
      [
        'Open',
        undefined,
        [
          ['Load', undefined],
          ['Look', undefined],
        ],
      ],
    ]);
    expect(result.steps[0]?.url).toBe(`${site.url}/`);
    expect(result.screenshot === undefined).toBe(true);
  });

  test('has a context of its own: nothing of the run before is in it', async () => {
    const body = `await page.goto(vars.url);
      if ((await context.cookies()).length > 0 || await page.evaluate(() => localStorage.length > 0)) throw new Error('not fresh');
      await context.addCookies([{ name: 'a', value: 'b', url: vars.url }]);
      await page.evaluate(() => localStorage.setItem('a', 'b'));
      await context.newPage();`;
    expect(labelOf(await runBody(body))).toBe('pass');
    expect(labelOf(await runBody(body))).toBe('pass');
  });

  test('gets the value of a secret, which is nowhere in the result', async () => {
    const result = await runBody(`
      await page.goto(vars.url);
      await step('as ' + secret('PORTAL_PASSWORD'), () => page.getByLabel('Password').fill(secret('PORTAL_PASSWORD')));
      await expect(page.getByLabel('Password')).toHaveValue('something else', { timeout: 200 });`);
    expect(labelOf(result)).toBe('fail: assertion');
    const text = JSON.stringify(result);
    expect(text).toContain('[secret PORTAL_PASSWORD]');
    expect(text).not.toContain(PASSWORD);
    expect(result.steps[0]?.title).toBe('as [secret PORTAL_PASSWORD]');
  });
});

describe('a target that fails, by class', () => {
  test('dns', async () => {
    const result = await runBody(`await step('Open', () => page.goto('http://no-such-host.invalid/a?b=c'));`);
    expect(labelOf(result)).toBe('fail: dns');
    expect(result.failure).toMatchObject({ step: 'Open', url: 'http://no-such-host.invalid/a' });
    expect(result.failure?.message).not.toContain('b=c');
  });

  test('connect, when nobody listens', async () => {
    const url = `http://127.0.0.1:${await aClosedPort()}/`;
    expect(labelOf(await runBody(`await page.goto('${url}');`))).toBe('fail: connect');
  });

  test('connect, when the connection is reset: at goto, and after a click', async () => {
    expect(labelOf(await runBody(`await page.goto(vars.url + '/reset');`))).toBe('fail: connect');
    const clicked = await runBody(`
      await page.goto(vars.url);
      await page.getByText('To reset').click();
      ${VISIBLE('Your courses')}`);
    expect(labelOf(clicked)).toBe('fail: connect');
    expect(clicked.failure).toMatchObject({ url: `${site.url}/reset` });
  });

  test('tls, for a certificate that nobody has signed', async () => {
    const server = createServer(SELF_SIGNED, (_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect(labelOf(await runBody(`await page.goto('https://127.0.0.1:${port}/');`))).toBe('fail: tls');
      expect(labelOf(await runBody(`await page.request.get('https://127.0.0.1:${port}/');`))).toBe(
        'fail: tls',
      );
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test('timeout, when the page does not come: the request is named, and what was last seen is pictured', async () => {
    const result = await runBody(
      `await page.goto(vars.url); await step('Go on', () => page.getByText('To hang').click());`,
      { timeoutMs: 1_500 },
    );
    expect(labelOf(result)).toBe('fail: timeout');
    expect(result.failure).toMatchObject({ step: 'Go on', url: `${site.url}/hang` });
    expect(result.failure?.message).toBe(`no end within 1.5 s: GET ${site.url}/hang was not answered`);
    expect(isJpeg(result.screenshot)).toBe(true);
    expect(shapeOf(result.steps)).toEqual([['Go on', 'timeout']]);
  });

  test('timeout, when an expectation gives up while the next page has not come', async () => {
    const result = await runBody(`
      await page.goto(vars.url);
      await page.getByRole('button', { name: 'Later' }).click();
      ${VISIBLE('Your courses')}`);
    expect(labelOf(result)).toBe('fail: timeout');
    expect(result.failure?.message).toContain(`GET ${site.url}/hang was not answered; expect(locator)`);
  });

  test('timeout, when the page’s own script never ends', async () => {
    const result = await runBody(
      `await page.goto(vars.url + '/busy'); await page.getByText('Nothing').click();`,
      { timeoutMs: 1_500 },
    );
    expect(labelOf(result)).toBe('fail: timeout');
  });

  test.each([500, 502, 503, 504])('http %i, whatever the journey missed in the page', async (status) => {
    const result = await runBody(`await page.goto(vars.url + '/status/${status}'); ${VISIBLE('Welcome')}`);
    expect(labelOf(result)).toBe(`fail: http ${status}`);
    expect(result.failure).toMatchObject({ httpStatus: status, url: `${site.url}/status/${status}` });
    expect(isJpeg(result.screenshot)).toBe(true);
  });

  test('http, not timeout, when a locator is waited for on an error page', async () => {
    const body = (path: string): string => `await page.goto(vars.url + '${path}', { waitUntil: 'commit' });
      await page.getByText('Sign in').click();`;
    expect(labelOf(await runBody(body('/status/503'), { timeoutMs: 1_500 }))).toBe('fail: http 503');
    expect(labelOf(await runBody(body('/half'), { timeoutMs: 1_500 }))).toBe('fail: http 503');
  });

  test('http, when the journey ends on an error page and has checked nothing', async () => {
    expect(labelOf(await runBody(`await page.goto(vars.url + '/status/503');`))).toBe('fail: http 503');
    expect(labelOf(await runBody(`await page.goto(vars.url + '/status/404');`))).toBe('fail: http 404');
    const seen = await runBody(`await page.goto(vars.url + '/status/403'); ${VISIBLE('Status 403')}`);
    expect(labelOf(seen)).toBe('pass');
  });

  test('whatever the last page shows, an error that the journey swallowed does not pass', async () => {
    const result = await runBody(`await page.goto(vars.url + '/reset').catch(() => undefined);`);
    expect(labelOf(result)).toBe('fail: connect');
  });

  test('timeout, when the journey ends on a page that never answers', async () => {
    const result = await runBody(
      `await page.goto(vars.url); await Promise.all([page.waitForRequest('**/hang'), page.getByRole('button', { name: 'Later' }).click()]);`,
      { timeoutMs: 1_500 },
    );
    expect(labelOf(result)).toBe('fail: timeout');
  });

  test('assertion, with the step, the page and a picture', async () => {
    const result = await runBody(`
      await page.goto(vars.url);
      await step('Outer', () => step('Inner', async () => { ${VISIBLE('Your courses')} }));`);
    expect(labelOf(result)).toBe('fail: assertion');
    expect(result.failure).toMatchObject({ step: 'Outer › Inner', url: `${site.url}/` });
    expect(result.failure?.message).not.toContain('\u001B');
    expect(isJpeg(result.screenshot)).toBe(true);
    expect(shapeOf(result.steps)).toEqual([['Outer', 'assertion', [['Inner', 'assertion']]]]);
  });

  test('navigation, for a redirect that leads to itself', async () => {
    expect(labelOf(await runBody(`await page.goto(vars.url + '/loop');`))).toBe('fail: navigation');
  });
});

describe('a journey with a mistake in it is invalid, and says what it is', () => {
  test.each([
    [
      'a TypeError',
      `(undefined as unknown as { x: string }).x.length;`,
      'invalid: journey-error',
      /undefined/,
    ],
    [
      'an unknown variable',
      `await page.goto(vars.adress);`,
      'invalid: journey-error',
      /vars\.adress: expected one that the check sets \(url\)/,
    ],
    [
      'an unlisted secret',
      `secret('OTHER');`,
      'invalid: missing-secret',
      /secret\('OTHER'\): expected one that the check lists \(PORTAL_PASSWORD\)/,
    ],
    ['a mistake that it catches', `try { secret('OTHER') } catch { }`, 'invalid: missing-secret', /OTHER/],
    ['a URL that is none', `await page.goto('no url');`, 'invalid: journey-error', /invalid URL/],
    [
      'a step that is not awaited',
      `await page.goto(vars.url); void step('Lost', () => page.getByText('x').click());`,
      'invalid: journey-error',
      /not awaited: step "Lost"/,
    ],
    [
      'an expectation that is not awaited',
      `await page.goto(vars.url); void expect(page.getByText('x')).toBeVisible().catch(() => 0);`,
      'invalid: journey-error',
      /not awaited: toBeVisible/,
    ],
    [
      'a page used after closing it',
      `await page.close(); await page.title();`,
      'invalid: journey-error',
      /after closing it/,
    ],
  ])('%s', async (_what, body, label, message) => {
    const result = await runBody(body);
    expect(labelOf(result)).toBe(label);
    expect(result.failure?.message).toMatch(message);
  });

  test('a file that is not there, exports nothing, or something else, is named', async () => {
    const missing = await runFile({ directory: '/nowhere', file: 'a.journey.ts' });
    expect(labelOf(missing)).toBe('invalid: journey-error');
    expect(missing.failure?.message).toContain('/nowhere/a.journey.ts: expected a journey, cannot be loaded');
    const nothing = await runFile(await writeJourneyFile('export const a = 1;'));
    expect(nothing.failure?.message).toMatch(
      /written\.journey\.ts: expected `export default defineJourney\(…\)`, got no default export/,
    );
    const other = await runFile(await writeJourneyFile('export default () => undefined;'));
    expect(other.failure?.message).toContain('got a default export of type function');
  });

  test('a wait for something of its own, to the deadline, is not the target’s fault', async () => {
    const result = await runBody(
      `await page.goto(vars.url); await step('Wait', () => new Promise(() => undefined));`,
      {
        timeoutMs: 1_000,
      },
    );
    expect(labelOf(result)).toBe('invalid: journey-error');
    expect(result.failure).toMatchObject({ step: 'Wait' });
    expect(result.failure?.message).toContain('waiting for something of its own');
  });

  test('but polling the page is waiting for the target', async () => {
    const result = await runBody(
      `await page.goto(vars.url);
       while (!(await page.getByText('Your courses').isVisible())) await new Promise((resolve) => setTimeout(resolve, 200));`,
      { timeoutMs: 1_000 },
    );
    expect(labelOf(result)).toBe('fail: timeout');
    const retried = await runBody(
      `await page.goto(vars.url); await expect(async () => { await expect(page.getByText('x')).toBeVisible({ timeout: 50 }) }).toPass();`,
      { timeoutMs: 1_000 },
    );
    expect(labelOf(retried)).toMatch(/^fail: (timeout|assertion)$/);
  });
});

describe('what a journey throws is its statement about the target', () => {
  test.each([
    ['an Error', `throw new Error('the balance is wrong');`, 'the balance is wrong'],
    ['no Error', `throw 'no balance';`, "the journey threw 'no balance', which is no Error"],
    ['nothing', `return Promise.reject();`, 'the journey threw undefined, which is no Error'],
  ])('%s', async (_what, body, message) => {
    const result = await runBody(body);
    expect(labelOf(result)).toBe('fail: assertion');
    expect(result.failure?.message).toBe(message);
  });
});

describe('what keeps a run from starting is our own fault, and the target is not touched', () => {
  test('a missing secret, and one too short to be removed from messages', async () => {
    const result = await runBody(`await page.goto(vars.url);`, { secrets: ['PORTAL_PASSWORD', 'NOT_SET'] });
    expect(labelOf(result)).toBe('invalid: missing-secret');
    expect(result.failure?.message).toBe(
      'NOT_SET: expected an environment variable of the probe, got nothing',
    );
  });

  test('too little memory', async () => {
    const poor = createJourneyRunner({ ...options, availableMiB: () => Promise.resolve(255.5) });
    const { directory, file } = await writeJourney(`await page.goto(vars.url);`);
    const result = await poor.run(aCheck({ file: `${directory}/${file}`, vars: { url: site.url } }));
    expect(labelOf(result)).toBe('invalid: memory');
    expect(result.failure?.message).toBe('the probe has 255 MiB of memory left, a run needs 256 MiB');
    expect(poor.versions()).toEqual({});
    await poor.close();
  });

  test.each([
    ['/nowhere/chromium', 'invalid: browser-missing', /LATCHKEY_CHROMIUM: expected an executable file/],
    ['/bin/false', 'invalid: browser-crash', /\/bin\/false did not start/],
  ])('a browser that is %s', async (path, label, message) => {
    const without = createJourneyRunner({ ...options, env: { ...options.env, LATCHKEY_CHROMIUM: path } });
    const { directory, file } = await writeJourney(`await page.goto(vars.url);`);
    const result = await without.run(aCheck({ file: `${directory}/${file}` }));
    expect(labelOf(result)).toBe(label);
    expect(result.failure?.message).toMatch(message);
    await without.close();
  });
});

test('at the deadline the run ends within the grace, whatever the journey is doing', async () => {
  const { directory, file } = await writeJourney(`await Promise.all([
    page.goto(vars.url + '/hang'), new Promise(() => undefined), expect(() => { throw new Error('again') }).toPass(),
  ]);`);
  const check = aCheck({ timeoutMs: 1_000, file: `${directory}/${file}`, vars: { url: site.url } });
  const timers = new AbortController();
  const late = new Promise<string>((resolve) => {
    setTimeout(() => resolve('late'), check.timeoutMs + KILL_GRACE_MS + 500);
    timers.signal.addEventListener('abort', () => resolve('aborted'));
  });
  expect(await Promise.race([runner.run(check).then(labelOf), late])).toBe('fail: timeout');
  timers.abort();
});

describe('a run whose deadline is shortened while it goes on', () => {
  /** A run that has 20 s when it begins, and 1.5 s a moment later. */
  async function shortened(body: string): Promise<RunResult> {
    const deadline = new RunDeadline(20_000);
    const { directory, file } = await writeJourney(body);
    const running = runner.run(
      aCheck({ timeoutMs: 20_000, file: `${directory}/${file}`, vars: { url: site.url } }),
      deadline,
    );
    await expect.poll(() => deadline.hasBegun, { timeout: 5_000 }).toBe(true);
    deadline.shorten(1_500);
    return running;
  }

  test('ends by the shorter one, as by any deadline: a page that does not come is a timeout', async () => {
    const result = await shortened(`await step('Open', () => page.goto(vars.url + '/hang'));`);
    expect(labelOf(result)).toBe('fail: timeout');
    expect(result.failure).toMatchObject({ step: 'Open' });
    expect(result.failure?.message).toContain('no end within 1.5 s: GET ');
    expect(result.durationMs).toBeLessThan(20_000);
  });

  test('polling the page is waiting for the target then, too', async () => {
    const result = await shortened(
      `await page.goto(vars.url); await expect(async () => { await expect(page.getByText('x')).toBeVisible({ timeout: 50 }) }).toPass();`,
    );
    expect(labelOf(result)).toMatch(/^fail: (timeout|assertion)$/);
  });

  test('passes when it is done by then', async () => {
    expect(labelOf(await shortened(`await page.goto(vars.url); ${VISIBLE('Welcome')}`))).toBe('pass');
  });
});

async function aClosedPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

function isJpeg(image: Uint8Array | undefined): boolean {
  return image?.[0] === 0xff && image[1] === 0xd8;
}
