/**
 * The shape of the `admin` section: keys, the listener, and who may sign in to the console.
 */
import { z } from 'zod';
import { parseUrl } from '../domain/parse-url.ts';
import { hasSafeScheme } from './addresses.ts';
import { listener, report, secret, text } from './scalars.ts';

const consoleUrl = text(500).superRefine((value, context) => {
  const url = parseUrl(value);
  const fix = 'write https://admin.example.com, or http://localhost:9000';
  if (url === undefined || value !== url.origin) return report(context, 'E106', 'this is not an origin', fix);
  if (!hasSafeScheme(url)) report(context, 'E104', 'the console must use https', fix);
});

export const adminSettings = z.strictObject({
  keys: z.array(secret()).max(20).prefault([]).describe('Bearer keys of `/admin/v1` with the role admin.'),
  listen: listener().nullable().optional().describe('A listener of its own; null: the same one.'),
  url: consoleUrl
    .nullable()
    .optional()
    .describe(
      'Where people open the console of that listener, behind your proxy; needed unless it listens on loopback.',
    ),
  people: z
    .array(
      z.strictObject({
        upstream: text(63),
        subject: text(200).describe('As the upstream names them for ever (`sub`, numeric id); no e-mail address.'),
        role: z.enum(['reader', 'revoker', 'admin']),
        resources: z.array(text(63)).min(1).max(1000).optional().describe('Limited to these.'),
      }),
    )
    .max(1000)
    .prefault([])
    .describe('Who may sign in to the console at `/admin`, on the same listener.'),
});
