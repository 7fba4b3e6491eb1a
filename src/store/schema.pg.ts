/** The schema on Postgres; also what drizzle-kit reads. Decides nothing. */
import { pgKit } from './kit.ts';
import { makeSchema } from './schema.ts';

export const pgTables = makeSchema(pgKit);
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
} = pgTables;
