/** Runs once per test run: starts the Postgres that every suite takes its databases from. Decides nothing. */
import { startPostgres } from './postgres.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const server = await startPostgres();
  process.env.TEST_POSTGRES_URL = server.url;
  return server.stop;
}
