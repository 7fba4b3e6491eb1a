/**
 * The database file of SQLite: who may read it, whether its file system can serve several processes, and the room that
 * is kept free beside it so that access can be taken back when the disk is full.
 *
 * Must never open a file on a network file system: locks and shared memory do not hold there, and what two machines
 * write at once is lost (https://sqlite.org/wal.html, "all processes must be on the same host").
 */
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Linux's numbers of file systems that other machines share (statfs(2)). */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x7461636f, 'OCFS2'],
  [0x01161970, 'GFS2'],
  [0x47504653, 'GPFS'],
]);

/** Makes the file, and its directory, for its owner alone. Throws where the file system cannot serve the database. */
export function prepareFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const problem = process.platform === 'linux' ? sharedBy(statfsSync(dirname(file)).type) : undefined;
  if (problem !== undefined) throw new Error(problem);
  // Made here and not by SQLite, because its WAL and shared-memory files take over this file's mode.
  closeSync(openSync(file, 'a', 0o600));
}

/** Why no database may be on a file system of this type, if so. */
export function sharedBy(fileSystem: number): string | undefined {
  const name = NETWORK_FILE_SYSTEMS.get(fileSystem >>> 0);
  return (
    name &&
    `the database file is on a network file system (${name}), where SQLite loses data; use a local disk, or Postgres`
  );
}

/** Room on the disk that is given up when there is no other. */
export interface Reserve {
  /** Gives the room up. */
  release(): void;
  /** Takes it again. False, with nothing taken, when the disk has not enough for that and for going on. */
  fill(): boolean;
}

const RESERVE_BYTES = 4 * 1024 * 1024;
/** What has to be left beside the reserve before work is taken again. */
const SPARE_BYTES = 1024 * 1024;

/** The reserve of a database file: `FILE-reserve`. */
export function reserveOf(file: string): Reserve {
  const path = `${file}-reserve`;
  const release = () => rmSync(path, { force: true });
  return {
    release,
    fill: () => {
      try {
        if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) < RESERVE_BYTES) writeWhole(path);
        const { bavail, bsize } = statfsSync(dirname(path));
        if (bavail * bsize >= SPARE_BYTES) return true;
      } catch {
        // No room, or no right to it: either way nothing is in reserve.
      }
      release();
      return false;
    },
  };
}

/** Real blocks, synced: an empty length would promise room that the disk does not have. */
function writeWhole(path: string): void {
  const descriptor = openSync(path, 'w', 0o600);
  try {
    const block = Buffer.alloc(RESERVE_BYTES / 4, 'reserve ');
    for (let part = 0; part < 4; part += 1) if (writeSync(descriptor, block) < block.length) throw new Error('no room');
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
