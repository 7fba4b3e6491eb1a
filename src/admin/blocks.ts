/**
 * Rules against sites and names: what they match stays refused whatever registers, until the rule is taken back.
 *
 * The rule is committed first, so that nothing new begins; then what exists is ended, in slices.
 */
import { z } from 'zod';
import type { RefusalRule } from '../domain/refusal-rule.ts';
import { countMatching, revokeRuled } from '../policy/ruled.ts';
import { newId } from '../security/secrets.ts';
import { requireReason } from './approvals.ts';
import { call } from './call.ts';
import { notFound, Refused } from './problem.ts';
import { reportsOf } from './reports.ts';
import { countsSchema, iso, moment, namePattern, reason, reportSchema, site } from './schemas.ts';
import { rulesVersion, seenBy, unchanged } from './version.ts';

/** Every request is judged by all of them. */
const MOST_RULES = 1000;

const ruleSchema = z.object({
  id: z.string(),
  kind: z.enum(['site', 'name']),
  pattern: z.string(),
  reason: z.string(),
  created_at: moment,
  created_by: z.string().nullable(),
});

const listBlocks = call({
  id: 'listBlocks',
  method: 'get',
  path: '/blocks',
  summary: 'All rules against sites and names, newest first',
  role: 'reader',
  answer: z.object({ items: z.array(ruleSchema), version: z.string().meta({ description: 'Of all rules together.' }) }),
  etag: ({ version }) => version,
  run: async ({ deps }) => {
    const rules = await deps.store.listRefusalRules();
    return { items: rules.map(ruleOf), version: rulesVersion(rules) };
  },
});

const addBlock = call({
  id: 'addBlock',
  method: 'post',
  path: '/blocks',
  summary: 'Refuse a site, or every name that fits a pattern, and end what it has; with dry_run only count',
  role: 'admin',
  conditional: true,
  body: z.strictObject({
    site: site.optional(),
    name: namePattern.optional(),
    revoke: z.boolean().default(true).meta({ description: 'Also end the access there is.' }),
    dry_run: z.boolean().default(false),
    reason,
  }),
  answer: z.object({
    dry_run: z.boolean(),
    rule: ruleSchema.nullable(),
    matched: countsSchema.meta({ description: 'Live approvals that matched when the call came.' }),
    reports: z.array(reportSchema).meta({ description: 'One for each person whose access was ended, at most 100.' }),
  }),
  run: async (setting, { body }) => {
    const { store, metrics } = setting.deps;
    const { site: place, name } = body;
    if ((place === undefined) === (name === undefined))
      throw new Refused(400, 'invalid_request', 'Name one of site and name.');
    const rule: RefusalRule = {
      id: newId('rul'),
      kind: place === undefined ? 'name' : 'site',
      pattern: place ?? name ?? '',
      reason: body.reason,
      createdAt: setting.trail.at,
      createdBy: setting.caller.id,
    };
    const matched = await countMatching(setting.deps, rule);
    if (body.dry_run) return { dry_run: true, rule: null, matched, reports: [] };
    if ((await store.listRefusalRules()).length >= MOST_RULES)
      throw new Refused(409, 'conflict', `There are ${MOST_RULES} rules; take one back first.`);
    const added = unchanged(await store.addRefusalRule(rule, setting.trail, seenBy(setting, rulesVersion)));
    const ended = body.revoke ? await revokeRuled(setting.deps, added, body.reason, setting.trail) : [];
    if (ended.length > 0) metrics.revoked('site_blocked');
    return { dry_run: false, rule: ruleOf(added), matched, reports: await reportsOf(setting, ended.slice(0, 100)) };
  },
});

const removeBlock = call({
  id: 'removeBlock',
  method: 'delete',
  path: '/blocks/{id}',
  summary: 'Take a rule back; nothing that was ended comes back. The reason comes in the body or the query',
  role: 'admin',
  conditional: true,
  query: z.strictObject({ reason: reason.optional() }),
  body: z.strictObject({ reason: reason.optional() }),
  bodyOptional: true,
  answer: z.object({ rule: ruleSchema }),
  run: async (setting, { path, query, body }) => {
    const why = requireReason(query.reason, body.reason);
    const seen = seenBy(setting, rulesVersion);
    const rule = unchanged(await setting.deps.store.removeRefusalRule(path.id ?? '', why, setting.trail, seen));
    if (rule === undefined) throw notFound();
    return { rule: ruleOf(rule) };
  },
});

export const blockCalls = [listBlocks, addBlock, removeBlock];

const ruleOf = ({
  id,
  kind,
  pattern,
  reason: why,
  createdAt,
  createdBy,
}: RefusalRule): z.output<typeof ruleSchema> => ({
  ...{ id, kind, pattern, reason: why },
  created_at: iso(createdAt),
  created_by: createdBy ?? null,
});
