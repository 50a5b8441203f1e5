import type { Refusal, Report } from '#core/wire.ts';
import type { ProbeIdentity } from '../probe-token.ts';
import { config, checkOf } from '../settings.ts';

/** A refusal as both transports carry it; on HTTP its `status` is the answer's. */
export function refusal(status: number, error: string): Refusal {
  return { type: 'refusal', status, error };
}

/** Why a token may not bring this report, or `undefined`. A report is taken whole or not at all. */
export function reportRefusal(report: Report, identity: ProbeIdentity): Refusal | undefined {
  for (const [index, { run }] of report.entries.entries()) {
    const at = `entries.${index}.run`;
    if (run.region !== identity.region)
      return refusal(
        403,
        `${at}.region: the token is for region ${identity.region}, the run is of ${run.region}`,
      );
    const wrongProbe = probeRefusal(run.probe, identity);
    if (wrongProbe) return refusal(wrongProbe.status, `${at}.probe: ${wrongProbe.error}`);
    const unknown = unknownCheck(run.check, `${at}.check`);
    if (unknown) return unknown;
  }
  return undefined;
}

/** Why there is nothing to say about this check, or `undefined`. */
export function unknownCheck(check: string, field = 'check'): Refusal | undefined {
  if (checkOf(check)) return undefined;
  const known = config.checks.map(({ id }) => id).join(', ');
  return refusal(400, `${field}: expected one of ${known}, got ${JSON.stringify(check)}`);
}

/** Why a token may not speak for this probe, or `undefined`. */
export function probeRefusal(probe: string, identity: ProbeIdentity): Refusal | undefined {
  if (identity.probe === undefined || identity.probe === probe) return undefined;
  return refusal(403, `the token is for probe ${identity.probe}, not for ${probe}`);
}
