/** Where a database file may be, and the room kept beside it. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reserveOf, sharedBy } from '../../src/store/sqlite-file.ts';
import { watchSpace } from '../../src/store/sqlite-space.ts';

describe('a file system', () => {
  test.each([
    [0x6969, 'NFS'],
    [0xff534d42, 'CIFS'],
    [0xff534d42 - 2 ** 32, 'CIFS'],
    [0xfe534d42, 'SMB'],
    [0x0bd00bd0, 'Lustre'],
  ])('that other machines share (%d) is refused by its name: %s', (type, name) => {
    expect(sharedBy(type)).toBe(
      `the database file is on a network file system (${name}), where SQLite loses data; use a local disk, or Postgres`,
    );
  });

  test.each([
    ['ext4', 0xef53],
    ['xfs', 0x58465342],
    ['btrfs', 0x9123683e],
    ['tmpfs', 0x01021994],
    ['overlay', 0x794c7630],
    ['apfs or ntfs behind FUSE', 0x65735546],
  ])('of this machine (%s) is not', (_name, type) => {
    expect(sharedBy(type)).toBeUndefined();
  });
});

describe('the reserve of a database file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'broker-test-reserve-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('is four megabytes of real blocks, for the owner alone, until it is given up', () => {
    const reserve = reserveOf(join(directory, 'broker.db'));
    expect(reserve.fill()).toBe(true);
    const { size, blocks, mode } = statSync(join(directory, 'broker.db-reserve'));
    expect([size, blocks * 512 >= size, (mode & 0o777).toString(8)]).toEqual([4_194_304, true, '600']);
    reserve.release();
    expect(statSync(join(directory, 'broker.db-reserve'), { throwIfNoEntry: false })).toBeUndefined();
    reserve.release();
  });

  test('that cannot be made says so', () => {
    expect(reserveOf(join(directory, 'missing', 'broker.db')).fill()).toBe(false);
  });
});

describe('a disk', () => {
  let now: number;
  let room: boolean;
  let asked: string[];
  beforeEach(() => {
    [now, room, asked] = [0, true, []];
  });
  const watch = () =>
    watchSpace(
      {
        release: () => void asked.push('release'),
        fill: () => {
          asked.push('fill');
          return room;
        },
      },
      () => now,
      (message) => void asked.push(message),
    );

  test('that ran out gives up the reserve, once', () => {
    const space = watch();
    expect([space.isFull(), space.ranOut(), space.isFull(), space.ranOut()]).toEqual([false, true, true, false]);
    expect(asked.filter((one) => one.startsWith('the disk'))).toHaveLength(1);
  });

  test('is tried again once a second, and has room when the reserve fits again', () => {
    const space = watch();
    space.ranOut();
    room = false;
    now = 999;
    expect(space.isFull()).toBe(true);
    now = 1_000;
    expect([space.isFull(), space.isFull()]).toEqual([true, true]);
    expect(asked.filter((one) => one === 'fill')).toHaveLength(2);
    room = true;
    now = 2_000;
    expect(space.isFull()).toBe(false);
    expect(asked.at(-1)).toBe('the disk of the database has room again');
  });

  test('that has no room at the start is full from the start', () => {
    room = false;
    expect(watch().isFull()).toBe(true);
  });
});
