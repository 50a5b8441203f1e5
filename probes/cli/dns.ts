import { dnsAccept } from './dns/accept.ts';
import { dnsCheck } from './dns/check.ts';
import { dnsPlan } from './dns/plan.ts';

export const DNS_HELP = `latchkey dns COMMAND [--help]

  check NAME     asks now: is an answer too big, for whom, and how much room is left
  plan ZONEFILE  the same before a zone is published, with the allow-list; for CI too
  accept CHECK   calls a check's present sizes right: they are what later ones are compared with`;

const COMMANDS: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>> = {
  check: dnsCheck,
  plan: dnsPlan,
  accept: (argv) => dnsAccept(argv),
};

/** DNS answers now and before a change. Resolves with the exit status. */
export async function dns(argv: readonly string[]): Promise<number> {
  const [name = '', ...rest] = argv;
  const command = COMMANDS[name];
  if (command) return command(rest);
  const isAsked = ['help', '--help', '-h'].includes(name);
  if (!isAsked && name !== '') console.error(`latchkey dns: there is no command ${name}\n`);
  console.log(DNS_HELP);
  return isAsked ? 0 : 2;
}
