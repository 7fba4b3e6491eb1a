/** What waits for an administrator, put where a broker finds it: a client in quarantine, and a tool that has changed. */
import { hash } from 'node:crypto';
import type { TestBroker } from './broker.ts';
import { plant } from './database-file.ts';

export const OLD_HASH = hash('sha256', 'old');
export const NEW_HASH = hash('sha256', 'new');

/** Sends a client back into quarantine; somebody has said why they need it. */
export function makeWait(setting: TestBroker, clientId: string, said: string): void {
  const at = setting.clock.now();
  plant(setting, `UPDATE clients SET quarantined_at = ?, usable_by = 'nobody' WHERE id = ?`, at, clientId);
  plant(
    setting,
    'INSERT INTO admission_requests (journey_id, client_id, user_id, reference, words, at) VALUES (?, ?, ?, ?, ?, ?)',
    `jny_${clientId}`,
    clientId,
    null,
    'req_said',
    said,
    at,
  );
}

/** A pinned tool of this resource whose definition has changed. */
export function makeChangedTool(setting: TestBroker, id: string, name: string, resource = 'notes'): void {
  const definition = (description: string) => JSON.stringify({ name, description });
  plant(
    setting,
    `INSERT INTO mcp_tools (id, resource, name, accepted_hash, accepted_text, accepted_hidden, first_seen_at, accepted_at,
      changed_hash, changed_text, changed_hidden, changed_at) VALUES (?, ?, ?, ?, ?, '[]', 1, 1, ?, ?, '["zero_width"]', 2)`,
    ...[id, resource, name, OLD_HASH, definition('Lists notes.'), NEW_HASH, definition('Lists and sends notes.')],
  );
}
