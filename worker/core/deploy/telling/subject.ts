const PREFIX = 'deploy.';

/** What pages about a service's deploys are about, in the place of a check's id: no id of a check has a dot. */
export function deploySubject(service: string): string {
  return PREFIX + service;
}

/** The service that a page is about, or `undefined` when it is about something else. */
export function serviceOfSubject(subject: string): string | undefined {
  return subject.startsWith(PREFIX) ? subject.slice(PREFIX.length) : undefined;
}
