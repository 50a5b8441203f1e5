import { serviceOfSubject } from '#core/deploy/telling/subject.ts';
import { HolderLine, NameField } from './acknowledge-form.tsx';
import { Cause } from './incident-card.tsx';
import { subjectPath, type AcknowledgeSubject } from './acknowledge-subject.ts';
import { plainDocumentOf } from './layout.tsx';
import { Mark } from './mark.tsx';
import { Clock, Moment } from './time.tsx';
import { INCIDENT_WORDS } from './words.ts';

/**
 * The page behind the link in a page, for somebody on a phone at three who is not signed in. Showing it changes nothing;
 * its button posts to the same address. `name`: what this browser's person has called themselves.
 */
export function acknowledgeDocument(props: {
  incident: AcknowledgeSubject;
  name: string | undefined;
  nowMs: number;
}) {
  const { incident, name, nowMs } = props;
  const { word, mark } = INCIDENT_WORDS[incident.status];
  return plainDocumentOf({
    title: `${incident.title} #${incident.seq}`,
    nowMs,
    referrer: 'no-referrer',
    children: (
      <div class={`card acknowledge incident-${incident.status}`}>
        <h1>
          {incident.title} <span class="hush">#{incident.seq}</span>
        </h1>
        <Cause incident={incident} />
        <p>
          <span class={`sign sign-${mark}`}>
            <Mark shape={mark} /> {word}
          </span>
          {incident.resolvedAtMs === undefined ? (
            <>
              , since <Moment atMs={incident.sinceMs} nowMs={nowMs} />
            </>
          ) : (
            <>
              {' at '}
              <Clock atMs={incident.resolvedAtMs} nowMs={nowMs} />
            </>
          )}
        </p>
        <Deed incident={incident} name={name} nowMs={nowMs} />
        <ul class="links">
          <li>
            <a href={subjectPath(incident.check, incident.seq)}>
              {serviceOfSubject(incident.check) === undefined ? 'The incident' : 'The deploy'}
            </a>
          </li>
          {incident.runbook === undefined ? null : (
            <li>
              <a href={incident.runbook} rel="noreferrer">
                Runbook
              </a>
            </li>
          )}
        </ul>
      </div>
    ),
  });
}

/** The button, or why there is none. */
function Deed(props: { incident: AcknowledgeSubject; name: string | undefined; nowMs: number }) {
  const { incident, name, nowMs } = props;
  if (incident.acknowledged) return <HolderLine acknowledged={incident.acknowledged} nowMs={nowMs} />;
  if (incident.status === 'resolved') return <p>It is over: there is nothing to acknowledge.</p>;
  return (
    <form method="post" class="deed">
      <NameField id="name" name={name} />
      <button type="submit">Acknowledge</button>
      <p class="hush">
        Says that you have it
        {incident.escalatesAtMs === undefined ? (
          ''
        ) : (
          <>
            ; else others are woken at <Clock atMs={incident.escalatesAtMs} nowMs={nowMs} />
          </>
        )}
        . It ends nothing:{' '}
        {serviceOfSubject(incident.check) === undefined
          ? 'the incident is over when the check passes again.'
          : 'the deploy stays as it is, and is rolled back on its own page.'}
      </p>
    </form>
  );
}

/** Why a link leads nowhere, and where to go instead. */
export function acknowledgeProblemDocument(title: string, message: string, href: string) {
  return plainDocumentOf({
    title,
    referrer: 'no-referrer',
    children: (
      <div class="card acknowledge">
        <h1>{title}</h1>
        <p>{message}</p>
        <ul class="links">
          <li>
            <a href={href}>The operator’s pages</a>
          </li>
        </ul>
      </div>
    ),
  });
}
