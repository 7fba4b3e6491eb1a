/**
 * Where drizzle-kit reads the schema and writes the migrations: `DB_DIALECT` is `sqlite` or `postgresql`.
 *
 * Used by `npm run db:generate` alone; the running broker never reads it.
 */
import { defineConfig } from 'drizzle-kit';

const postgres = process.env.DB_DIALECT === 'postgresql';

export default defineConfig({
  dialect: postgres ? 'postgresql' : 'sqlite',
  schema: postgres ? './src/store/schema.pg.ts' : './src/store/schema.sqlite.ts',
  out: postgres ? './migrations/postgres' : './migrations/sqlite',
});
