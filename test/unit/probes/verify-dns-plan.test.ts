import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { planned } from '#probes/cli/dns/plan.ts';
import { dnsPlanEvidence } from '#probes/cli/verify/dns-plan-evidence.ts';
import { temporaryDirectory } from '../../fixtures/temporary-directory.ts';

async function report(text: string): Promise<string> {
  const file = join(await temporaryDirectory(), 'report.json');
  await writeFile(file, text);
  return file;
}

it('counts what a report of latchkey dns plan found', async () => {
  const directory = await temporaryDirectory();
  await writeFile(
    join(directory, 'zone'),
    '$ORIGIN example.com.\n$TTL 300\n@ SOA ns hostmaster 1 1 1 1 1\n@ NS ns\nns A 192.0.2.1\nwww CNAME gone\n',
  );
  const surroundings = { directory, root: directory, nowMs: 1_800_000_000_000 };
  const { stdout = '' } = await planned(['zone', '--json'], surroundings);
  const { problems } = JSON.parse(stdout) as { problems: { severity: string }[] };
  const count = (severity: string): number => problems.filter((known) => known.severity === severity).length;
  expect(problems.length).toBeGreaterThan(0);
  expect(await dnsPlanEvidence(await report(stdout))).toEqual({
    zone: 'example.com',
    critical: count('critical'),
    fail: count('fail'),
    warn: count('warn'),
  });
});

it.each([
  ['not JSON', 'zone fine', /expected JSON/],
  ['of another shape', '{"zone":1}', /expected a report of latchkey dns plan --json:\nzone: expected string/],
  [
    'of a zone not read to its end',
    '{"zone":"a.","unreadLines":2,"problems":[]}',
    /2 lines of the zone could not/,
  ],
])('refuses a file that is %s', async (_what, text, sentence) => {
  await expect(dnsPlanEvidence(await report(text))).rejects.toThrow(sentence);
});

it('refuses a file that is not there', async () => {
  await expect(dnsPlanEvidence('nowhere.json')).rejects.toThrow(
    '--dns-plan nowhere.json: cannot be read: ENOENT',
  );
});
