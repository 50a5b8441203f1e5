import { serviceOfSubject } from '#core/deploy/telling/subject.ts';
import { checkPath, deployPagePath, DEPLOYS_PAGE_PATH } from '#core/operator-path.ts';
import { subjectPath } from './acknowledge-subject.ts';
import type { LayoutProps } from './layout.tsx';
import { PageHead } from './page-head.tsx';
import { Mark } from './mark.tsx';
import { Moment } from './time.tsx';
import { viaWords } from './words.ts';
import { TableHead } from './table-head.tsx';

/** One change as the page shows it; times epoch ms. */
export type AuditLine = {
  atMs: number;
  action:
    | 'acknowledge'
    | 'deploy'
    | 'dns-accept'
    | 'drill'
    | 'freeze-lift'
    | 'rollback'
    | 'sign-in'
    | 'sign-out';
  who: string;
  via: string;
  check?: string | undefined;
  seq?: number | undefined;
  requestId?: string | undefined;
};

const ACTION_WORDS: Record<AuditLine['action'], string> = {
  acknowledge: 'acknowledged',
  deploy: 'announced',
  'dns-accept': 'accepted the DNS baseline of',
  drill: 'began',
  'freeze-lift': 'lifted the freeze of',
  rollback: 'asked for the rollback of',
  'sign-in': 'signed in',
  'sign-out': 'signed out',
};

/** Who changed what, newest first. `lines` is `undefined` when the list could not be read: it is not empty then. */
export function auditPage(lines: readonly AuditLine[] | undefined, nowMs: number): LayoutProps {
  return {
    title: 'Audit',
    live: false,
    nowMs,
    children: (
      <>
        <PageHead>
          <h1>Audit</h1>
          <p class="hush">Who changed what, newest first. Names are as people gave them.</p>
        </PageHead>
        <AuditTable lines={lines} nowMs={nowMs} />
      </>
    ),
  };
}

function Subject({ check, seq }: Pick<AuditLine, 'check' | 'seq'>) {
  if (check === undefined) return null;
  const service = serviceOfSubject(check);
  if (service !== undefined)
    return (
      <a href={seq === undefined ? DEPLOYS_PAGE_PATH : deployPagePath(service, seq)}>
        {service}
        {seq === undefined ? '' : ` #${seq}`}
      </a>
    );
  if (seq === undefined) return <a href={checkPath(check)}>{check}</a>;
  return (
    <a href={subjectPath(check, seq)}>
      {check} #{seq}
    </a>
  );
}

function AuditTable({ lines, nowMs }: { lines: readonly AuditLine[] | undefined; nowMs: number }) {
  if (lines === undefined)
    return (
      <p class="sign sign-blind">
        <Mark shape="blind" /> The history does not answer. What was changed is in the hub’s log all the same.
      </p>
    );
  if (lines.length === 0) return <p>Nobody has changed anything yet.</p>;
  return (
    <table class="audit stacks" role="table">
      <TableHead titles={['When', 'Who', 'What', 'How', 'Request']} />
      <tbody role="rowgroup">
        {lines.map((line) => (
          <tr role="row">
            <th role="rowheader" scope="row">
              <Moment atMs={line.atMs} nowMs={nowMs} />
            </th>
            <td role="cell" data-label="Who">
              {line.who}
            </td>
            <td role="cell" data-label="What">
              {ACTION_WORDS[line.action]} <Subject check={line.check} seq={line.seq} />
            </td>
            <td role="cell" data-label="How">
              {viaWords(line.via)}
            </td>
            <td role="cell" data-label="Request" class="address">
              {line.requestId ?? 'none'}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
