import { describe, expect, it } from 'vitest';
import { RCODE, RR_TYPES } from '#core/dns/codec/registry.ts';
import type { AssertionId, Finding } from '#core/dns/findings/finding.ts';
import { findingsOf, SILENT, WORKER, type Quirk } from '#test/fixtures/dns/world.ts';
import {
  CHILD_ZONE,
  delegatedWorld,
  NS1,
  NS2,
  PARENT_ZONE,
  WALKED,
  type Changed,
} from '../a-delegated-zone.ts';

const ASPECTS = { aspects: ['delegation' as const] };

async function found(changed: Changed, id: AssertionId, over = {}): Promise<Finding[]> {
  return findingsOf(delegatedWorld(changed), { ...WALKED, ...ASPECTS, ...over }, id);
}

const refuses: Quirk = (_query, usual) => ({
  ...usual,
  rcode: RCODE.REFUSED,
  answers: [],
  authoritative: false,
});

const briefly = (findings: readonly Finding[]) =>
  findings.map(({ severity, message }) => `${severity}: ${message}`);

describe('a zone that is right', () => {
  it('has nothing but information', async () => {
    const findings = await findingsOf(delegatedWorld(), { ...WALKED, ...ASPECTS });
    expect(briefly(findings)).toEqual([
      'info: The 2 addresses of the name servers of example.test are in one network, 127.0.0.0/24 (the AS is not measured).',
      'info: The name servers of example.test have no IPv6 address: a resolver with IPv6 alone cannot ask them.',
      'info: 2 of the 2 servers of example.test that were asked serve it, in 1 network by /24 and /48 (the AS is not measured): 1 of them may die before the name stops resolving.',
    ]);
  });

  it('has nothing but information from a vantage without UDP', async () => {
    const findings = await findingsOf(delegatedWorld(), { ...WALKED, ...ASPECTS }, undefined, WORKER);
    expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(findings.length).toBeGreaterThan(0);
  });
});

describe('lame delegation (D3) and authority (D4)', () => {
  it('names the one server that refuses', async () => {
    expect(briefly(await found({ quirks: { ns2: refuses } }, 'D3'))).toEqual([
      `fail: ns2.example.test (${NS2}) answered SOA with REFUSED where an authoritative answer was expected; 1 other server of example.test serves it.`,
    ]);
  });

  it('is critical when all are lame, and one finding', async () => {
    const silent: Quirk = () => SILENT;
    expect(briefly(await found({ quirks: { ns1: silent, ns2: silent } }, 'D3'))).toEqual([
      'critical: Every server of example.test gave no reply to SOA where an authoritative answer was expected.',
    ]);
  });

  it('warns of silence where most of the others serve, and fails of a wrong answer all the same', async () => {
    const third = 'dns://127.0.0.6:5300';
    const listed = `${CHILD_ZONE}@ 300 IN NS ns3\nns3 300 IN A 127.0.0.6\n`;
    const parent = `${PARENT_ZONE}example 300 IN NS ns3.example\nns3.example 300 IN A 127.0.0.6\n`;
    const worlds = [() => SILENT, refuses].map((quirk: Quirk) =>
      delegatedWorld({ ns1: listed, ns2: listed, parent }).serve(third, [listed], quirk),
    );
    const said = await Promise.all(worlds.map((world) => findingsOf(world, { ...WALKED, ...ASPECTS }, 'D3')));
    expect(said.map((findings) => findings.map(({ severity }) => severity))).toEqual([['warn'], ['fail']]);
  });

  it('takes an answer without AA for lame', async () => {
    const cached: Quirk = (_query, usual) => ({ ...usual, authoritative: false });
    expect(briefly(await found({ quirks: { ns1: cached } }, 'D3'))[0]).toContain(
      'answered SOA without the AA flag',
    );
  });

  it('says nothing of a server that is silent over UDP but answers over TCP', async () => {
    const tcpOnly: Quirk = (query) => (query.transport === 'udp' ? SILENT : undefined);
    expect(await found({ quirks: { ns1: tcpOnly } }, 'D3')).toEqual([]);
  });

  it('says nothing of what could not be measured', async () => {
    const blocked: Quirk = () => ({ class: 'NOT_MEASURABLE', message: 'no IPv6 here', probeFault: true });
    expect(await found({ quirks: { ns1: blocked } }, 'D3')).toEqual([]);
  });

  it('does not call a silence over TCP lame where there is no UDP', async () => {
    const silent: Quirk = () => SILENT;
    const world = delegatedWorld({ quirks: { ns1: silent } });
    expect(await findingsOf(world, { ...WALKED, ...ASPECTS }, 'D3', WORKER)).toEqual([]);
  });

  it('checks a server that the parent alone lists', async () => {
    const parent = `${PARENT_ZONE}example 300 IN NS ns9.example\nns9.example 300 IN A 127.0.0.9\n`;
    const [finding] = await found({ parent }, 'D3', { authorities: [NS1, NS2], zone: 'example.test' });
    expect(finding?.message).toContain('ns9.example.test (dns://127.0.0.9:5300) gave no reply');
  });

  it('does not ask IPv6 servers that the parent lists when there is no way to any', async () => {
    const parent = `${PARENT_ZONE}ns2.example 300 IN AAAA 2001:db8::5\n`;
    expect(await found({ parent }, 'D3', { authorities: [NS1, NS2], zone: 'example.test' })).toEqual([]);
  });

  it('wants an authoritative answer for the name too', async () => {
    const noAa: Quirk = (query, usual) =>
      query.type === RR_TYPES.A ? { ...usual, authoritative: false } : undefined;
    expect(briefly(await found({ quirks: { ns1: noAa, ns2: noAa } }, 'D4'))).toEqual([
      'fail: Every server of example.test answers without the AA flag for www.example.test A; expected an authoritative answer, as for the SOA of example.test.',
    ]);
  });
});

describe('consistency (D1, D2, D5)', () => {
  const older = CHILD_ZONE.replace('hostmaster 7 ', 'hostmaster 6 ');

  it('warns of serials that differ, and fails without a grace', async () => {
    expect(briefly(await found({ ns2: older }, 'D1'))).toEqual([
      `warn: The servers of example.test have different versions of it: serial 7 is the newest; ns2.example.test (${NS2}) has 6.`,
    ]);
    expect((await found({ ns2: older }, 'D1', { limits: { graceS: 0 } }))[0]?.severity).toBe('fail');
  });

  it('orders serials on the circle', async () => {
    const wrapped = CHILD_ZONE.replace('hostmaster 7 ', 'hostmaster 4294967290 ');
    expect((await found({ ns2: wrapped }, 'D1'))[0]?.message).toContain('serial 7 is the newest');
  });

  it('tells who lists which name servers', async () => {
    const three = `${CHILD_ZONE}@ 300 IN NS ns3\nns3 300 IN A 127.0.0.4\n`;
    expect(briefly(await found({ ns1: three, ns2: three }, 'D2'))).toEqual([
      'fail: The parent test and example.test itself do not agree on its name servers: only the zone lists ns3.example.test.',
    ]);
    expect((await found({ ns1: three }, 'D2'))[0]?.message).toContain('list different name servers');
  });

  it('fails when the parent has no delegation any more', async () => {
    const parent = PARENT_ZONE.replaceAll(/^.*example.*$/gm, '');
    const [finding] = await found({ parent }, 'D2', { authorities: [NS1, NS2], zone: 'example.test' });
    expect(finding).toMatchObject({ severity: 'fail', outcome: 'NXDOMAIN' });
    expect(finding?.message).toContain('test has no delegation of example.test');
  });

  it('warns when the parent answers for the zone itself, and when the walk is stuck above it', async () => {
    const parent = PARENT_ZONE.replaceAll(/^example 300 IN NS.*$/gm, '');
    const over = { authorities: [NS1, NS2], zone: 'example.test' };
    expect(briefly(await found({ parent }, 'D2', over))).toEqual([
      'warn: test has no delegation of example.test: its servers answer for example.test themselves.',
    ]);
    const silent: Quirk = () => SILENT;
    expect(briefly(await found({ quirks: { parent: silent } }, 'D2', over))).toEqual([
      'warn: The way from the root to example.test ends at test: a.nic.test (no reply in 3 s).',
    ]);
  });

  it('warns of records that differ, which a change may be behind, and fails them where there is no grace', async () => {
    const other = CHILD_ZONE.replace('198.51.100.2', '198.51.100.9');
    const [finding] = await found({ ns2: other }, 'D5');
    expect(finding?.severity).toBe('warn');
    const strict = { limits: { graceS: 0 } };
    expect((await found({ ns2: other }, 'D5', strict))[0]?.severity).toBe('fail');
    expect(finding?.message).toContain('with 198.51.100.9');
    expect(finding?.message).not.toContain('198.51.100.1,');
    expect(finding?.message).toContain('under one serial');
    const behind = other.replace('hostmaster 7 ', 'hostmaster 6 ');
    expect((await found({ ns2: behind }, 'D5'))[0]?.message).toContain('as do their serials');
  });

  it('does not compare answers of a declared rotation', async () => {
    const other = CHILD_ZONE.replace('198.51.100.2', '198.51.100.9');
    expect(await found({ ns2: other }, 'D5', { rotation: { addresses: 3 } })).toEqual([]);
  });
});

describe('glue (D7) and redundancy (D6)', () => {
  it('fails glue that the zone does not confirm, and warns of an address without glue', async () => {
    const moved = CHILD_ZONE.replace('ns2 300 IN A 127.0.0.5', 'ns2 300 IN A 127.0.0.8');
    expect(briefly(await found({ ns1: moved, ns2: moved }, 'D7'))).toEqual([
      'fail: The parent test says ns2.example.test is at 127.0.0.5; example.test itself says 127.0.0.8.',
    ]);
    const six = `${CHILD_ZONE}ns2 300 IN AAAA 2001:db8::5\n`;
    expect(briefly(await found({ ns1: six, ns2: six }, 'D7'))).toEqual([
      'warn: The parent test does not list 2001:db8::5, which example.test has for ns2.example.test.',
    ]);
  });

  it('fails a name server that is an alias', async () => {
    const alias = CHILD_ZONE.replace('ns2 300 IN A 127.0.0.5', 'ns2 300 IN CNAME ns1');
    const [finding] = await found({ ns1: alias, ns2: alias }, 'D7');
    expect(finding?.message).toContain('ns2.example.test of example.test is an alias');
  });

  it('fails a name inside the zone without glue', async () => {
    const parent = PARENT_ZONE.replace('ns2.example 300 IN A 127.0.0.5\n', '');
    expect((await found({ parent }, 'D7'))[0]?.message).toContain(
      'gives no address (glue) for ns2.example.test',
    );
  });

  it('warns of one server, one network and one family on public addresses', async () => {
    const world = delegatedWorld();
    world.serve('dns://9.9.9.1', [CHILD_ZONE]);
    const findings = await findingsOf(
      world,
      { name: 'www.example.test', zone: 'example.test', authorities: ['dns://9.9.9.1'], ...ASPECTS },
      'D6',
    );
    expect(findings.map(({ severity, subject }) => `${severity} ${subject}`)).toEqual([
      'warn addresses',
      'warn families',
      'info example.test',
    ]);
    expect(findings.at(-1)?.message).toContain('the name stops resolving when that one dies');
  });
});

describe('manners (D8, D9, D10) and the size of the referral (B12)', () => {
  it('warns of a server that resolves for anybody', async () => {
    const open: Quirk = (query, usual) =>
      query.recursionDesired ? { ...usual, rcode: RCODE.NOERROR, recursionAvailable: true } : undefined;
    expect((await found({ quirks: { ns1: open } }, 'D8'))[0]).toMatchObject({
      severity: 'warn',
      subject: NS1,
    });
  });

  it('says nothing of a server that would recurse for others and refuses us', async () => {
    const polite: Quirk = (query, usual) =>
      query.recursionDesired ? { ...usual, rcode: RCODE.REFUSED, recursionAvailable: true } : undefined;
    expect(await found({ quirks: { ns1: polite } }, 'D8')).toEqual([]);
  });

  it('notes what the servers call themselves', async () => {
    const named: Quirk = (query, usual) =>
      query.name === 'id.server'
        ? {
            ...usual,
            rcode: RCODE.NOERROR,
            answers: [
              {
                name: query.name,
                type: RR_TYPES.TXT,
                class: 3,
                ttlS: 0,
                rdata: { kind: 'TXT', strings: ['fra-1'] },
              },
            ],
          }
        : undefined;
    expect(briefly(await found({ quirks: { ns1: named } }, 'D9'))).toEqual([
      `info: Servers of example.test that answered call themselves: ns1.example.test (${NS1}) fra-1.`,
    ]);
  });

  it('warns of a referral that does not fit 512 octets, with its size', async () => {
    const names = Array.from({ length: 10 }, (_, at) => `a-name-server-with-a-long-name-${at}.example`);
    const parent = `${PARENT_ZONE}${names.map((name) => `example 300 IN NS ${name}\n${name} 300 IN A 127.0.0.4\n`).join('')}`;
    const [finding] = await found({ parent }, 'B12', { authorities: [NS1, NS2], zone: 'example.test' });
    expect(finding?.severity).toBe('warn');
    expect(finding?.figures?.referralBytes).toBeGreaterThan(512);
    expect(await found({}, 'B12')).toEqual([]);
  });

  it('tells a reply from another address after silence at the right one', async () => {
    const world = delegatedWorld({
      quirks: {
        ns1: (query) => (query.transport === 'udp' && query.manner !== 'unconnected' ? SILENT : undefined),
      },
    });
    world.from = ({ manner }) => (manner === 'unconnected' ? '127.0.0.99:5300' : undefined);
    const findings = await findingsOf(world, { ...WALKED, ...ASPECTS }, 'D10');
    expect(findings).toMatchObject([{ severity: 'fail', subject: NS1 }]);
    expect(findings[0]?.message).toContain('replies from 127.0.0.99:5300');
  });
});
