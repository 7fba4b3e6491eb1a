/**
 * The words of the admin API: what is sent and answered, once, for validation, types and the OpenAPI document.
 *
 * Times are RFC 3339 in UTC. What is absent is null. Input refuses members it does not know, and text that a database
 * could not hold.
 */
import { z } from 'zod';
import { isOwnBlock } from '../domain/own-block.ts';
import type { Seconds } from '../domain/types.ts';

/** Text without control characters and broken surrogates, which no id and no reason of ours needs. */
const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value), 'must hold no control characters');

export const reason = text(500)
  .refine((value) => !isOwnBlock(value), 'is a word of the broker’s own; say it in others')
  .meta({ description: 'Why; kept in the audit log.' });
export const userId = text(200).meta({ description: 'Id of a person, `usr_…`.' });
export const clientId = text(2048);
export const resourceKey = text(200).meta({ description: 'Key of a configured resource.' });
export const upstreamKey = text(200);
export const word = text(200);
export const site = z
  .string()
  .max(300)
  .regex(/^(loopback|scheme:[a-z][a-z0-9+.-]*|[a-z0-9-]+(\.[a-z0-9-]+)*)$/)
  .meta({
    description: 'Where access goes: a host name in lower case (with all under it), `loopback`, or `scheme:<name>`.',
  });
export const namePattern = text(100)
  .refine((value) => /[^*?\s]/u.test(value), 'must hold more than * and ?')
  .meta({ description: 'A name without regard to case; `*` is any text, `?` one character.' });
export const moment = z.iso.datetime({ offset: true }).meta({ description: 'RFC 3339.' });

export const paging = {
  limit: z.coerce.number().int().min(1).max(500).default(50).meta({ description: 'Rows to a page.' }),
  cursor: z.string().max(1000).optional().meta({ description: '`next_cursor` of the page before, same filters.' }),
};

/** RFC 3339 from epoch seconds. */
export const iso = (at: Seconds): string => new Date(at * 1000).toISOString().replace('.000Z', 'Z');
export const isoOrNull = (at: Seconds | undefined): string | null => (at === undefined ? null : iso(at));
/** Epoch seconds; a part of a second counts as the whole. */
export const secondsOf = (text: string): Seconds => Math.ceil(Date.parse(text) / 1000);

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() });

export const approvalSchema = z.object({
  id: z.string(),
  user: z.string(),
  client_id: z.string(),
  client_name: z.string().meta({ description: 'The name the client gave itself, as the person saw it.' }),
  resource: z.string(),
  site: z.string().meta({ description: 'Where access goes: `https://host`, `loopback`, `scheme:<name>`.' }),
  redirect_uris: z.array(z.string()),
  scopes: z.array(z.string()),
  granted_at: moment,
  last_used_at: moment.nullable(),
  expires_at: moment,
  state: z.enum(['active', 'expired', 'revoked']),
  revoked_at: moment.nullable(),
  revoked_reason: z.string().nullable(),
  revocation_within: z.int().meta({
    description:
      'Seconds that an access token may outlive a revocation: 0 where the broker is asked about each; else the life of a token, as its server checks signed ones by itself.',
  }),
});

export const shownApprovalSchema = approvalSchema.extend({
  also_sent_to: z.array(z.string()).meta({
    description:
      'Other sites that access under it was sent to before and that lives on, or lived until it was revoked; `site` as a filter finds it by these, too.',
  }),
  tokens_end_at: moment.nullable().meta({
    description:
      'When the last token that its server may still take by itself ends, revoked or not; null where the broker is asked, or when none is left.',
  }),
});

const endedSchema = z.object({
  approvals: z.int(),
  grants: z.int(),
  refresh_tokens: z.int(),
  access_tokens: z.int(),
  codes: z.int(),
  journeys: z.int(),
  upstream_grants: z.int(),
});

export const reportSchema = z.object({
  id: z.string(),
  at: moment,
  reason: z.string(),
  actor: z.object({ kind: z.string(), id: z.string().nullable() }),
  user: z.string().nullable().meta({ description: 'Whose access it was; null when several people were meant.' }),
  reference: z.string(),
  state: z.enum(['running', 'stalled', 'done']).meta({
    description: 'Stalled: unfinished, and nothing of it ended for a minute, as when its instance died; send it again.',
  }),
  matched: z.int().nullable().meta({ description: 'Live approvals when it began, where that was counted.' }),
  ended: endedSchema,
  settled_by: moment.meta({
    description:
      'From when on no server takes anything of this: the moment itself, or a token’s life later if any server here checks signed tokens by itself.',
  }),
  upstream_calls: z.array(
    z.object({
      upstream: z.string(),
      outcome: z.string().nullable().meta({ description: 'Null while the upstream is still to be told.' }),
      attempts: z.int(),
      problem: z.string().nullable(),
      done_at: moment.nullable(),
    }),
  ),
});

export const countsSchema = z.object({ approvals: z.int(), users: z.int(), clients: z.int() });

const version = z.string().meta({ description: 'Changes with what an administrator goes by; take it as If-Match.' });

export const clientSchema = z.object({
  client_id: z.string(),
  kind: z.enum(['registered', 'configured', 'document']),
  client_name: z.string().nullable(),
  redirect_uris: z.array(z.string()),
  application_type: z.string(),
  token_endpoint_auth_method: z.string(),
  client_uri: z.string().nullable(),
  software_id: z.string().nullable(),
  software_version: z.string().nullable(),
  created_at: moment,
  last_used_at: moment.nullable(),
  state: z.enum(['active', 'blocked']),
  blocked_at: moment.nullable(),
  blocked_reason: z.string().nullable(),
  waiting_since: moment
    .nullable()
    .meta({ description: 'Since when it waits for an administrator; null when it does not.' }),
  usable_by: z.enum(['everybody', 'requester', 'nobody']),
  requester: z.string().nullable().meta({ description: 'The person who brought it, where that is known.' }),
  version,
});

export const userSchema = z.object({
  id: z.string(),
  upstream: z.string(),
  subject: z.string(),
  name: z.string(),
  created_at: moment,
  state: z.enum(['active', 'disabled']),
  disabled_at: moment.nullable(),
  version,
});

export const auditSchema = z.object({
  id: z.string(),
  seq: z.int(),
  at: moment,
  event: z.string(),
  actor: z.object({ kind: z.string(), id: z.string().nullable() }),
  user: z.string().nullable(),
  client_id: z.string().nullable(),
  resource: z.string().nullable(),
  reference: z.string(),
  details: z.record(z.string(), z.unknown()),
  seal: z.int().nullable().meta({ description: 'The link of the chain that holds it; null until one does.' }),
});

const hiddenKinds = z.array(z.enum(['bidi', 'zero_width', 'tag', 'variation', 'control']));

export const pinnedToolSchema = z.object({
  id: z.string(),
  resource: z.string(),
  name: z.string(),
  state: z.enum(['accepted', 'changed']),
  hash: z.string().meta({ description: 'SHA-256 of the accepted definition.' }),
  hidden_characters: hiddenKinds,
  first_seen_at: moment,
  accepted_at: moment,
  changed_hash: z.string().nullable().meta({ description: 'Of the definition that waits for a decision.' }),
  changed_hidden_characters: hiddenKinds,
  changed_at: moment.nullable(),
});

export const toolDefinitionsSchema = z.object({
  definition: z.record(z.string(), z.unknown()).nullable(),
  changed_definition: z.record(z.string(), z.unknown()).nullable(),
});

export const statusSchema = z.object({
  version: z.string(),
  issuer: z.string(),
  mode: z.string(),
  at: moment,
  storage: z.object({ engine: z.enum(['sqlite', 'postgres']) }),
  migrations: z.object({ applied: z.int(), available: z.int() }),
  keys: z.object({
    current: z.string(),
    ring: z.array(z.string()),
    sealed: z.array(z.object({ table: z.string(), key: z.string(), rows: z.int() })),
  }),
  counts: z.object({
    active_approvals: z.int(),
    people_with_approvals: z.int(),
    clients: z.int(),
    blocked_clients: z.int(),
    users: z.int(),
    disabled_users: z.int(),
  }),
  revocation_within: z.record(z.string(), z.int()).meta({
    description: 'By resource: seconds that an access token may outlive a revocation; 0 is at once.',
  }),
});
