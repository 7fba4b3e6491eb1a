/**
 * How many answers of one MCP server may be under way at once: of one person, and in all.
 *
 * Each holds a socket to the server and a timer here, so without an end one token could take them all. Counted by this
 * instance alone. Must never count an answer twice, nor keep counting one whose connection has gone.
 */
import type { ServerResponse } from 'node:http';

const MOST_OF_ONE_PERSON = 1_000;
const MOST_IN_ALL = 10_000;

export interface UnderWay {
  /** Counts one more until its connection closes; false, counting nothing, when there are too many. */
  begin(userId: string, connection: ServerResponse | undefined): boolean;
}

export function createUnderWay(ofOnePerson = MOST_OF_ONE_PERSON, inAll = MOST_IN_ALL): UnderWay {
  const people = new Map<string, number>();
  let total = 0;

  const change = (userId: string, by: 1 | -1): void => {
    total += by;
    const count = (people.get(userId) ?? 0) + by;
    if (count === 0) people.delete(userId);
    else people.set(userId, count);
  };

  return {
    begin: (userId, connection) => {
      if (total >= inAll || (people.get(userId) ?? 0) >= ofOnePerson) return false;
      if (connection === undefined || connection.closed) return true;
      change(userId, 1);
      connection.once('close', () => change(userId, -1));
      return true;
    },
  };
}
