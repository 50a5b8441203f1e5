import { typeName } from '#core/dns/codec/registry.ts';
import type { DnsEvidence, Measured, StoredExchange } from '#core/dns/findings/evidence.ts';
import { ASSERTIONS, type Finding, type FindingSeverity } from '#core/dns/findings/finding.ts';
import { formatMs } from '#core/units.ts';
import { Mark, type MarkShape } from './mark.tsx';
import { durationText } from './time.tsx';
import { TableHead } from './table-head.tsx';

/** Octets a client without EDNS takes (RFC 1035 section 4.2.1), and one with it (DNS Flag Day 2020). */
const LIMITS = { plainBytes: 512, ednsBytes: 1_232 } as const;
/** The OPT record of a reply (RFC 6891 section 6.1.2). */
const OPT_BYTES = 11;

const SEVERITY_MARKS: Record<FindingSeverity, MarkShape> = {
  critical: 'fail',
  fail: 'fail',
  warn: 'warning',
  info: 'waiting',
};

/** What a run of a DNS check found: what is wrong in words, how much room the answers leave, and every question put. */
export function DnsPanel({ dns }: { dns: DnsEvidence }) {
  return (
    <>
      <section aria-labelledby="findings">
        <h2 id="findings">Findings</h2>
        <Findings findings={dns.findings} dropped={dns.findingsDropped ?? 0} />
      </section>
      {dns.summary.measured.length === 0 ? null : (
        <section aria-labelledby="sizes">
          <h2 id="sizes">How big the answers are</h2>
          <div class="regions">
            {dns.summary.measured.map((measured) => (
              <Size measured={measured} />
            ))}
          </div>
        </section>
      )}
      <section aria-labelledby="questions">
        <h2 id="questions">Questions put</h2>
        <Questions exchanges={dns.exchanges} />
      </section>
    </>
  );
}

function Findings({ findings, dropped }: { findings: readonly Finding[]; dropped: number }) {
  if (findings.length === 0)
    return <p class="hush">Nothing to say: all that was asked is as it should be.</p>;
  return (
    <ul class="findings">
      {findings.map(({ id, severity, subject, message }) => (
        <li class={`finding finding-${severity}`} data-key={`${id} ${subject} ${message}`}>
          <span class={`sign sign-${SEVERITY_MARKS[severity]}`}>
            <Mark shape={SEVERITY_MARKS[severity]} /> {severity === 'warn' ? 'warning' : severity}
          </span>
          <div>
            <p>{message}</p>
            <p class="last-error">
              {id} {ASSERTIONS[id]} · <span class="address">{subject}</span>
            </p>
          </div>
        </li>
      ))}
      {dropped === 0 ? null : <li class="hush">and {dropped} more</li>}
    </ul>
  );
}

/** One type's answer against the two sizes that clients take. */
function Size({ measured }: { measured: Measured }) {
  const { type, outcome, records, floorBytes, chain, minTtlS } = measured;
  return (
    <article class="card" data-key={type}>
      <h3>
        {typeName(type)}:{' '}
        {outcome === 'ANSWER' ? `${records} ${records === 1 ? 'record' : 'records'}` : outcome}
      </h3>
      <p>
        {floorBytes} octets of answer
        {chain === 0 ? '' : `, ${chain} ${chain === 1 ? 'alias' : 'aliases'} on the way`}
        {minTtlS === undefined ? '' : `, kept ${durationText(minTtlS * 1_000)}`}
      </p>
      <Room title="without EDNS" takenBytes={floorBytes} limitBytes={LIMITS.plainBytes} />
      <Room title="with EDNS" takenBytes={floorBytes + OPT_BYTES} limitBytes={LIMITS.ednsBytes} />
    </article>
  );
}

function Room({ title, takenBytes, limitBytes }: { title: string; takenBytes: number; limitBytes: number }) {
  const leftBytes = limitBytes - takenBytes;
  const isOver = leftBytes < 0;
  return (
    <div class="room">
      <span>
        {limitBytes} octets <span class="hush">{title}</span>
      </span>
      <span class={isOver ? 'sign sign-fail' : ''}>
        {isOver ? (
          <>
            <Mark shape="fail" /> {-leftBytes} too many
          </>
        ) : (
          `${leftBytes} left`
        )}
      </span>
      <svg
        class="leg-bar"
        viewBox="0 0 100 4"
        preserveAspectRatio="none"
        aria-hidden="true"
        focusable="false"
      >
        <rect class="track" width="100" height="4" />
        <rect
          class={isOver ? 'fill fill-fail' : 'fill'}
          width={Math.round(Math.min(1, takenBytes / limitBytes) * 10_000) / 100}
          height="4"
        />
      </svg>
    </div>
  );
}

function Questions({ exchanges }: { exchanges: readonly StoredExchange[] }) {
  if (exchanges.length === 0) return <p class="hush">None was put.</p>;
  return (
    <details>
      <summary>
        {exchanges.length} {exchanges.length === 1 ? 'question' : 'questions'} and what came of each
      </summary>
      <table class="stacks" role="table">
        <TableHead titles={['Question', 'Server', 'How', 'Answer', 'Octets', 'Took']} />
        <tbody role="rowgroup">
          {exchanges.map((exchange) => (
            <tr role="row">
              <th role="rowheader" scope="row" class="address">
                {exchange.name} {typeName(exchange.type)}
              </th>
              <td role="cell" data-label="Server" class="address">
                {exchange.server}
              </td>
              <td role="cell" data-label="How">
                {[exchange.transport.toUpperCase(), exchange.how].filter((text) => text !== '').join(', ')}
              </td>
              <td role="cell" data-label="Answer">
                {exchange.outcome}
                {exchange.trouble === undefined ? null : <p class="last-error">{exchange.trouble}</p>}
              </td>
              <td role="cell" data-label="Octets">
                {exchange.wireBytes ?? ''}
              </td>
              <td role="cell" data-label="Took">
                {formatMs(exchange.exchangeMs)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
