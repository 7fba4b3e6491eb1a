/** The shape of what tells and watches: webhooks, the memory of flows, the quarantine. */
import { z } from 'zod';
import { parseUrl } from '../domain/parse-url.ts';
import { hasSafeScheme } from './addresses.ts';
import { duration, report, secret, text, yesNo } from './scalars.ts';

/** What a webhook hears when nothing else is said: access that ended, alarms, and what administrators did. */
const SECURITY_EVENTS = [
  'approval.revoked',
  'grant.ended',
  'code.replayed',
  'consent.warned',
  'request.reported',
  'journey.browser_mismatch',
  'admission.requested',
  'client.*',
  'site.*',
  'name.*',
  'user.*',
  'admin_key.*',
  'vault.*',
  'audit.*',
];

const address = text(2000).superRefine((value, context) => {
  const url = parseUrl(value);
  if (url !== undefined && hasSafeScheme(url) && url.username === '' && url.hash === '') return;
  report(context, 'E104', 'a webhook needs an https address', 'write https://hooks.example.com/path');
});

export const webhook = z.strictObject({
  name: text(60)
    .regex(/^[a-z0-9][a-z0-9_-]*$/, 'use lower-case letters, digits, - and _')
    .describe('A name of yours; deliveries are kept under it.'),
  url: address.describe('Where events are posted.'),
  secret: secret().describe('Key of the signature (HMAC-SHA-256).'),
  events: z
    .array(text(100))
    .min(1)
    .max(100)
    .prefault(SECURITY_EVENTS)
    .describe('Names of audit events; `client.*` means all that begin so, `*` all.'),
  allow_private: yesNo().prefault(false).describe('The receiver is on a private address.'),
});

export const trace = z
  .strictObject({
    keep: duration({ min: '1h', max: '90d' }).prefault('7d').describe('How long the steps of a flow can be explained.'),
  })
  .prefault({});

export const newClients = z
  .enum(['usable', 'quarantined', 'requester_only'])
  .prefault('usable')
  .describe(
    'Who may use a client that introduced itself before an administrator has accepted it: everybody, nobody, or only the first person who finishes with it. One that changes its registration waits again; a metadata document is accepted by its address, whatever it says later.',
  );

export const quarantineExpiry = duration({ min: '1h', max: '365d' })
  .prefault('30d')
  .describe('A quarantined client nobody has decided on is forgotten after this.');
