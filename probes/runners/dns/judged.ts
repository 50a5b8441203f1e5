import { webcrypto } from 'node:crypto';
import { cryptographyOf } from '#core/dns/dnssec/cryptography.ts';
import { verified } from '#core/dns/dnssec/verify.ts';
import type { Inquirer } from '#core/dns/run/inquirer.ts';
import { judge, type Judgement } from '#core/dns/run/verdict.ts';

const CRYPTOGRAPHY = cryptographyOf(webcrypto.subtle);

/** The judgement of what was asked, its signatures computed by Node. Rejects when Node's cryptography does. */
export async function judged(inquirer: Inquirer): Promise<Judgement> {
  return judge(inquirer, await verified(inquirer.inquiry(), CRYPTOGRAPHY));
}
