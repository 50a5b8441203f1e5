import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Announcement } from '#core/deploy/pipeline/announcement.ts';
import { describeProblems, parseWith } from '#core/problem.ts';
import { errorCode, errorText } from '../../log.ts';

/** Bytes of a report: a zone of 100,000 names has some 30 MB. */
const REPORT_BYTES_MAX = 64 * 1024 * 1024;

/** What is looked at of a report that `latchkey dns plan --json` prints. */
const Report = z.object({
  zone: z.string(),
  unreadLines: z.number(),
  problems: z.array(z.object({ severity: z.string() })),
});

/** A report that cannot be used; the message is for people. */
export class DnsPlanFileError extends Error {
  override readonly name = 'DnsPlanFileError';
}

/** What a report shows for a checklist. @throws DnsPlanFileError */
export async function dnsPlanEvidence(file: string): Promise<Announcement['dnsPlans'][number]> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new DnsPlanFileError(`--dns-plan ${file}: cannot be read: ${errorCode(error) ?? errorText(error)}`);
  });
  if (bytes.length > REPORT_BYTES_MAX)
    throw new DnsPlanFileError(
      `--dns-plan ${file}: expected at most ${REPORT_BYTES_MAX} bytes, got ${bytes.length}`,
    );
  const parsed = parseWith(Report, jsonIn(file, bytes.toString('utf8')));
  if (!parsed.ok)
    throw new DnsPlanFileError(
      `--dns-plan ${file}: expected a report of latchkey dns plan --json:\n${describeProblems(parsed.problems)}`,
    );
  const { zone, unreadLines, problems } = parsed.value;
  // What was not read was not judged.
  if (unreadLines > 0)
    throw new DnsPlanFileError(
      `--dns-plan ${file}: ${unreadLines} lines of the zone could not be read, so it shows nothing`,
    );
  const count = (severity: string): number => problems.filter((known) => known.severity === severity).length;
  return { zone, critical: count('critical'), fail: count('fail'), warn: count('warn') };
}

function jsonIn(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DnsPlanFileError(`--dns-plan ${file}: expected JSON: ${errorText(error)}`, { cause: error });
  }
}
