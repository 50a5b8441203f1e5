import type { Problem } from '#core/problem.ts';
import { DeadlineError } from './deadline.ts';

/** Every way a request can be refused, and the only place where that becomes an HTTP status. */
const STATUS_OF = {
  'bad-request': 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  'unsupported-type': 415,
  'upgrade-required': 426,
  'too-many': 429,
  misconfigured: 500,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof STATUS_OF;
export type ErrorStatus = (typeof STATUS_OF)[ErrorCode];

/** A refusal meant for whoever asked: its message and problems are shown to them. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly problems: readonly Problem[] | undefined;

  constructor(code: ErrorCode, message: string, problems?: readonly Problem[]) {
    super(message);
    this.code = code;
    this.problems = problems;
  }
}

/** HTTP status of a refusal. */
export function statusOf(code: ErrorCode): ErrorStatus {
  return STATUS_OF[code];
}

/** Whether an error means “later”: a wait has ended, or the platform says that an object is being moved or overloaded. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof DeadlineError) return true;
  if (typeof error !== 'object' || error === null) return false;
  return (
    ('retryable' in error && error.retryable === true) || ('overloaded' in error && error.overloaded === true)
  );
}

/** The refusal with that HTTP status, as an object's answer carries it. */
export function errorOfStatus(status: number, message: string): AppError {
  const known = Object.entries(STATUS_OF).find(([, candidate]) => candidate === status);
  return new AppError((known?.[0] as ErrorCode | undefined) ?? 'bad-request', message);
}
