import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeTls } from '#test/fixtures/dns/tls.ts';

type Certificate = { cert: string; key: string };

/** What clients trust, a certificate that is right for 127.0.0.1 and dns.example.test, and one that was until yesterday. */
export type LabTls = { ca: string; good: Certificate; ended: Certificate };

export async function labTls(): Promise<LabTls> {
  const folders = [await folderFor('good'), await folderFor('ended')] as const;
  try {
    const good = await makeTls(folders[0]);
    const ended = await makeTls(folders[1], { days: -1 });
    return {
      // Each comes with an authority of its own.
      ca: good.ca + ended.ca,
      good: { cert: await readFile(good.chainFile, 'utf8'), key: await readFile(good.keyFile, 'utf8') },
      ended: { cert: await readFile(ended.chainFile, 'utf8'), key: await readFile(ended.keyFile, 'utf8') },
    };
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  }
}

function folderFor(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `latchkey-tls-${name}-`));
}
