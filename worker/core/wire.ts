import { z } from 'zod';
import { Failure } from './failure.ts';
import { CACHE_URLS_MAX } from './deploy/service/checklist.ts';
import { Selector } from './deploy/service/selector.ts';
import { DEPLOY_SIDES, DeployRef, RUN_BYTES_MAX, Run, Slug } from './run.ts';

/** Version of the messages between probe and hub; a hub refuses another with 409 and says which it speaks. */
export const WIRE_VERSION = 4;
/** Runs in one report: bounds the work of one message; a probe with a longer spool sends several. */
export const RUNS_PER_REPORT_MAX = 20;
/** Bytes of one message: a full report of ordinary runs; one outsized run still fits. */
export const MESSAGE_BYTES_MAX = 1024 * 1024;
/** Bytes of a screenshot: a full-HD page as JPEG or PNG is 50–800 kB. */
export const SCREENSHOT_BYTES_MAX = 2 * 1024 * 1024;
/** A probe sends the text `ping` this often; the hub's runtime answers `pong` without waking an object. */
export const HEARTBEAT_INTERVAL_MS = 10_000;
/** A region not heard from for this long is silent: three heartbeats and 5 s (DESIGN section 5). */
export const SILENT_AFTER_MS = 35_000;
/** How often a probe without a socket asks for commands over HTTP. */
export const POLL_INTERVAL_MS = 5_000;
/** A hub answers a message within this, if only by leaving out the runs it could not store; a probe waits for longer. */
export const ANSWER_MS_MAX = 9_000;
export const PING = 'ping';
export const PONG = 'pong';

/** Paths of the hub's probe API, under its origin. */
export const PROBE_PATHS = {
  socket: '/api/probe/socket',
  report: '/api/probe/report',
  poll: '/api/probe/poll',
  /** POST of an `Overdue`; the answer's body says nothing. */
  overdue: '/api/probe/overdue',
  /** POST of a `BrokeGlass`, answered by an `Ack`. */
  brokeGlass: '/api/probe/broke-glass',
  /** POST of a `Looked`; the answer's body says nothing. */
  looked: '/api/probe/looked',
  /** Followed by `/<run id>`; PUT of the image. */
  screenshots: '/api/probe/screenshots',
} as const;

/** First message of a probe on a socket, and the body of a poll. Region and rights come from the token. */
export const Hello = z.strictObject({
  type: z.literal('hello'),
  wireVersion: z.int(),
  probe: Slug,
  boot: z.int().min(0),
  configHash: z.string().max(64),
  /** Versions for people: `{ latchkey, node, playwright, chromium }`. */
  versions: z.record(z.string().max(32), z.string().max(64)),
  /** Runs waiting in the spool, and passes dropped because it was full, since the boot. */
  spooled: z.int().min(0),
  dropped: z.int().min(0),
});
export type Hello = z.infer<typeof Hello>;

/** Runs, oldest first. `ageMs`: from a run's start to the sending, by the probe's monotonic clock. */
export const Report = z.strictObject({
  type: z.literal('report'),
  entries: z
    .array(z.strictObject({ ageMs: z.number().min(0), run: Run }))
    .min(1)
    .max(RUNS_PER_REPORT_MAX),
});
export type Report = z.infer<typeof Report>;

/**
 * A run that is still going on has passed its soft deadline. Not stored and not acknowledged: it only makes the burst
 * begin before the run's end. `ageMs`: from the run's start to the sending, by the probe's monotonic clock.
 */
export const Overdue = z.strictObject({
  type: z.literal('overdue'),
  check: Slug,
  probe: Slug,
  ageMs: z.number().min(0),
});
export type Overdue = z.infer<typeof Overdue>;

/**
 * Number of an incident that a probe may bring: one every minute for 190 years. It stays what links and routes take, and
 * far from where numbers can no longer be counted on.
 */
export const PROBE_SEQ_MAX = 99_999_999;

/**
 * The probe has paged by itself while the hub was gone (break-glass). Sent until it is acknowledged by `<check>:<seq>`.
 * Ages are from the moment meant to the sending, by the probe's monotonic clock, milliseconds.
 */
export const BrokeGlass = z.strictObject({
  type: z.literal('broke-glass'),
  check: Slug,
  region: Slug,
  probe: Slug,
  seq: z.int().min(1).max(PROBE_SEQ_MAX),
  /** Start of the first of the failures. */
  firstFailedAgeMs: z.number().min(0),
  decidedAgeMs: z.number().min(0),
  acceptedAgeMs: z.number().min(0),
  channel: Slug,
  providerId: z.string().max(255).optional(),
  /** To ask whether somebody has acknowledged. */
  receipt: z.string().max(255).optional(),
  failure: Failure,
});
export type BrokeGlass = z.infer<typeof BrokeGlass>;

/** Headers of one answer that are told: those that say what a cache did. */
const LOOKED_HEADERS_MAX = 20;

/** What a region got from the addresses of a `LookNow`. Not acknowledged: the hub asks again for what does not come. */
export const Looked = z.strictObject({
  type: z.literal('looked'),
  probe: Slug,
  service: Slug,
  n: z.int().min(1),
  /** The checklist's item. */
  item: Slug,
  answers: z
    .array(
      z.strictObject({
        url: z.string().max(2_000),
        /** Absent when there was no answer. */
        status: z.int().min(100).max(599).optional(),
        /** By their names in lower case. */
        headers: z
          .record(z.string().max(100), z.string().max(500))
          .refine(
            (headers) => Object.keys(headers).length <= LOOKED_HEADERS_MAX,
            `expected at most ${LOOKED_HEADERS_MAX} headers`,
          ),
        error: z.string().max(300).optional(),
      }),
    )
    .max(CACHE_URLS_MAX),
});
export type Looked = z.infer<typeof Looked>;

export const ProbeMessage = z.discriminatedUnion('type', [Hello, Report, Overdue, BrokeGlass, Looked]);
export type ProbeMessage = z.infer<typeof ProbeMessage>;

/** When to start a check next, and what to know of it until then. What is absent stays as it was. */
export const NextStart = z.strictObject({
  check: Slug,
  /** In this many milliseconds from receipt. */
  inMs: z.number().min(0),
  /** A run that lasts longer is said to be overdue while it goes on. */
  softDeadlineMs: z.number().min(1).optional(),
  /** Deadline of the next run instead of the check's timeout, when a burst has a shorter one. Only of that run. */
  deadlineMs: z.number().min(1).optional(),
  /** The check's last incident, and whether it is not over: what a probe must know to page by itself. */
  incident: z.strictObject({ seq: z.int().min(0), open: z.boolean(), accepted: z.boolean() }).optional(),
});
export type NextStart = z.infer<typeof NextStart>;

/** Which checks this probe runs, and when each starts next. Replaces the plan before. */
export const Plan = z.strictObject({
  type: z.literal('plan'),
  configHash: z.string().max(64),
  starts: z.array(NextStart),
});
export type Plan = z.infer<typeof Plan>;

/** These runs are stored: drop them from the spool. `starts` says when their checks start next. */
export const Ack = z.strictObject({
  type: z.literal('ack'),
  runs: z.array(z.string().max(160)),
  /** Pages of break-glass that are taken in: their `<check>:<seq>`. */
  brokeGlass: z.array(z.string().max(100)).optional(),
  starts: z.array(NextStart),
});
export type Ack = z.infer<typeof Ack>;

/**
 * Start this check at once: a burst, or a person's wish. When it is running already, its deadline becomes `deadlineMs` if
 * that is shorter.
 */
export const RunNow = z.strictObject({
  type: z.literal('run-now'),
  check: Slug,
  trigger: z.enum(['burst', 'manual']),
  deadlineMs: z.number().min(1).optional(),
});
export type RunNow = z.infer<typeof RunNow>;

/**
 * Run this check once on each of these sides, started together in this order. Beside the schedule, which goes on: it neither
 * waits for a place of the schedule's runs nor takes one, and one pair of a check at a time is all that a probe runs.
 */
export const VerifyNow = z.strictObject({
  type: z.literal('verify-now'),
  check: Slug,
  deploy: DeployRef.pick({ service: true, n: true, pair: true }),
  sides: z
    .array(z.strictObject({ side: z.enum(DEPLOY_SIDES), selector: Selector.optional() }))
    .min(1)
    .max(2),
});
export type VerifyNow = z.infer<typeof VerifyNow>;

/** Ask these addresses as a browser would that has nothing stored, and tell by `Looked` what their headers say. */
export const LookNow = z.strictObject({
  type: z.literal('look-now'),
  service: Slug,
  n: z.int().min(1),
  item: Slug,
  urls: z.array(z.string().max(2_000)).min(1).max(CACHE_URLS_MAX),
  /** A header that the item goes by, beside those that caches are known to set. */
  header: z.string().max(100).optional(),
});
export type LookNow = z.infer<typeof LookNow>;

/** What a probe can be told to do at once. */
export const Command = z.discriminatedUnion('type', [RunNow, VerifyNow, LookNow]);
export type Command = z.infer<typeof Command>;

/** A message was refused and changed nothing. `status` is the HTTP status the same message would have got. */
export const Refusal = z.strictObject({ type: z.literal('refusal'), status: z.int(), error: z.string() });
export type Refusal = z.infer<typeof Refusal>;

export const HubMessage = z.discriminatedUnion('type', [Plan, Ack, RunNow, VerifyNow, LookNow, Refusal]);
export type HubMessage = z.infer<typeof HubMessage>;

/** Answer to a poll: the plan when it is new to this boot, and the commands since the last poll. */
export const PollAnswer = z.strictObject({ plan: Plan, commands: z.array(Command) });
export type PollAnswer = z.infer<typeof PollAnswer>;

/** Whether a run may be sent: its JSON is within `RUN_BYTES_MAX`. */
export function fitsWire(runJsonBytes: number): boolean {
  return runJsonBytes <= RUN_BYTES_MAX;
}
