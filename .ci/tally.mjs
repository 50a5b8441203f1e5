// `node .ci/tally.mjs FOLDER EXIT_CODE`: adds up the vitest JSON reports in a folder and prints "N passed, N failed".
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, exitCode] = process.argv.slice(2);
const count = { passed: 0, failed: 0, skipped: 0 };
for (const name of readdirSync(folder)) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  count.passed += report.numPassedTests;
  count.failed += report.numFailedTests;
  count.skipped += report.numPendingTests + report.numTodoTests;
  // A file that does not load, or whose hooks fail, has no failed test of its own.
  count.failed += report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
}
if (count.skipped > 0) console.log(`${count.skipped} skipped`);
if (exitCode !== '0' && count.failed === 0) {
  console.log(`npm test ended with exit code ${exitCode} outside the tests: see above`);
}
console.log(`${count.passed} passed, ${count.failed} failed`);
