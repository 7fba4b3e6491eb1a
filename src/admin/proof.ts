/** What can be verified without us: the receipt of an approval, and where the audit chain stands. */
import { z } from 'zod';
import { signCheckpoint } from '../audit/checkpoint.ts';
import { signReceipt } from '../audit/receipt.ts';
import { CHAIN_START } from '../domain/audit-chain.ts';
import { ownApproval } from './approvals.ts';
import { call } from './call.ts';

const showReceipt = call({
  id: 'showReceipt',
  method: 'get',
  path: '/approvals/{id}/receipt',
  summary: 'A signed receipt of one approval as it stands now, to be verified with the key set at /jwks',
  role: 'reader',
  limited: true,
  answer: z.object({ receipt: z.string().meta({ description: 'A JWS whose typ is consent-receipt+jwt.' }) }),
  run: async (setting, { path }) => {
    const { config, signer, now } = setting.deps;
    const approval = await ownApproval(setting, path.id);
    const resource = config.resources.get(approval.resource);
    return { receipt: await signReceipt(config.issuer, now(), approval, resource, signer) };
  },
});

const showCheckpoint = call({
  id: 'showCheckpoint',
  method: 'get',
  path: '/audit/checkpoint',
  summary: 'Where the audit chain stands, signed; kept elsewhere, it shows when its end is cut off later',
  role: 'reader',
  answer: z.object({
    seal: z.int(),
    total: z.int(),
    head: z.string(),
    checkpoint: z.string().meta({ description: 'A JWS whose typ is audit-checkpoint+jwt.' }),
  }),
  run: async ({ deps: { store, signer, config, now } }) => {
    const end = (await store.lastSeal()) ?? (await store.findCheckpoint()) ?? CHAIN_START;
    const { no: seal, total, head } = end;
    return { seal, total, head, checkpoint: await signCheckpoint(config.issuer, now(), end, signer) };
  },
});

export const proofCalls = [showReceipt, showCheckpoint];
