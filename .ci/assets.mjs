// Writes dashboards/bundled.ts: what is in dashboards/public, as text a Worker can hold. Run it after a change there.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

const TYPES = {
  'app.js': 'text/javascript; charset=utf-8',
  'favicon.svg': 'image/svg+xml',
  'style.css': 'text/css; charset=utf-8',
};

const entries = Object.entries(TYPES).map(([name, type]) => {
  const text = readFileSync(join(root, 'dashboards/public', name), 'utf8');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const literal = text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${');
  return `  '${name}': {\n    type: '${type}',\n    hash: '${hash}',\n    text: \`${literal}\`,\n  },`;
});

writeFileSync(
  join(root, 'dashboards/bundled.ts'),
  `// Made by .ci/assets.mjs from dashboards/public. Change the files there.\nexport const BUNDLED = {\n${entries.join('\n')}\n} as const;\n`,
);
