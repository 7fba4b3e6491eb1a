/**
 * Every table of the broker, written once (in tables/); the kit decides the dialect.
 *
 * Secrets are here as SHA-256 only (`…_hash`) and what must be read again as sealed text (`…_sealed`). A nullable time
 * says both whether and when. Lookups by secret are primary keys or unique indexes. At most two secondary indexes with
 * random keys per table, because each costs a page write per row; indexes on times are cheap and serve the sweep.
 * Must never hold a database default or a secret in clear.
 */
import type { Kit } from './kit.ts';
import { consoleTables } from './tables/console.ts';
import { frontTables } from './tables/front.ts';
import { grantTables } from './tables/grants.ts';
import { houseTables } from './tables/house.ts';
import { journeyTables } from './tables/journeys.ts';
import { oversightTables } from './tables/oversight.ts';
import { peopleTables } from './tables/people.ts';
import { upstreamTables } from './tables/upstream.ts';

export type Tables = ReturnType<typeof makeSchema>;

export const makeSchema = (k: Kit) => {
  const people = peopleTables(k);
  return {
    ...people,
    ...grantTables(k, people),
    ...upstreamTables(k, people),
    ...journeyTables(k),
    ...houseTables(k),
    ...consoleTables(k),
    ...oversightTables(k),
    ...frontTables(k),
  };
};
