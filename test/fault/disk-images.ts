/**
 * What a disk may hold after a power cut: everything that was synced before, and any part of what was written since.
 *
 * Reads the trace of `test/fault/shim/fault_shim.c`. A write that was not synced may be there, be missing, or be torn at
 * a sector. Must never leave out anything that the program has synced.
 */
const SECTOR = 512;
const HEAD_BYTES = 32;

type Act = 'write' | 'truncate' | 'sync' | 'unlink';
const ACTS: readonly (Act | undefined)[] = [undefined, 'write', 'truncate', 'sync', 'unlink'];

export interface Recorded {
  /** Where in the trace it ends: an image of this position or a later one knows of it. */
  readonly end: number;
  readonly act: Act;
  readonly path: string;
  readonly offset: number;
  readonly data: Buffer;
}

/** Everything recorded, in order; a last record that is still being written is left out. */
export function readTrace(trace: Buffer): Recorded[] {
  const records: Recorded[] = [];
  for (let at = 0; at + HEAD_BYTES <= trace.length; ) {
    const [op, offset, dataLength, pathLength] = [0, 8, 16, 24].map((field) =>
      Number(trace.readBigInt64LE(at + field)),
    );
    const act = ACTS[op ?? 0];
    const pathAt = at + HEAD_BYTES;
    const dataAt = pathAt + (pathLength ?? 0);
    const end = dataAt + (dataLength ?? 0);
    if (act === undefined) throw new Error(`no such record at ${at}`);
    if (end > trace.length) break;
    const path = trace.toString('utf8', pathAt, dataAt);
    records.push({ end, act, path, offset: offset ?? 0, data: trace.subarray(dataAt, end) });
    at = end;
  }
  return records;
}

/** The files after a power cut at this position of the trace, by path. `random` decides what of the unsynced was kept. */
export function imageAt(records: readonly Recorded[], position: number, random: () => number): Map<string, Buffer> {
  const before = records.filter(({ end }) => end <= position);
  const syncedUpTo = new Map<string, number>();
  for (const [index, { act, path }] of before.entries()) if (act === 'sync') syncedUpTo.set(path, index);
  // How much of the unsynced the disk kept: nothing, everything, or this share of it.
  const [kept] = [[0, 1, random()][Math.floor(random() * 3)] ?? 0];
  const files = new Map<string, Buffer>();
  for (const [index, record] of before.entries()) {
    const { act, path, offset, data } = record;
    const isSafe = index <= (syncedUpTo.get(path) ?? -1);
    if (act === 'unlink') files.delete(path);
    else if (act === 'truncate' && (isSafe || random() < kept)) files.set(path, resized(files.get(path), offset));
    else if (act === 'write') {
      const part = isSafe ? data : torn(data, kept, random);
      if (part.length > 0) files.set(path, withWrite(files.get(path), offset, part));
    }
  }
  return files;
}

/** As much of a write as reached the disk: all of it, none, or whole sectors from its beginning. */
function torn(data: Buffer, kept: number, random: () => number): Buffer {
  if (random() >= kept) return data.subarray(0, 0);
  if (random() < 0.8) return data;
  return data.subarray(0, Math.floor((random() * data.length) / SECTOR) * SECTOR);
}

function resized(file: Buffer | undefined, length: number): Buffer {
  const next = Buffer.alloc(length);
  file?.copy(next, 0, 0, length);
  return next;
}

function withWrite(file: Buffer | undefined, offset: number, data: Buffer): Buffer {
  const end = offset + data.length;
  const next = file === undefined || file.length < end ? resized(file, end) : file;
  data.copy(next, offset);
  return next;
}
