/** `audit`: proves and prunes the audit log. */
import { defineCommand } from 'citty';
import { auditPrune, auditVerify } from './audit-proof.ts';

export const audit = defineCommand({
  meta: { name: 'audit', description: 'Verify the audit log, or prune its old part' },
  subCommands: { verify: auditVerify, prune: auditPrune },
});
