/**
 * The shim's side in the suites: compiles it, and turns its control page (`test/fault/shim/fault_shim.c`), with which a
 * suite moves a broker's clock, fills its disk, and cuts its power at a chosen sync.
 *
 * Linux only, because of LD_PRELOAD; the compiler is the one that the SQLite driver needs, too.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** In the order of the slots in the shim. */
const SLOTS = [
  ...(['clockOffset', 'killAtSync', 'syncs', 'diskFull'] as const),
  ...(['killAfter', 'syncFails', 'freed', 'syncDelayMicros'] as const),
] as const;
export type Slot = (typeof SLOTS)[number];

export const hasShim = process.platform === 'linux';

export interface Shim {
  /** Environment of a broker whose database files begin with `data`; what it writes is recorded unless that is not wanted. */
  env(data: string, recording?: boolean): Readonly<Record<string, string>>;
  /** Takes effect at once in every process that has the shim. */
  set(slot: Slot, value: number): void;
  get(slot: Slot): number;
  /** Bytes recorded so far: the position of this moment in the trace. */
  position(): number;
  trace(): Buffer;
  close(): void;
}

export function openShim(): Shim {
  const folder = mkdtempSync(join(tmpdir(), 'broker-shim-'));
  const library = join(folder, 'fault_shim.so');
  const source = join(import.meta.dirname, 'shim', 'fault_shim.c');
  execFileSync(process.env.CC ?? 'cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl']);
  const control = join(folder, 'control');
  const trace = join(folder, 'trace');
  writeFileSync(control, Buffer.alloc(4096));
  writeFileSync(trace, '');
  const page = openSync(control, 'r+');
  const cell = Buffer.alloc(8);
  return {
    env: (data, recording = true) => ({
      ...{ LD_PRELOAD: library, FAULT_CONTROL: control, FAULT_DATA: data },
      ...(recording && { FAULT_TRACE: trace }),
    }),
    set: (slot, value) => {
      cell.writeBigInt64LE(BigInt(value));
      writeSync(page, cell, 0, 8, SLOTS.indexOf(slot) * 8);
    },
    get: (slot) => {
      readSync(page, cell, 0, 8, SLOTS.indexOf(slot) * 8);
      return Number(cell.readBigInt64LE());
    },
    position: () => statSync(trace).size,
    trace: () => readFileSync(trace),
    close: () => {
      closeSync(page);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
