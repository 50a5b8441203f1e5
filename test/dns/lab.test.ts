import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { askOne } from '#test/fixtures/dns/ask-one.ts';
import { startDohBridge, type BridgeOptions, type DohBridge } from '#test/fixtures/dns/doh-bridge.ts';
import { Lab, type LabServer } from '#test/fixtures/dns/lab.ts';
import { cannotStart } from '#test/fixtures/dns/packages.ts';
import { ServerNotUpError } from '#test/fixtures/dns/server-process.ts';
import { startNsd } from '#test/fixtures/dns/servers/nsd.ts';

const NAME = 'a40.example.test';

describe('what a suite needs', () => {
  it('is not there: CI fails and names the package, anybody else skips', () => {
    vi.stubEnv('PATH', '/nowhere');
    vi.stubEnv('CI', '1');
    onTestFinished(() => void vi.unstubAllEnvs());
    // Servers are found beside PATH too; openssl is not one.
    expect(() => cannotStart('openssl')).toThrow("needs Debian's openssl");
    vi.stubEnv('CI', undefined);
    expect(cannotStart('openssl')).toBe(true);
    expect(cannotStart()).toBe(false);
  });
});

describe.skipIf(cannotStart('nsd', 'openssl'))('the lab', () => {
  let lab: Lab;
  let nsd: LabServer;

  beforeAll(async () => {
    lab = await Lab.open();
    nsd = await startNsd(lab);
  });
  afterAll(() => lab.close());

  it('ends its servers and takes its folder with it', async () => {
    const short = await Lab.open();
    const { url } = await startNsd(short);
    expect((await askOne({ url, name: NAME, way: 'T' })).outcome).toBe('ANSWER');
    await short.close();
    expect((await askOne({ url, name: NAME, way: 'T' })).outcome).toBe('CONN_REFUSED');
    await expect(stat(short.folder)).rejects.toThrow('ENOENT');
  });

  it('says what a server said that did not come up', async () => {
    const start = lab.launch({
      name: 'broken',
      program: 'nsd',
      upWhen: ['example.test'],
      configure: async (folder) => {
        const config = join(folder, 'nsd.conf');
        await writeFile(config, 'server:\n  no-such-word: yes\n');
        return ['-d', '-c', config];
      },
    });
    await expect(start).rejects.toThrow(ServerNotUpError);
    await expect(start).rejects.toThrow(/ended with exit code 1; it said:\n.*syntax error/s);
  });

  describe('the DoH bridge', () => {
    const bridgeTo = async (options: Partial<BridgeOptions> = {}): Promise<DohBridge> => {
      const bridge = await startDohBridge({ upstream: nsd, ...options });
      onTestFinished(() => bridge.close());
      return bridge;
    };

    it('answers POST and GET alike, by HTTP/1.1 with the smallest TTL as its age', async () => {
      const { url, methods } = await bridgeTo();
      const [post, get] = [
        await askOne({ url, name: NAME, way: 'H' }),
        await askOne({ url, name: NAME, way: 'H' }, { manner: 'get' }),
      ];
      expect(methods).toEqual(['POST', 'GET']);
      for (const { exchange, message, outcome } of [post, get]) {
        expect(outcome).toBe('ANSWER');
        expect(message?.answers).toHaveLength(40);
        expect(exchange.http).toMatchObject({
          status: 200,
          version: 'HTTP/1.1',
          contentType: 'application/dns-message',
          maxAgeS: 300,
        });
      }
    });

    it('is trusted by the lab’s authority alone', async () => {
      const tls = await lab.tls();
      const { url } = await bridgeTo({ tls });
      expect((await askOne({ url, name: NAME, way: 'H' }, { ca: tls.ca })).outcome).toBe('ANSWER');
      expect((await askOne({ url, name: NAME, way: 'H' })).outcome).toBe('TLS_FAIL');
    });

    it('refuses what RFC 8484 does not have, and what stands behind it does not answer', async () => {
      const { url } = await bridgeTo();
      const statusOf = async (...request: Parameters<typeof fetch>): Promise<number> =>
        (await fetch(...request)).status;
      expect(await statusOf(url)).toBe(400);
      expect(await statusOf(`${url}?dns=no*base64`)).toBe(400);
      expect(await statusOf(new URL('/other', url))).toBe(404);
      expect(await statusOf(url, { method: 'PUT', body: 'x' })).toBe(405);
      expect(await statusOf(url, { method: 'POST', body: 'x' })).toBe(415);
      const orphan = await bridgeTo({ upstream: { host: '127.0.0.1', port: 1 } });
      expect(await statusOf(`${orphan.url}?dns=AAABAAABAAAAAAAAAAABAAE`)).toBe(502);
    });
  });
});
