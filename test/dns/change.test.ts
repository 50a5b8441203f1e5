import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDohBridge } from '../fixtures/dns/doh-bridge.ts';
import { Lab, type LabServer } from '../fixtures/dns/lab.ts';
import { cannotStart } from '../fixtures/dns/packages.ts';
import { startNsd } from '../fixtures/dns/servers/nsd.ts';
import { startUnbound } from '../fixtures/dns/servers/unbound.ts';
import { testAddresses, zoneHead, type Zone } from '../fixtures/dns/zones.ts';
import { startHubRig, type HubRig } from './hub-rig.ts';

const ZONE = 'change.test';
/** From the change to the page: what the product promises. The schedule here is quicker than the default. */
const PAGE_DEADLINE_MS = 60_000;

/** A name with so many addresses. */
function zoneOf(addresses: number, serial: number): Zone {
  const records = testAddresses(addresses).map((address) => `api 5 A ${address}`);
  return { name: ZONE, text: `${[...zoneHead(ZONE, undefined, serial), ...records].join('\n')}\n` };
}

describe.skipIf(cannotStart('nsd', 'unbound', 'openssl'))('twice as many addresses under one name', () => {
  let lab: Lab;
  let authority: LabServer;
  let rig: HubRig;
  const ends: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    lab = await Lab.open();
    ends.push(() => lab.close());
    authority = await startNsd(lab, { zones: [zoneOf(18, 1)] });
    const resolver = await startUnbound(lab, [{ zone: ZONE, authority }]);
    const tls = await lab.tls();
    const bridge = await startDohBridge({ upstream: resolver, tls });
    ends.push(bridge.close);
    rig = await startHubRig({
      probes: ['us-east', 'eu-west'],
      workers: ['edge-eu'],
      caFile: tls.caFile,
      checks: {
        'api-name': {
          title: 'Name of the API',
          name: `api.${ZONE}`,
          zone: ZONE,
          authorities: [authority.url],
          resolvers: [bridge.url, `${resolver.dotUrl}?name=dns.example.test`],
          aspects: ['resolvability', 'size', 'profiles', 'content', 'freshness', 'encrypted'],
          interval: '4s',
          timeout: '3500ms',
          pace: '0ms',
          limits: { ttlWarnMinS: 0 },
        },
      },
    });
    ends.push(() => rig.stop());
    await rig.untilUp();
  }, 120_000);
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });

  it('pages nobody while eighteen addresses are answered', () => {
    expect(rig.pager.attempts()).toEqual([]);
  });

  it('pages once when forty are, by probes and by the Worker, and resolves when it is taken back', async () => {
    await authority.stop();
    await startNsd(lab, { zones: [zoneOf(40, 2)], port: authority.port }).then((server) => {
      authority = server;
    });
    const alert = await rig.pager.waitForAlert(() => true, { deadlineMs: PAGE_DEADLINE_MS });
    const facts = JSON.stringify(alert.opening);
    expect(alert.dedupKey).toMatch(/^api-name:\d+$/);
    expect(facts).toContain('A: 40 records in one set');
    for (const region of ['us-east', 'eu-west', 'edge-eu']) expect(facts).toContain(region);

    await authority.stop();
    authority = await startNsd(lab, { zones: [zoneOf(18, 3)], port: authority.port });
    await rig.pager.waitForAlert(({ id, status }) => id === alert.id && status === 'resolved', {
      deadlineMs: PAGE_DEADLINE_MS,
    });
    expect(rig.pager.alerts().map(({ events }) => events.map(({ action }) => action))).toEqual([
      ['trigger', 'resolve'],
    ]);
  });
});
