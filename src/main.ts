#!/usr/bin/env node
/**
 * The bin: hands the command line to src/cli and ends with its exit code.
 */
import { keepHeapSmall } from './memory.ts';

// Before anything else is loaded: loading is what fills it first.
keepHeapSmall();
const [{ runCli }, { systemTerminal }] = await Promise.all([import('./cli/run.ts'), import('./cli/terminal.ts')]);

const terminal = systemTerminal();
try {
  process.exit(await runCli(process.argv.slice(2), terminal));
} catch (error) {
  terminal.err(
    `✗ ${error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]}` : 'unexpected failure'}\n`,
  );
  process.exit(1);
}
