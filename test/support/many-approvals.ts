/**
 * Very many approvals in a broker's SQLite file, written by the database itself: a quarter as many people, 50 clients,
 * 20 sites, one grant with one live access token under each.
 */
import { hashSecret, mintToken } from '../../src/security/secrets.ts';
import type { TestBroker } from './broker.ts';
import { plant } from './database-file.ts';

/** The file, and the time its rows are of. */
interface Planted {
  readonly databaseFile: TestBroker['databaseFile'];
  readonly clock: Pick<TestBroker['clock'], 'now'>;
}

const NUMBERS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)';
export const USERS_EACH = 4;
export const SITES = 20;

/** Approval `i` is of `usr_m<i / 4>`, at `h<i % 20>.many.example`, granted `count - i` seconds ago. */
export function plantApprovals(setting: Planted, count: number): void {
  const now = setting.clock.now();
  const later = now + 86_400;
  plant(
    setting,
    `${NUMBERS} INSERT INTO users (id, upstream, subject, name, created_at) SELECT 'usr_m' || i, 'corp', 'many-' || i, 'Person ' || i, ? FROM n`,
    ...[Math.ceil(count / USERS_EACH), now - count],
  );
  plant(
    setting,
    `${NUMBERS} INSERT INTO approvals (id, user_id, client_id, resource, upstream, redirect_uris, scopes, face, granted_at, expires_at)
     SELECT 'apr_m' || printf('%07d', i), 'usr_m' || ((i + 3) / 4), 'cli_m' || (i % 50), 'notes', 'corp', '[]', '["notes:read"]',
     '{"name":"Many ' || (i % 50) || '","destination":"https://h' || (i % ${SITES}) || '.many.example","authMethod":"none"}', ? + i, ? FROM n`,
    ...[count, now - count - 1, later],
  );
  plant(
    setting,
    `${NUMBERS} INSERT INTO grants (id, approval_id, user_id, client_id, resource, scopes, code_hash, upstream_grant_id, created_at, last_used_at, expires_at)
     SELECT 'grt_m' || i, 'apr_m' || printf('%07d', i), 'usr_m' || ((i + 3) / 4), 'cli_m' || (i % 50), 'notes', '["notes:read"]', 'c' || i, 'u' || i, ?, ?, ? FROM n`,
    ...[count, now, now, later],
  );
  plant(
    setting,
    `${NUMBERS} INSERT INTO access_tokens (token_hash, grant_id, scopes, issued_at, expires_at) SELECT 'many' || i, 'grt_m' || i, '["notes:read"]', ?, ? FROM n`,
    ...[count, now, later],
  );
  plant(
    setting,
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 49)
     INSERT INTO clients (id, kind, metadata, created_at) SELECT 'cli_m' || i, 'registered', (SELECT metadata FROM clients LIMIT 1), ? FROM n`,
    now,
  );
}

/** A token that the broker knows as that of approval `i`. */
export function tokenOf(setting: Planted, i: number): string {
  const token = mintToken('at');
  plant(setting, 'UPDATE access_tokens SET token_hash = ? WHERE token_hash = ?', hashSecret(token), `many${i}`);
  return token;
}
