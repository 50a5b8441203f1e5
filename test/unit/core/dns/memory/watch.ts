import { dnsSettingsOf, type DnsInput, type DnsSettings } from '#core/checks/dns.ts';
import type { DnsEvidence } from '#core/dns/findings/evidence.ts';
import type { Finding } from '#core/dns/findings/finding.ts';
import type { DnsMemory } from '#core/dns/memory/memory.ts';
import { remember, type Remembered } from '#core/dns/memory/remember.ts';

/** A DNS check's runs one after the other, with the hub's clock in hand. */
export class Watch {
  nowMs = 1_800_000_000_000;
  settings: DnsSettings;
  memory: DnsMemory | undefined;
  last: Remembered | undefined;
  /** Regions that run the check; all that ever have when absent. */
  regions: readonly string[] | undefined;

  constructor(input: Partial<Omit<DnsInput, 'kind'>> = {}) {
    this.settings = dnsSettingsOf({ name: 'a40.example.test', ...input });
  }

  wait(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  /** A run of a region; gives what the memory finds. The memory goes through JSON, as in the store. */
  run(evidence: DnsEvidence, region = 'us-east'): Finding[] {
    const { nowMs, regions } = this;
    this.last = remember(this.settings, this.memory, { region, regions, nowMs, evidence });
    this.memory = JSON.parse(JSON.stringify(this.last.memory)) as DnsMemory;
    return this.last.findings;
  }

  /** As `run`, with what is told as `id severity subject`; what is only told is left out. */
  told(evidence: DnsEvidence, region?: string): string[] {
    return this.run(evidence, region).flatMap(({ id, severity, subject }) =>
      severity === 'info' ? [] : [`${id} ${severity} ${subject}`],
    );
  }
}
