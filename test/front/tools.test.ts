/** Tools behind the built-in front: which scopes a call needs, whose session it is, what is on record, what has changed. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listAuditRows } from '../support/admin.ts';
import { call, type FrontedWorld, listTools, startFrontedWorld } from '../support/fronted-world.ts';
import { emptyResult, json } from '../support/mcp-backend.ts';

const TOOLS = {
  list_notes: ['notes:read'],
  add_note: ['notes:read', 'notes:write'],
  purge_notes: ['notes:read', 'notes:purge'],
};
