import { ASSERTIONS } from '#core/dns/findings/finding.ts';
import type { ToldBaseline } from '#core/dns/memory/told-baseline.ts';
import { dnsBaselineFormPath } from '#core/operator-path.ts';
import type { CheckView } from '#core/view.ts';
import { Mark } from './mark.tsx';
import { durationText, Moment } from './time.tsx';
import { TableHead } from './table-head.tsx';

type Scope = ToldBaseline['scopes'][number];
type Figures = Scope['present']['measured'][number];

/** What a DNS check warns of, and its sizes now beside those that were accepted, with a button that accepts them. */
export function DnsStanding(props: {
  check: string;
  view: CheckView | undefined;
  baseline: ToldBaseline | undefined;
  nowMs: number;
}) {
  const { check, view, baseline, nowMs } = props;
  const scopes = baseline?.scopes ?? [];
  const isChanged = scopes.some(({ changes }) => changes.length > 0);
  return (
    <>
      <Warnings view={view} />
      <section aria-labelledby="sizes">
        <h2 id="sizes">Sizes now and as accepted</h2>
        {scopes.length === 0 ? <p class="hush">Nothing has been measured yet.</p> : null}
        {scopes.map((scope) => (
          <ScopeTable scope={scope} nowMs={nowMs} />
        ))}
        {isChanged ? (
          <form method="post" action={dnsBaselineFormPath(check)} class="holder">
            <button type="submit">Accept the sizes of now</button>
            <p class="hush">Until somebody does, what has grown is warned of.</p>
          </form>
        ) : null}
      </section>
    </>
  );
}

/** What the last runs warn of, each assertion once. */
function Warnings({ view }: { view: CheckView | undefined }) {
  const all = Object.values(view?.state.regions ?? {}).flatMap(({ warned = [] }) => warned);
  const warned = [...new Map(all.map((one) => [one.id, one])).values()];
  if (warned.length === 0) return <></>;
  return (
    <section aria-labelledby="warnings">
      <h2 id="warnings">Warnings of the last runs</h2>
      <ul class="findings">
        {warned.map(({ id, said }) => (
          <li class="finding" data-key={id}>
            <span class="sign sign-warning">
              <Mark shape="warning" /> {id}
            </span>
            <div>
              <p>{said}</p>
              <p class="last-error">{ASSERTIONS[id]}</p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function ScopeTable({ scope, nowMs }: { scope: Scope; nowMs: number }) {
  const { region, accepted, present, changes } = scope;
  return (
    <article class="card" data-key={region ?? 'everywhere'}>
      {region === undefined ? null : <h3>{region}</h3>}
      <table class="stacks" role="table">
        <TableHead titles={['Type', 'Now', 'As accepted', 'Changed']} />
        <tbody role="rowgroup">
          {present.measured.map((now) => {
            const was = accepted?.measured.find(({ type }) => type === now.type);
            const change = changes.find(({ typeName }) => typeName === now.typeName)?.changes ?? [];
            return (
              <tr role="row" data-key={now.type}>
                <th role="rowheader" scope="row">
                  {now.typeName}
                </th>
                <td role="cell" data-label="Now">
                  {figuresText(now)}
                </td>
                <td role="cell" data-label="As accepted">
                  {was ? figuresText(was) : 'not measured then'}
                </td>
                <td role="cell" data-label="Changed">
                  {change.length === 0 ? (
                    'no'
                  ) : (
                    <span class="sign sign-warning">
                      <Mark shape="warning" /> {change.join('; ')}
                    </span>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <p class="hush">
        Measured <Moment atMs={present.atMs} nowMs={nowMs} />
        {accepted === undefined ? null : (
          <>
            {', accepted '}
            <Moment atMs={accepted.atMs} nowMs={nowMs} />
            {accepted.by === undefined ? ' as the first that was measured' : ` by ${accepted.by}`}
          </>
        )}
      </p>
    </article>
  );
}

function figuresText({ outcome, records, floorBytes, chain, minTtlS }: Figures): string {
  if (outcome !== 'ANSWER') return outcome;
  return [
    `${records} ${records === 1 ? 'record' : 'records'}`,
    `${floorBytes} octets`,
    ...(chain === 0 ? [] : [`${chain} ${chain === 1 ? 'alias' : 'aliases'}`]),
    ...(minTtlS === undefined ? [] : [`TTL ${durationText(minTtlS * 1_000)}`]),
  ].join(', ');
}
