import { z } from 'zod';

/** A deploy as the checks it concerns remember it: it is named in an incident that begins soon after, and on the charts. */
export const DeployMark = z.object({
  service: z.string().max(64),
  title: z.string().max(100),
  n: z.number(),
  version: z.string().max(100),
  previousVersion: z.string().max(100).optional(),
  commit: z.string().max(100).optional(),
  /** When it was announced, epoch ms. */
  atMs: z.number(),
  /** It went to a canary only; everybody else has the version before. */
  isCanary: z.boolean(),
  /** How it is taken back, in words a person can act on; absent when the configuration names no way. */
  rollback: z.string().max(500).optional(),
  /** What has become of it, once that is known. */
  outcome: z.string().max(40).optional(),
  /** When that was decided, epoch ms. */
  decidedAtMs: z.number().optional(),
  /** When a rollback was called, epoch ms. */
  rolledBackAtMs: z.number().optional(),
});
export type DeployMark = z.output<typeof DeployMark>;

/** Deploys that a check remembers: what the charts of a day show. */
export const MARKS_MAX = 20;
/** An incident that begins later than this after a deploy does not name it: by then much else has changed. */
export const BLAMED_WITHIN_MS = 30 * 60_000;

/** The marks with a new one, or with what is new of one. */
export function withMark(marks: readonly DeployMark[], mark: DeployMark): DeployMark[] {
  const others = marks.filter(({ service, n }) => service !== mark.service || n !== mark.n);
  return [...others, mark].toSorted((a, b) => a.atMs - b.atMs).slice(-MARKS_MAX);
}

/** The latest deploy before a moment, and how long before, when it is near enough to be named. */
export function deployBefore(
  marks: readonly DeployMark[],
  atMs: number,
): { deploy: DeployMark; afterMs: number } | undefined {
  const deploy = marks.findLast((mark) => mark.atMs <= atMs && atMs - mark.atMs <= BLAMED_WITHIN_MS);
  return deploy && { deploy, afterMs: atMs - deploy.atMs };
}
