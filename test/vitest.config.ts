import { fileURLToPath } from 'node:url';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { HUB_SECRETS, passToPager } from './worker-surroundings.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * wrangler bundles the pages' style and script as text (`rules` in its configuration). Vite reads a file so by `?raw`;
 * without `css: true` Vitest would empty the style sheet.
 */
const publicAsText = {
  alias: [{ find: /^\.\/public\/(.+)$/, replacement: `${root}dashboards/public/$1?raw` }],
};

/** `.ci/run` names a folder here and adds up what each vitest run leaves in it. */
const reportFolder = process.env.LATCHKEY_TEST_REPORTS;

/** The hub as `wrangler.toml` describes it, in workerd; what it sends goes to a pager on loopback. */
const workerd = (outbound: { outboundService?: typeof passToPager } = { outboundService: passToPager }) =>
  cloudflareTest(async () => ({
    wrangler: { configPath: './wrangler.toml' },
    miniflare: {
      bindings: {
        ...HUB_SECRETS,
        TEST_MIGRATIONS: await readD1Migrations(`${root}worker/migrations`),
      },
      ...outbound,
    },
  }));

export default defineConfig({
  root,
  test: {
    // Browsers and workerd are stopped at the end; a SIGTERM may take its time.
    teardownTimeout: 30_000,
    // The hub logs every page it sends; only a failing test's log is worth reading.
    silent: 'passed-only',
    reporters: reportFolder === undefined ? ['default'] : ['default', 'json'],
    ...(reportFolder === undefined ? {} : { outputFile: { json: `${reportFolder}/${process.pid}.json` } }),
    projects: [
      {
        root,
        resolve: publicAsText,
        test: { name: 'unit', css: true, include: ['test/unit/**/*.test.{ts,tsx}'] },
      },
      {
        root,
        test: { name: 'contract', include: ['test/contract/**/*.test.{ts,tsx}'], testTimeout: 20_000 },
      },
      {
        root,
        plugins: [workerd()],
        // The hub bundles the config of what is watched; its tests watch something of their own.
        resolve: { alias: { '#config': `${root}test/worker/latchkey.config.ts` } },
        test: {
          name: 'worker',
          globalSetup: ['test/worker-surroundings.ts'],
          include: ['test/worker/**/*.test.{ts,tsx}'],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        root,
        plugins: [workerd()],
        resolve: { alias: { '#config': `${root}test/incidents/latchkey.config.ts` } },
        test: {
          name: 'incidents',
          globalSetup: ['test/worker-surroundings.ts'],
          include: ['test/incidents/**/*.test.ts'],
          // Hours of a clock that the story moves; what takes real time is the hub's work.
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        root,
        test: {
          name: 'sim',
          include: ['test/sim/**/*.test.ts'],
          // It takes all cores: whatever is beside it would be measured slow.
          sequence: { groupOrder: 1 },
        },
      },
      {
        root,
        test: {
          name: 'dns',
          globalSetup: ['test/fixtures/dns/installing.ts'],
          // They wait for deadlines, two seconds of silence and a page much longer than they compute.
          maxWorkers: 2,
          include: ['test/dns/**/*.test.ts'],
          // Real name servers, signing and time-outs; a slow machine must not look like a broken product.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        root,
        // Nothing in between: it asks real servers on loopback.
        plugins: [workerd({})],
        resolve: { alias: { '#config': `${root}test/worker/latchkey.config.ts` } },
        test: {
          name: 'worker-dns',
          globalSetup: ['test/fixtures/dns/worker-lab.ts'],
          include: ['test/worker-dns/**/*.test.ts'],
          testTimeout: 20_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        root,
        test: {
          name: 'probe',
          include: ['test/probe/**/*.test.{ts,tsx}'],
          // Real Chromium and real processes; a slow machine must not look like a broken product.
          testTimeout: 60_000,
          sequence: { groupOrder: 4 },
        },
      },
      {
        root,
        resolve: publicAsText,
        test: {
          name: 'e2e',
          css: true,
          include: ['test/e2e/**/*.test.ts'],
          // Real browsers, real workerd, real intervals: a slow machine must not look like a broken product.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Each file drives browsers of its own; two at once would measure each other's queueing.
          fileParallelism: false,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
