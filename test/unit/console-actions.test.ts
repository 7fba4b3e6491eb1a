/** Whatever the console changes is a call of the admin API, and a command: nothing can be done by clicking alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ACTIONS } from '../../src/admin/console/actions.ts';
import { runIn } from '../support/command-line.ts';

/** Of each action: its call, and the command that does the same. */
const SAME: Readonly<Record<keyof typeof ACTIONS, readonly [string, string]>> = {
  revoke_approval: ['DELETE /approvals/{id}', 'approvals revoke'],
  revoke_matching: ['POST /revocations', 'approvals revoke'],
  block_app: ['PATCH /clients/{client_id}', 'clients block'],
  unblock_app: ['PATCH /clients/{client_id}', 'clients unblock'],
  delete_app: ['DELETE /clients/{client_id}', 'clients delete'],
  sign_out_person: ['POST /users/{id}/sign-out', 'users sign-out'],
  disable_person: ['PATCH /users/{id}', 'users disable'],
  enable_person: ['PATCH /users/{id}', 'users enable'],
  accept_app: ['POST /quarantine/{client_id}', 'quarantine accept'],
  reject_app: ['POST /quarantine/{client_id}', 'quarantine reject'],
  block_site: ['POST /blocks', 'rules add'],
  block_name: ['POST /blocks', 'rules add'],
  remove_rule: ['DELETE /blocks/{id}', 'rules remove'],
  accept_tool: ['POST /tools/{id}/decision', 'tools accept'],
};
/** The calls that the OpenAPI document is proved to have. */
const contract = readFileSync(join(import.meta.dirname, '../protocol/admin-openapi.test.ts'), 'utf8');

describe('the console', () => {
  it.each(Object.entries(ACTIONS))(
    'does %s by a call that programs have, with a reason where it ends access',
    (name, action) => {
      const target = Object.fromEntries(action.target.map((member) => [member, 'x']));
      const { method, path, body } = action.request(target, 'because');
      const [call] = SAME[name as keyof typeof ACTIONS];
      expect(`${method.toUpperCase()} ${path}`).toBe(call.replace(/\{\w+\}/, 'x'));
      expect(contract).toContain(`'${call}'`);
      if (action.needsReason) expect(body).toMatchObject({ reason: 'because' });
    },
  );

  it.each([...new Set(Object.values(SAME).map(([, command]) => command))])('does what “%s” does', async (command) => {
    const { code, out } = await runIn(import.meta.dirname, [...command.split(' '), '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`USAGE consent-broker ${command} `);
  });
});
