import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Enough for Node to start, and few enough to be used up at once. */
const FILES_MAX = 64;

/** Asks in every way once no file can be opened any more, and prints what came of it. */
const SCRIPT = `
  import { openSync } from 'node:fs';
  import { createAsker } from '#probes/runners/dns/ask.ts';
  const { ask } = createAsker({ settings: { paceMs: 0, exchangeTimeoutMs: 2_000 } });
  const server = (scheme) => ({ url: scheme + '://127.0.0.1:5300/', scheme, host: '127.0.0.1', port: 5300 });
  const query = (transport, scheme) => ({
    kind: 'query', server: server(scheme), transport, name: 'a.example', type: 1, recursionDesired: true,
  });
  const files = [];
  try { for (;;) files.push(openSync('/dev/null', 'r')); } catch (error) { if (error.code !== 'EMFILE') throw error; }
  const exchanges = await Promise.all([
    query('udp', 'dns'), query('tcp', 'dns'), query('tls', 'tls'), query('https', 'https'), query('https', 'http'),
    { kind: 'connect', address: '127.0.0.1', port: 5300 },
    { kind: 'fetch', url: 'http://127.0.0.1:5300/' },
  ].map(ask));
  console.log(JSON.stringify(exchanges.map(({ trouble }) => trouble)));
`;

test('without a file to open nothing can be asked, and that is nobody else’s fault', async () => {
  const limited = `ulimit -n ${FILES_MAX}; exec "$0" "$@"`;
  const { stdout } = await promisify(execFile)(
    'bash',
    ['-c', limited, process.execPath, '--input-type=module-typescript', '--eval', SCRIPT],
    { timeout: 30_000 },
  );
  const troubles = JSON.parse(stdout) as { class: string; message: string; probeFault?: boolean }[];
  expect(troubles).toHaveLength(7);
  for (const trouble of troubles) {
    expect(trouble).toMatchObject({ class: 'NOT_MEASURABLE', probeFault: true });
    expect(trouble.message).toContain('EMFILE');
  }
});
