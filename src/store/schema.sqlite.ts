/** The schema on SQLite; also what drizzle-kit reads. Decides nothing. */
import { sqliteKit } from './kit.ts';
import { makeSchema } from './schema.ts';

export const sqliteTables = makeSchema(sqliteKit);
export const {
  clients,
  clientAssertions,
  users,
  sessions,
  approvals,
  blocks,
  destinations,
  upstreamGrants,
  upstreamRevocations,
  revocations,
  codes,
  grants,
  refreshTokens,
  accessTokens,
  machineTokens,
  journeys,
  signingKeys,
  keepsakes,
  audit,
  adminKeys,
  consoleLinks,
  consoleSessions,
  leases,
  auditSeals,
  auditCheckpoints,
  flowSteps,
  admissionRequests,
  refusalRules,
  webhookDeliveries,
  mcpTools,
  mcpSessions,
} = sqliteTables;
