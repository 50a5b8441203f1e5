import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatMs } from '#core/units.ts';
import { mintServiceToken } from '#worker/service-token.ts';
import { ConfigFileError } from '../config-file.ts';
import { demoParts, type DemoOptions } from '../host/demo-parts.ts';
import { demoSecrets } from '../host/demo-secrets.ts';
import { isPortFree } from '../host/free-port.ts';
import { loadHubConfig } from '../host/hub-config.ts';
import { terminalLine } from '../host/log-line.ts';
import { aborted, stopSignal } from '../host/stop-signal.ts';
import { Supervised, type Part, type PartListener } from '../host/supervised.ts';
import { errorText } from '../log.ts';
import { usageProblem } from './usage.ts';

export const START_HELP = `latchkey start: all of Latchkey on one machine, to look at and to break

  --hub-port N      the hub and its operator's page (default 4300)
  --portal-port N   the demo portal that is watched (default 4400)
  --pager-port N    the inbox that pages arrive in (default 4500)
  --config FILE     what is watched (default latchkey.config.ts); it names these ports
  --state FOLDER    state and secrets of the demo (default .latchkey/demo)
  --verbose         every line of every part

End it with Ctrl-C; what happened is still there at the next start.`;

type StartOptions = DemoOptions & { verbose: boolean };

/** The service of the demo's configuration. */
const DEMO_SERVICE = 'portal';

const PORTS = [
  ['hub-port', 'hubPort', 'the hub'],
  ['portal-port', 'portalPort', 'the portal'],
  ['pager-port', 'pagerPort', 'the pager inbox'],
] as const;

/** Runs everything until it is told to stop. Resolves with the exit status: 0 stopped, 1 cannot start, 2 wrong options. */
export async function start(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  if (options === undefined) return 0;
  if (typeof options === 'string') return say(options, 2);
  const stop = stopSignal();
  const running: Supervised[] = [];
  try {
    await bringUp(options, running, stop);
    await aborted(stop);
    return 0;
  } catch (error) {
    if (stop.aborted) return 0;
    return say(error instanceof ConfigFileError ? error.message : errorText(error), 1);
  } finally {
    await bringDown(running);
  }
}

async function bringUp(options: StartOptions, running: Supervised[], stop: AbortSignal): Promise<void> {
  const startedMs = performance.now();
  await mustBeFree(options);
  const { config } = await loadHubConfig(options.configFile);
  const secretsFile = join(options.stateDirectory, 'secrets.env');
  const secrets = await demoSecrets(secretsFile);
  const parts = await demoParts(options, secrets, secretsFile, config);
  const listener = listenerOf(options.verbose);
  const startPart = async (part: Part, what: string): Promise<void> => {
    stop.throwIfAborted();
    console.log(`… ${what}`);
    const supervised = new Supervised(part, listener);
    running.push(supervised);
    await Promise.race([supervised.start(), aborted(stop)]);
  };
  await startPart(parts.portal, 'the portal that is watched');
  await startPart(parts.pager, 'the pager inbox');
  await startPart(parts.hub, 'the hub (bundled, its database migrated)');
  // One after the other: four browsers that start at once would take the machine from each other.
  for (const probe of parts.probes) await startPart(probe, `a probe in ${probe.name}`);
  stop.throwIfAborted();
  const keys = (secrets.PROBE_TOKEN_KEYS ?? '').split(',');
  const tokens = {
    operator: secrets.OPERATOR_TOKEN ?? '',
    pipeline: await mintServiceToken(keys, DEMO_SERVICE, Date.now()),
  };
  console.log(whereToLook(options, tokens, performance.now() - startedMs));
}

/** Probes first, so that nothing they do fails; the portal last. */
async function bringDown(running: readonly Supervised[]): Promise<void> {
  if (running.length === 0) return;
  console.log('Stopping…');
  const fixed = running.filter(({ name }) => FIXED_PARTS.includes(name));
  const probes = running.filter((part) => !fixed.includes(part));
  await Promise.all(probes.map((probe) => probe.stop()));
  for (const name of FIXED_PARTS) await fixed.find((part) => part.name === name)?.stop();
  console.log('Stopped.');
}

const FIXED_PARTS = ['hub', 'pager', 'portal'];

function listenerOf(verbose: boolean): PartListener {
  return {
    onLine(part, line) {
      const shown = terminalLine(part, line, Date.now(), verbose);
      if (shown !== undefined) console.log(shown);
    },
    onRestart(part, how, pauseMs) {
      const line = `${how}; it is started again in ${formatMs(pauseMs)}`;
      console.log(terminalLine(part, line, Date.now(), verbose));
    },
  };
}

function whereToLook(
  options: StartOptions,
  tokens: { operator: string; pipeline: string },
  tookMs: number,
): string {
  const hub = `http://127.0.0.1:${options.hubPort}`;
  const portal = `http://127.0.0.1:${options.portalPort}`;
  const faults = `${portal}/admin/faults`;
  return `
Latchkey is up after ${formatMs(tookMs)}.

  Operator's page   ${hub}/operator/sign-in#token=${tokens.operator}
  Portal            ${portal}/
  Pager inbox       http://127.0.0.1:${options.pagerPort}/

  Break the login   curl -d '{"fault":"http-502"}' ${faults}     (more faults: ${portal}/admin)
  Mend it           curl -X DELETE ${faults}

  Deploy a canary   curl -d '{"version":"4.3.0","fault":{"fault":"lti-crash"}}' ${portal}/admin/canary
  Announce it       LATCHKEY_SERVICE_TOKEN=${tokens.pipeline} \\
                    npm run -s latchkey -- verify --hub ${hub} --service ${DEMO_SERVICE} --version 4.3.0 --confirm support-told=yes --rollback

A page is in the inbox within two minutes of the break, and resolves some minutes after the mend.
A canary whose exam tool crashes is found within seconds and taken back; then the version before is looked at until it is
seen healthy. Nobody is paged.
Ctrl-C stops everything.
`;
}

async function mustBeFree(options: StartOptions): Promise<void> {
  for (const [option, key, what] of PORTS)
    if (!(await isPortFree(options[key])))
      throw new Error(
        `Port ${options[key]}, meant for ${what}, is taken already, perhaps by another Latchkey. Stop what holds it, or choose another with --${option} and a --config that names it.`,
      );
}

function optionsOf(argv: readonly string[]): StartOptions | string | undefined {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        'hub-port': { type: 'string', default: '4300' },
        'portal-port': { type: 'string', default: '4400' },
        'pager-port': { type: 'string', default: '4500' },
        config: { type: 'string', default: 'latchkey.config.ts' },
        state: { type: 'string', default: join('.latchkey', 'demo') },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(START_HELP);
      return undefined;
    }
    for (const [option] of PORTS)
      if (!/^\d{1,5}$/.test(values[option]) || Number(values[option]) > 65_535 || Number(values[option]) < 1)
        return `--${option}: expected 1 to 65535, got ${values[option]}`;
    return {
      hubPort: Number(values['hub-port']),
      portalPort: Number(values['portal-port']),
      pagerPort: Number(values['pager-port']),
      configFile: values.config,
      stateDirectory: values.state,
      verbose: values.verbose,
    };
  } catch (error) {
    return usageProblem(error, START_HELP);
  }
}

function say(message: string, status: number): number {
  console.error(message);
  return status;
}
