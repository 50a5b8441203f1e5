import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { breachesOf } from './boundaries.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS = ['worker', 'probes', 'dashboards', 'test', '.ci'];
const TEXT = /(\.(tsx?|mjs|json|toml|md|sql|css|html|sh|ya?ml|txt)|\/run|LICENSE)$/;

function repository(): Map<string, string> {
  const entries = ['', ...FOLDERS].flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: folder !== '', withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    ),
  );
  const paths = entries.map(({ parentPath, name }) => `${parentPath}/${name}`.replaceAll('\\', '/'));
  return new Map(
    paths
      .map((path) => path.slice(root.length).replace(/^\//, ''))
      .filter((path) => TEXT.test(path) && !path.includes('node_modules/'))
      .map((path) => [path, readFileSync(`${root}${path}`, 'utf8')]),
  );
}

const breaches = (files: Record<string, string>): string[] => breachesOf(new Map(Object.entries(files)));

test('the repository keeps its shape', () => {
  const files = repository();
  expect(files.has('worker/core/config.ts'), 'the test reads the repository').toBe(true);
  expect(breachesOf(files)).toEqual([]);
});

describe('a forbidden import is found', () => {
  test.each([
    ['by alias', 'worker/core/a.ts', "import { x } from '#worker/log.ts';", 'worker/log.ts'],
    ['by relative path', 'worker/core/a.ts', "import { x } from '../log.ts';", 'worker/log.ts'],
    ['as a type', 'worker/store/a.ts', "import type { X } from '../objects/x.ts';", 'worker/objects/x.ts'],
    ['as a re-export', 'probes/a.ts', "export { x } from '#worker/app.ts';", 'worker/app.ts'],
    ['as a re-export of all', 'probes/a.ts', "export * from '#dashboards/a.tsx';", 'dashboards/a.tsx'],
    ['as a dynamic import', 'probes/a.ts', "const x = await import('#worker/app.ts');", 'worker/app.ts'],
    ['for its effect', 'dashboards/a.tsx', "import '#worker/app.ts';", 'worker/app.ts'],
    [
      'over several lines',
      'worker/channels/a.ts',
      "import {\n  x,\n  y,\n} from '../log.ts';",
      'worker/log.ts',
    ],
    ['of a package', 'worker/core/a.ts', "import { Hono } from 'hono';", 'hono'],
    ['of a Node module', 'dashboards/a.tsx', "import { readFile } from 'node:fs';", 'node:fs'],
    ['of a package with a similar name', 'worker/core/a.ts', "import { x } from 'zod-extra';", 'zod-extra'],
    [
      'of the probe by a journey',
      'probes/journeys/a.journey.ts',
      "import { x } from '../agent.ts';",
      'probes/agent.ts',
    ],
    ['of tests by the product', 'worker/routes/a.ts', "import { x } from '#test/b.ts';", 'test/b.ts'],
    [
      'of routes by objects',
      'worker/objects/a.ts',
      "import { x } from '../routes/b.ts';",
      'worker/routes/b.ts',
    ],
  ])('%s', (_how, path, text, target) => {
    const found = breaches({ [path]: text });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^${path}: .* may not import ${target}$`));
  });
});

test('what the design allows is no breach', () => {
  expect(
    breaches({
      'worker/core/a.ts':
        "import { z } from 'zod';\nimport { b } from './dns/b.ts';\n// import { c } from '#worker/c.ts';",
      'worker/channels/a.ts':
        "import { Webhook } from 'standardwebhooks';\nimport type { P } from '#core/a.ts';",
      'worker/objects/a.ts': "import { x } from '../store/x.ts';\nimport { log } from '../log.ts';",
      'worker/routes/a.ts': "import { Page } from '#dashboards/page.tsx';\nimport { Hono } from 'hono';",
      'dashboards/page.tsx': "import { html } from 'hono/html';",
      'probes/journeys/a.journey.ts': "import { defineJourney } from '../journey.ts';",
      'probes/a.ts': "import { chromium } from 'playwright';\nimport { config } from '#config';",
      'test/e2e/a.test.ts': "import { app } from '#worker/app.ts';",
    }),
  ).toEqual([]);
});

test('an import cycle is found once, whichever way it is imported', () => {
  const found = breaches({
    'probes/a.ts': "import { b } from './b.ts';",
    'probes/b.ts': "export * from '#probes/c.ts';",
    'probes/c.ts': "const a = import('./a.ts');",
    'probes/d.ts': "import { a } from './a.ts';",
  });
  expect(found).toEqual(['import cycle: probes/a.ts → probes/b.ts → probes/c.ts → probes/a.ts']);
});

test.each(['utils.ts', 'helpers.ts', 'common.tsx', 'types.ts', 'misc.test.ts'])(
  'a file named %s is found',
  (name) => {
    expect(breaches({ [`probes/${name}`]: '' })).toHaveLength(1);
  },
);

test.each(['Date.now()', 'new Date()', 'Math.random()', 'performance.now()'])(
  '%s in core is found',
  (call) => {
    expect(breaches({ 'worker/core/a.ts': `export const x = ${call};` })).toHaveLength(1);
    expect(
      breaches({ 'worker/core/a.ts': `// never ${call}\n/** nor ${call} */`, 'probes/a.ts': call }),
    ).toEqual([]);
  },
);

test('a README that names a missing file is found', () => {
  const files = { 'probes/main.ts': '', 'probes/cli/run.ts': '' };
  expect(
    breaches({
      ...files,
      'README.md': '`probes/main.ts`, `probes/cli/`, `run.ts`, `probes/my-own.ts`, `npm start`',
    }),
  ).toEqual([]);
  expect(breaches({ ...files, 'probes/README.md': '`cli/run.ts` and `main.ts`' })).toEqual([]);
  expect(breaches({ ...files, 'README.md': '`probes/gone.ts`' })).toEqual([
    'README.md: `probes/gone.ts` does not exist',
  ]);
});

test('a path of one machine is found', () => {
  for (const folder of ['root', 'work']) {
    expect(breaches({ 'test/a.ts': `open('/${folder}/x')` })).toEqual([
      'test/a.ts: holds a path of one machine',
    ]);
    expect(breaches({ 'test/a.ts': `open('./${folder}/x')` })).toEqual([]);
  }
});
