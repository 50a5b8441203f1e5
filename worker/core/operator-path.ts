/** Where the operator's pages are, under the hub's origin. The links in a page (`page.ts`) point to the same places. */
export const OPERATOR_PATH = '/operator';
export const SIGN_IN_PATH = `${OPERATOR_PATH}/sign-in`;
export const SIGN_OUT_PATH = `${OPERATOR_PATH}/sign-out`;
export const LEDGER_PATH = `${OPERATOR_PATH}/ledger`;
export const AUDIT_PATH = `${OPERATOR_PATH}/audit`;
/** Where a drill is begun, and under its number how it does. */
export const DRILL_PATH = `${OPERATOR_PATH}/api/drill`;

/** The accepted figures of a DNS check beside the present ones; a POST there accepts these. */
export function dnsBaselinePath(check: string): string {
  return `${OPERATOR_PATH}/api/dns/${encodeURIComponent(check)}/baseline`;
}

/** All services with their latest deploys. */
export const DEPLOYS_PAGE_PATH = `${OPERATOR_PATH}/deploys`;

/** A deploy's page. */
export function deployPagePath(service: string, n: number): string {
  return `${DEPLOYS_PAGE_PATH}/${encodeURIComponent(service)}/${n}`;
}

/** Where the form posts to that rolls a deploy back. */
export function rollbackFormPath(service: string, n: number): string {
  return `${deployPagePath(service, n)}/rollback`;
}

/** Where the form posts to that lifts a service's freeze. */
export function freezeFormPath(service: string): string {
  return `${DEPLOYS_PAGE_PATH}/${encodeURIComponent(service)}/lift-freeze`;
}

/** A check's page. */
export function checkPath(check: string): string {
  return `${OPERATOR_PATH}/checks/${encodeURIComponent(check)}`;
}

/** An incident's page. */
export function incidentPath(check: string, seq: number): string {
  return `${checkPath(check)}/incidents/${seq}`;
}

/** Where the form posts to that says: somebody has this. `subject`: a check, `network` or `drill`. */
export function acknowledgePath(subject: string, seq: number): string {
  return `${OPERATOR_PATH}/acknowledge/${encodeURIComponent(subject)}/${seq}`;
}

/** Where the form posts to that accepts a DNS check's present sizes. */
export function dnsBaselineFormPath(check: string): string {
  return `${checkPath(check)}/baseline`;
}

/** A run's page. With `check`, the hub need not ask every check whose run it is. */
export function runPath(runId: string, check?: string): string {
  const path = `${OPERATOR_PATH}/runs/${encodeURIComponent(runId)}`;
  return check === undefined ? path : `${path}?check=${encodeURIComponent(check)}`;
}

/** A run's screenshot. */
export function screenshotPath(runId: string): string {
  return `${runPath(runId)}/screenshot`;
}
