declare namespace Cloudflare {
  interface Env extends HubBindingsOfTests {
    PROBE_TOKEN_KEYS: string;
    TEST_MIGRATIONS: import('cloudflare:test').D1Migration[];
  }
  interface GlobalProps {
    mainModule: typeof import('#worker/index.ts');
  }
}

type HubBindingsOfTests = import('#worker/bindings.ts').HubBindings;
