import type { D1Migration } from 'cloudflare:test';
import type { HubBindings } from '#worker/bindings.ts';
import type * as hub from '#worker/index.ts';

declare global {
  namespace Cloudflare {
    interface Env extends HubBindings {
      PROBE_TOKEN_KEYS: string;
      OPERATOR_TOKEN: string;
      COOKIE_KEY: string;
      METRICS_TOKEN: string;
      PAGERDUTY_WEBHOOK_SECRET: string;
      TEST_MIGRATIONS: D1Migration[];
    }
    interface GlobalProps {
      mainModule: typeof hub;
    }
  }
}
