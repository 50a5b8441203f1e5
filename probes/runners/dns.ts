import type { DnsCheck } from '#core/config.ts';
import { ownFault } from '../run-draft.ts';
import type { Runner } from './runner.ts';

/** The runner of DNS checks: sockets of its own, no browser. */
export function createDnsRunner(): Runner<DnsCheck> {
  return {
    warm: () => Promise.resolve(),
    run: () => Promise.resolve(ownFault('probe-error', 'DNS checks cannot be run yet')),
    close: () => Promise.resolve(),
    versions: () => ({}),
  };
}
