import { DurableObject } from 'cloudflare:workers';
import type { HubBindings } from '#worker/bindings.ts';
import type { Entry } from '#worker/objects/rpc.ts';

export { CheckObject } from '#worker/objects/check-object.ts';
export { DeployObject } from '#worker/objects/deploy-object.ts';
export { GroupObject } from '#worker/objects/group-object.ts';
export { NetworkObject } from '#worker/objects/network-object.ts';
export { RegionObject } from '#worker/objects/region-object.ts';

/** The limit: an object that only stores a row. */
export class BareObject extends DurableObject {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS runs (ordinal INTEGER PRIMARY KEY, run TEXT NOT NULL)');
  }

  ingest(entries: Entry[]): { stored: number } {
    for (const { runJson } of entries)
      this.ctx.storage.sql.exec('INSERT INTO runs (run) VALUES (?)', runJson);
    return { stored: entries.length };
  }
}

type Bindings = HubBindings & { BARE: DurableObjectNamespace<BareObject> };

/** A login started this long before it is reported. */
const AGE_MS = 400;

/**
 * `POST /check/NAME` and `POST /bare/NAME` store the run in the body and answer when it is stored; `GET /lag?checks=A,B`
 * tells how many runs of these history does not have yet.
 */
export default {
  async fetch(request: Request, env: Bindings): Promise<Response> {
    const url = new URL(request.url);
    const [, kind = '', name = ''] = url.pathname.split('/');
    if (kind === 'lag') return Response.json(await lagOf(env, url.searchParams.get('checks') ?? ''));
    const entries = [{ ageMs: AGE_MS, runJson: await request.text() }];
    switch (kind) {
      case 'check': {
        const { results } = await env.CHECKS.getByName(name).ingest(entries);
        return Response.json({ stored: results.filter(({ duplicate }) => !duplicate).length });
      }
      case 'bare':
        return Response.json(await env.BARE.getByName(name).ingest(entries));
      default:
        return new Response('no such route', { status: 404 });
    }
  },
};

async function lagOf(env: Bindings, checks: string): Promise<{ runs: number }> {
  let runs = 0;
  for (const name of checks.split(',')) runs += (await env.CHECKS.getByName(name).view()).historyLag.runs;
  return { runs };
}
