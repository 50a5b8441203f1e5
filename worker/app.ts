import { Hono } from 'hono';
import { requestId } from 'hono/request-id';
import { AppError, isUnavailable, statusOf } from './errors.ts';
import type { Hub } from './hub.ts';
import { logError } from './log.ts';
import { requireEnv } from './middleware/require-env.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { acknowledgeRoutes } from './routes/acknowledge.ts';
import { assetRoutes } from './routes/assets.ts';
import { channelWebhookRoutes } from './routes/channel-webhook.ts';
import { deployRoutes } from './routes/deploys.ts';
import { dnsRoutes } from './routes/dns.ts';
import { drillRoutes } from './routes/drill.ts';
import { healthRoutes } from './routes/health.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { operatorRoutes } from './routes/operator.ts';
import { probeRoutes } from './routes/probe.ts';
import { runsRoutes } from './routes/runs.ts';

/** The hub's HTTP. Every refusal and every error becomes an answer here and nowhere else. */
export const app = new Hono<Hub>();

app.use(requestId());
app.use(securityHeaders);
app.route('/', healthRoutes);
app.route('/', assetRoutes);
app.use(requireEnv);
app.route('/', probeRoutes);
app.route('/', deployRoutes);
app.route('/', channelWebhookRoutes);
app.route('/', acknowledgeRoutes);
app.route('/', metricsRoutes);
app.route('/', dnsRoutes);
app.route('/', drillRoutes);
app.route('/', runsRoutes);
app.route('/', operatorRoutes);

app.notFound((c) =>
  c.json({ error: `there is nothing at ${c.req.path.slice(0, 200)}` }, statusOf('not-found')),
);

app.onError((error, c) => {
  const requestId = c.get('requestId');
  if (error instanceof AppError) {
    if (error.code === 'unauthenticated') c.header('www-authenticate', 'Bearer');
    const problems = error.problems ? { problems: error.problems } : {};
    return c.json({ error: error.message, ...problems }, statusOf(error.code));
  }
  logError('request-failed', error, { requestId, method: c.req.method, path: c.req.path });
  if (isUnavailable(error))
    return c.json(
      { error: 'a part of the hub does not answer; try again', requestId },
      statusOf('unavailable'),
    );
  return c.json({ error: 'internal error', requestId }, 500);
});
