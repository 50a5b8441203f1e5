// Everything a fresh clone needs before `npm start` and `npm test`. Runs on Node 20 with nothing installed, changes
// nothing that is already in place, and says in one sentence what is missing. Local databases are the hub's own affair.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { browserIsCurrent, setUpBrowser } from './browser.mjs';
import { endCommands, say } from './command.mjs';
import { dependenciesAreCurrent, findNode, installDependencies, nodeIsCurrent } from './dependencies.mjs';
import { takeTurn } from './turn.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

async function setUp() {
  if (dependenciesAreCurrent(root) && nodeIsCurrent(root) && browserIsCurrent(root)) return;
  mkdirSync(join(root, '.latchkey'), { recursive: true });
  const endTurn = await takeTurn(join(root, '.latchkey', 'setup.lock'));
  for (const [signal, code] of /** @type {const} */ ([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])) {
    process.once(signal, () => {
      endCommands();
      endTurn();
      process.exit(code);
    });
  }
  try {
    // Asked again: while we waited another set-up may have done it all.
    if (!dependenciesAreCurrent(root)) await installDependencies(root);
    const node = await findNode(root);
    if (!browserIsCurrent(root)) {
      const { executablePath, version, source } = await setUpBrowser(root, node);
      say(`browser: Chromium ${version} (${source}) at ${executablePath}`);
    }
    say('done');
  } finally {
    endTurn();
  }
}

try {
  await setUp();
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
