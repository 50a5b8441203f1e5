import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startCommand, type Child } from './child.ts';
import { descendantsOf, isRunning } from './processes.ts';
import { until } from './until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const UP_DEADLINE_MS = 90_000;
/** Default schedule: DESIGN section 5 promises two minutes; alone on a machine it is far less. */
const PAGE_DEADLINE_MS = 120_000;
const END_DEADLINE_MS = 30_000;

let folder: string;
let args: string[];
let ports: { hub: number; portal: number; pager: number };
let started: Child[] = [];

beforeAll(async () => {
  // Inside the repository, where the configuration's own imports lead somewhere.
  await mkdir(join(ROOT, '.latchkey'), { recursive: true });
  folder = await mkdtemp(join(ROOT, '.latchkey', 'e2e-start-'));
  const [hub, portal, pager] = await freePorts();
  ports = { hub, portal, pager };
  const shipped = await readFile(join(ROOT, 'latchkey.config.ts'), 'utf8');
  const moved = shipped
    .replaceAll(':4300', `:${hub}`)
    .replaceAll(':4400', `:${portal}`)
    .replaceAll(':4500', `:${pager}`)
    .replaceAll("file: 'probes/", "file: '../../probes/");
  const config = join(folder, 'latchkey.config.ts');
  await writeFile(config, moved);
  const options = {
    config,
    state: join(folder, 'demo'),
    'hub-port': hub,
    'portal-port': portal,
    'pager-port': pager,
  };
  args = ['start', ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])];
});
afterEach(async () => {
  await Promise.all(started.map((child) => child.stop(END_DEADLINE_MS)));
  started = [];
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function start(): Child {
  const child = startCommand(args, {});
  started.push(child);
  return child;
}

async function freePorts(): Promise<[number, number, number]> {
  const servers: Server[] = [];
  const next = async (): Promise<number> => {
    const server = createServer().listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const ports: [number, number, number] = [await next(), await next(), await next()];
  await Promise.all(servers.map(async (server) => once(server.close(), 'close')));
  return ports;
}

/** Whether all of them, and all they had started, have ended. */
function allGone(pids: readonly number[]): Promise<true> {
  return until(
    'the end of every part',
    () => (pids.some((pid) => isRunning(pid)) ? undefined : true),
    END_DEADLINE_MS,
    () => pids.filter((pid) => isRunning(pid)).join(', '),
  );
}

it('brings everything up, pages for a broken login, starts a dead probe again, and ends all at Ctrl-C', async () => {
  const child = start();
  await child.untilLine((line) => line.startsWith('Latchkey is up'), UP_DEADLINE_MS);
  const link = await child.untilLine((line) => line.includes("Operator's page"), END_DEADLINE_MS);
  expect(link).toContain(`http://127.0.0.1:${ports.hub}/operator/sign-in#token=`);
  const canary = await child.untilLine((line) => line.includes('Deploy a canary'), END_DEADLINE_MS);
  expect(canary).toContain(`http://127.0.0.1:${ports.portal}/admin/canary`);
  const announcement = await child.untilLine((line) => line.includes('Announce it'), END_DEADLINE_MS);
  const [, token = ''] = /LATCHKEY_SERVICE_TOKEN=(\S+)/.exec(announcement) ?? [];
  const deploy = await fetch(`http://127.0.0.1:${ports.hub}/v1/deploys/portal/latest`, {
    headers: { authorization: `Bearer ${token}` },
  });
  // The token is good, and nothing was deployed yet.
  expect(deploy.status).toBe(404);

  const faults = `http://127.0.0.1:${ports.portal}/admin/faults`;
  const broken = await fetch(faults, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ fault: 'http-503' }),
  });
  expect(broken.status).toBe(200);
  await child.untilLine(
    (line) => /page accepted .*page=trigger .*channel=pager/.test(line),
    PAGE_DEADLINE_MS,
  );
  const alerts = await fetch(`http://127.0.0.1:${ports.pager}/api/alerts`);
  const keys = ((await alerts.json()) as { dedupKey: string }[]).map(({ dedupKey }) => dedupKey);
  expect(keys).toEqual([...new Set(keys)]);
  expect(keys.every((key) => /^[a-z-]+:1$/.test(key))).toBe(true);
  expect((await fetch(faults, { method: 'DELETE' })).status).toBe(200);

  const probe = descendantsOf(child.pid).find(({ command }) => command.includes('--name eu-west-1'));
  process.kill(probe?.pid ?? 0, 'SIGKILL');
  await child.untilLine((line) => /eu-west .*SIGKILL; it is started again/.test(line), END_DEADLINE_MS);
  await until(
    'the probe runs again',
    () =>
      descendantsOf(child.pid).find(
        ({ pid, command }) => pid !== probe?.pid && command.includes('--name eu-west-1'),
      ),
    END_DEADLINE_MS,
  );

  const below = descendantsOf(child.pid).map(({ pid }) => pid);
  child.kill('SIGINT');
  expect(await child.exited).toBe(0);
  expect(child.lines().at(-1)).toBe('Stopped.');
  await allGone(below);
});

it('leaves nothing running when it is killed, and comes up again on the same state', async () => {
  const child = start();
  await child.untilLine((line) => line.startsWith('Latchkey is up'), UP_DEADLINE_MS);
  const below = descendantsOf(child.pid).map(({ pid }) => pid);
  expect(below.length).toBeGreaterThan(7);
  child.kill('SIGKILL');
  await child.exited;
  await allGone(below);
});

it('names the port that is taken and the option to choose another', async () => {
  const other = createServer().listen(ports.pager, '127.0.0.1');
  await once(other, 'listening');
  const child = start();
  expect(await child.exited).toBe(1);
  other.close();
  expect(child.lines().join('\n')).toMatch(/Port \d+, meant for the pager inbox, is taken .* --pager-port/);
});
