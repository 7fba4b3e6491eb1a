/**
 * The console's pages about what waits for an administrator, a client in quarantine or a tool that has changed, and about a
 * rule.
 *
 * Shows what a decision would be about, whole; the decision itself has its confirm page.
 */
import type { Context } from 'hono';
import type { Cell, Fact, LinkTo } from '../../../views/console/models.ts';
import { FactsPage } from '../../../views/console/pages.tsx';
import { words } from '../../../views/console/words.ts';
import type { AppEnv } from '../../ports.ts';
import { queryText } from '../in-process.ts';
import { notFound } from '../problem.ts';
import { ask, consolePage, type Desk, type Inside, insideFrame } from './desk.ts';
import { type Item, pageAt, textOf, textsOf, timeCell } from './lists.ts';
import { offered } from './show.ts';

type Show = (c: Context<AppEnv>, inside: Inside) => Promise<Response>;

const code = (value: unknown): Cell => ({ kind: 'code', text: textOf(value) || words.nothing });

interface Waiting {
  readonly client: Item;
  readonly expires_at: string | null;
  readonly requests: readonly Item[];
}

export const waitingPage =
  (desk: Desk): Show =>
  async (c, inside) => {
    const id = c.req.query('id') ?? '';
    const { client, expires_at, requests } = await waitingOf(c, desk, inside, id);
    const { base } = desk.place;
    const facts: readonly Fact[] = [
      { label: words.name, value: { kind: 'name', text: textOf(client.client_name) } },
      { label: words.clientId, value: code(client.client_id) },
      { label: words.kind, value: { kind: 'text', text: textOf(client.kind) } },
      { label: words.redirects, value: { kind: 'codes', texts: textsOf(client.redirect_uris) } },
      { label: words.website, value: code(client.client_uri) },
      { label: words.authentication, value: code(client.token_endpoint_auth_method) },
      { label: words.waitsSince, value: timeCell(client.waiting_since) },
      { label: words.forgotten, value: timeCell(expires_at) },
      { label: words.usableBy, value: { kind: 'text', text: textOf(client.usable_by) } },
      { label: words.requester, value: code(client.requester) },
    ];
    const table = {
      caption: `${words.said}, ${words.newestFirst}`,
      columns: [words.time, words.lastWords, words.person, words.reference],
      rows: requests.map(({ at, words: said, user, reference }): readonly Cell[] => [
        timeCell(at),
        { kind: 'name', text: textOf(said) },
        code(user),
        code(reference),
      ]),
    };
    const frame = insideFrame(desk, inside, 'quarantine');
    const actions = offered(desk, inside, ['accept_app', 'reject_app'], { id });
    const links = [{ label: words.app, url: pageAt(base, 'app', id) }];
    return consolePage(c, desk, FactsPage({ frame, title: words.waitingTitle, facts, actions, links, table }));
  };

/** Where the queue has it: a queue is short, and whoever is no longer in it is not there. Throws Refused. */
async function waitingOf(c: Context<AppEnv>, desk: Desk, inside: Inside, id: string): Promise<Waiting> {
  for (let cursor: string | undefined; ; ) {
    const page = await ask<{ items: readonly Waiting[]; next_cursor: string | null }>(c, desk, inside, {
      method: 'get',
      path: '/quarantine',
      query: { limit: '500', cursor },
    });
    const found = page.items.find(({ client }) => client.client_id === id);
    if (found !== undefined) return found;
    if (page.next_cursor === null) throw notFound();
    cursor = page.next_cursor;
  }
}

export const rulePage =
  (desk: Desk): Show =>
  async (c, inside) => {
    const id = c.req.query('id') ?? '';
    const { items } = await ask<{ items: readonly Item[] }>(c, desk, inside, { method: 'get', path: '/blocks' });
    const rule = items.find((one) => one.id === id);
    if (rule === undefined) throw notFound();
    const facts: readonly Fact[] = [
      { label: words.pattern, value: code(rule.pattern) },
      { label: words.kind, value: { kind: 'text', text: textOf(rule.kind) } },
      { label: words.reason, value: { kind: 'name', text: textOf(rule.reason) } },
      { label: words.since, value: timeCell(rule.created_at) },
      { label: words.who, value: code(rule.created_by) },
    ];
    const frame = insideFrame(desk, inside, 'rules');
    const actions = offered(desk, inside, ['remove_rule'], { id });
    return consolePage(c, desk, FactsPage({ frame, title: words.ruleTitle, facts, actions, links: [] }));
  };

export const toolPage =
  (desk: Desk): Show =>
  async (c, inside) => {
    const id = c.req.query('id') ?? '';
    const tool = await ask<Item>(c, desk, inside, { method: 'get', path: `/tools/${encodeURIComponent(id)}` });
    const definition = (label: string, value: unknown): readonly Fact[] =>
      typeof value === 'object' && value !== null ? [{ label, value: { kind: 'json', value } }] : [];
    const facts: readonly Fact[] = [
      { label: words.tool, value: { kind: 'name', text: textOf(tool.name) } },
      { label: words.server, value: code(tool.resource) },
      { label: words.state, value: { kind: 'state', text: textOf(tool.state) } },
      { label: words.acceptedAt, value: timeCell(tool.accepted_at) },
      { label: words.acceptedHash, value: code(tool.hash) },
      { label: words.hidden, value: code(textsOf(tool.hidden_characters).join(' ')) },
      ...definition(words.acceptedDefinition, tool.definition),
      ...(tool.changed_hash === null
        ? []
        : [
            { label: words.changedAt, value: timeCell(tool.changed_at) },
            { label: words.changedHash, value: code(tool.changed_hash) },
            { label: words.hidden, value: code(textsOf(tool.changed_hidden_characters).join(' ')) },
            ...definition(words.changedDefinition, tool.changed_definition),
          ]),
    ];
    const frame = insideFrame(desk, inside, 'tools');
    const actions = decisionsOn(desk, inside, id, tool);
    return consolePage(c, desk, FactsPage({ frame, title: words.tool, facts, actions, links: [] }));
  };

/** Either definition may count, each named by its hash. */
function decisionsOn({ place }: Desk, { caller }: Inside, id: string, tool: Item): readonly LinkTo[] {
  if (tool.changed_hash === null || caller.role !== 'admin') return [];
  const url = (hash: unknown) => `${place.base}/admin/confirm/accept_tool${queryText({ id, hash: textOf(hash) })}`;
  return [
    { label: words.keepOld, url: url(tool.hash) },
    { label: words.acceptNew, url: url(tool.changed_hash) },
  ];
}
