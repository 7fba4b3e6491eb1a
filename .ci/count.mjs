/**
 * Reads vitest's JSON reports for .ci/run.
 *
 *   files REPORT                  the test files in which anything failed, a line each
 *   counts REPORT AGAIN STATUS    "passed failed", where the second run has the last word on the files it ran again;
 *                                 names on stderr what failed the first time only
 *
 * Must never count as passed what no run has passed: without a readable report something has failed.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [what, first, second, status] = process.argv.slice(2);

const read = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).testResults;
  } catch {
    return undefined;
  }
};
const fileOf = ({ name }) => relative(process.cwd(), name);
const failures = ({ status, assertionResults }) => {
  const named = assertionResults.filter((one) => one.status === 'failed').map((one) => one.fullName);
  return status === 'failed' && named.length === 0 ? ['(the file itself)'] : named;
};
const passes = ({ assertionResults }) => assertionResults.filter((one) => one.status === 'passed').length;

const run = read(first);
if (what === 'files') {
  for (const file of run ?? []) if (failures(file).length > 0) console.log(fileOf(file));
} else {
  const again = new Map((read(second) ?? []).map((file) => [fileOf(file), file]));
  let passed = 0;
  let failed = 0;
  for (const file of run ?? []) {
    const last = again.get(fileOf(file)) ?? file;
    passed += passes(last);
    failed += failures(last).length;
    const still = new Set(failures(last));
    for (const name of failures(file)) if (!still.has(name)) console.error(`failed once: ${fileOf(file)} > ${name}`);
  }
  if (run === undefined || (failed === 0 && status !== '0')) failed += 1;
  console.log(passed, failed);
}
