import { acknowledgePath } from '#core/operator-path.ts';
import type { AcknowledgeSubject } from './acknowledge-subject.ts';
import type { IncidentView } from './incident-view.ts';
import { Mark } from './mark.tsx';
import { Clock } from './time.tsx';
import { viaWords } from './words.ts';

/** Characters of a name: it is shown, stored and sent to channels. */
export const NAME_CHARS_MAX = 80;

/**
 * Who has an incident; while nobody does, the button that says "I have it". `next`: the page to come back to. `name`: what
 * this person has called themselves; asked for where the form is `named`. Works without JavaScript.
 */
export function Holder(props: {
  incident: AcknowledgeSubject;
  next: string;
  named?: { name: string | undefined } | undefined;
  nowMs: number;
}) {
  const { incident, next, named, nowMs } = props;
  const { check, seq, title, status } = incident;
  if (incident.acknowledged) return <HolderLine acknowledged={incident.acknowledged} nowMs={nowMs} />;
  if (status === 'resolved') return <p class="holder hush">Nobody acknowledged it.</p>;
  return (
    <form method="post" action={acknowledgePath(check, seq)} class="holder">
      <input type="hidden" name="next" value={next} />
      {named === undefined ? null : <NameField id={`name-${check}-${seq}`} name={named.name} />}
      <button type="submit" aria-label={`Acknowledge ${title} #${seq}`}>
        Acknowledge
      </button>
      <p class="hush">
        {incident.ledger?.held ? 'Nobody has been woken for it' : 'Nobody has it yet'}
        {incident.escalatesAtMs === undefined ? null : (
          <>
            {', others are woken at '}
            <Clock atMs={incident.escalatesAtMs} nowMs={nowMs} />
          </>
        )}
      </p>
    </form>
  );
}

/** Who has it, since when, and how that became known. */
export function HolderLine(props: {
  acknowledged: NonNullable<IncidentView['acknowledged']>;
  nowMs: number;
}) {
  const { by, via, atMs } = props.acknowledged;
  return (
    <p class="holder">
      <span class="sign">
        <Mark shape="pass" /> <strong>{by}</strong> has it
      </span>{' '}
      <span class="hush">
        since <Clock atMs={atMs} nowMs={props.nowMs} />, {viaWords(via)}
      </span>
    </p>
  );
}

/** What the person at the button calls themselves; the browser remembers it. */
export function NameField({ id, name }: { id: string; name: string | undefined }) {
  return (
    <span class="name-field">
      <label for={id}>Your name</label>
      <input
        id={id}
        name="name"
        value={name ?? ''}
        maxlength={NAME_CHARS_MAX}
        autocomplete="name"
        placeholder="so that others know"
      />
    </span>
  );
}
