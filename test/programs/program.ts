/**
 * A program under test: started with the newer Node in a home of its own, watched line by line, ended in the end.
 *
 * When it prints an authorization address, the person opens it in a browser of theirs, allows, and the browser follows to
 * the program's own listener, as on any desktop.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrowserJar } from '../support/browser-jar.ts';
import type { ProtectedWorld } from '../support/protected-world.ts';
import { NODE } from './install.ts';

const PATIENCE_MS = 90_000;

export interface Program {
  /** All it has printed, both streams. */
  output(): string;
  /** What it has printed to stdout alone. */
  answer(): string;
  /** The first match in what it prints. Fails when it ends without one. */
  prints(pattern: RegExp): Promise<RegExpExecArray>;
  /** Its exit code. */
  ended(): Promise<number | null>;
  say(line: string): void;
  stop(): void;
}

/** `home` keeps what a program remembers from one run to the next. */
export function startProgram(home: string, script: string, args: readonly string[]): Program {
  // Programs may try to open a browser and find none: the person of the test opens the address they print.
  const env = { PATH: '/nonexistent', HOME: home, XDG_CONFIG_HOME: home, NO_COLOR: '1', MCP_AUTO_OPEN_ENABLED: 'true' };
  const child: ChildProcessWithoutNullStreams = spawn(NODE, [script, ...args], { env, cwd: home });
  let [all, answer] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    all += chunk;
    answer += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    all += chunk;
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve);
    child.on('error', reject);
  });

  const prints = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(all);
        if (found !== null) finish(() => resolve(found));
      };
      const fail = (why: string) => finish(() => reject(new Error(`${why} without ${pattern}:\n${all}`)));
      const timer = setTimeout(() => fail('time is up'), PATIENCE_MS);
      const finish = (end: () => void) => {
        clearTimeout(timer);
        child.stdout.off('data', look);
        child.stderr.off('data', look);
        end();
      };
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      exit.then(
        (code) => fail(`ended with ${code}`),
        (error) => fail(String(error)),
      );
      look();
    });

  return {
    output: () => all,
    answer: () => answer,
    prints,
    ended: () => exit,
    say: (line) => void child.stdin.write(`${line}\n`),
    stop: () => void child.kill('SIGKILL'),
  };
}

/** The person's part: from the address the program printed to the program's own listener. Returns that answer. */
export async function personAllows(world: ProtectedWorld, address: string): Promise<Response> {
  const jar = new BrowserJar();
  const back = await world.allow(jar, await jar.get(address));
  return fetch(back, { redirect: 'manual' });
}

/** A home that is removed at the end. */
export function newHome(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'program-home-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
