import { Hono } from 'hono';
import { parseEnv } from '../env.ts';
import type { Hub } from '../hub.ts';
import { hubConfigHash } from '../settings.ts';
import { historyProblem } from '../store/history.ts';

/** Whoever asks wants an answer, not D1's. */
const D1_TIMEOUT_MS = 2_000;

/** Whether the hub is up and whole. Says names of secrets that are missing, never a value. */
export const healthRoutes = new Hono<Hub>();

healthRoutes.get('/healthz', async (c) => {
  const env = parseEnv(c.env);
  const d1 = await historyProblem(c.env.DB, D1_TIMEOUT_MS);
  // Pages do not need D1: without it the hub is up, and says so.
  return c.json(
    {
      ok: env.ok,
      configHash: await hubConfigHash(),
      history: d1 === undefined ? 'ok' : 'unreachable',
      missingSecrets: env.ok ? [] : env.problems.map(({ name }) => name),
    },
    env.ok ? 200 : 500,
  );
});
