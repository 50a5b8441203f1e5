/** Where pipelines and applications talk to the hub, under its origin; `Authorization: Bearer <service token>`. */
export const DEPLOYS_PATH = '/v1/deploys';
export const ATTEMPTS_PATH = '/v1/attempts';

/** One deploy: GET. */
export function deployPath(service: string, n: number): string {
  return `${DEPLOYS_PATH}/${encodeURIComponent(service)}/${n}`;
}

/** POST there asks for the rollback that the configuration names. */
export function rollbackPath(service: string, n: number): string {
  return `${deployPath(service, n)}/rollback`;
}

/** POST there tells what became of a rollback by command: a `CommandResult`. */
export function rollbackResultPath(service: string, n: number): string {
  return `${rollbackPath(service, n)}/result`;
}
