import { getDomain } from 'tldts';
import { describe, expect, it } from 'vitest';
import type { CatalogEntry } from '../../src/domain/catalog/entry.ts';
import { STARTER_CATALOG } from '../../src/domain/catalog/starter.ts';
import { type IdentityFacts, identify } from '../../src/domain/identity.ts';

const registrableDomain = (host: string) => getDomain(host, { allowPrivateDomains: true }) ?? undefined;

const QUILL: CatalogEntry = {
  id: 'quill',
  name: 'Quill',
  aliases: [],
  destinations: ['https://quill.example', 'loopback', 'scheme:quill'],
  forwarders: ['https://quill.example/open'],
  clientIds: ['quill-configured'],
  reviewed: true,
  commonWord: false,
  checkedOn: '2026-11-20',
  source: 'the operator',
};

function who(facts: Partial<IdentityFacts>) {
  return identify({
    name: 'Notes',
    clientId: 'client-1',
    redirectUri: 'https://cb.vendor.example/done',
    documentHost: undefined,
    documentTrusted: false,
    catalog: [QUILL, ...STARTER_CATALOG],
    operatorNames: ['Northwind MCP'],
    upstreamNames: ['GitHub'],
    siteUsedBefore: true,
    registrableDomain,
    ...facts,
  });
}

describe('the tier of an app', () => {
  it('is reviewed when the operator listed the website this request uses', () => {
    const identity = who({ name: 'anything', redirectUri: 'https://quill.example/oauth/callback' });
    expect(identity.tier).toBe('reviewed');
    expect(identity.subject).toEqual({ kind: 'app', name: 'Quill' });
  });

  it('is not reviewed on loopback by the name alone', () => {
    const identity = who({ name: 'Quill', redirectUri: 'http://127.0.0.1:4000/cb' });
    expect(identity.tier).toBe('not_confirmed');
    expect(identity.alarms).toEqual([]);
  });

  it('is reviewed on loopback when the operator named that very client id', () => {
    expect(who({ name: 'Quill', clientId: 'quill-configured', redirectUri: 'http://127.0.0.1:4000/cb' }).tier).toBe(
      'reviewed',
    );
  });

  it('is never reviewed through the shipped starter list', () => {
    const identity = who({ name: 'Claude', redirectUri: 'https://claude.ai/api/mcp/auth_callback' });
    expect(identity.tier).toBe('not_confirmed');
    expect(identity.catalogName).toBe('Claude');
  });

  it('is site confirmed when the document and the redirect have one owner', () => {
    const identity = who({ documentHost: 'id.vendor.example' });
    expect(identity.tier).toBe('site_confirmed');
    expect(identity.subject).toEqual({ kind: 'site', domain: 'vendor.example' });
  });

  it('keeps two customers of one hosting provider apart', () => {
    const identity = who({ documentHost: 'nice.pages.dev', redirectUri: 'https://evil.pages.dev/cb' });
    expect(identity.tier).toBe('not_confirmed');
    expect(identity.notes).toEqual([{ kind: 'publisher_differs', publisher: 'nice.pages.dev' }]);
  });

  it('stays unconfirmed for a document on a website that redirects to loopback', () => {
    const identity = who({ documentHost: 'quill.example', redirectUri: 'http://localhost:5000/callback' });
    expect(identity.tier).toBe('not_confirmed');
    expect(identity.publisher).toBe('quill.example');
    expect(identity.subject).toEqual({ kind: 'this_computer' });
  });

  it('comes from the redirect of this request: a vendor URI elsewhere in the registration changes nothing', () => {
    const loopback = who({ name: 'Vendor', redirectUri: 'http://127.0.0.1:1/cb' });
    expect(loopback.tier).toBe('not_confirmed');
    expect(loopback.subject).toEqual({ kind: 'this_computer' });
  });

  it('never names a self-chosen name as the subject', () => {
    const redirects = [
      'https://vendor.example/cb',
      'http://127.0.0.1:1/cb',
      'quill:cb',
      'https://203.0.113.5/cb',
      'https://10.0.4.7/cb',
    ];
    for (const redirectUri of redirects) {
      expect(JSON.stringify(who({ name: 'Self Chosen', redirectUri }).subject)).not.toContain('Self Chosen');
    }
  });
});

describe('well-known apps at their true destinations', () => {
  const CLIENTS: readonly (readonly [string, string])[] = [
    ['Claude', 'https://claude.ai/api/mcp/auth_callback'],
    ['Claude', 'https://claude.com/api/mcp/auth_callback'],
    ['Claude Code', 'http://localhost:51234/callback'],
    ['Claude Code (northwind-tickets)', 'http://127.0.0.1:49152/callback'],
    ['Visual Studio Code', 'http://127.0.0.1:33418/'],
    ['Visual Studio Code', 'http://127.0.0.1:52001/'],
    ['Visual Studio Code', 'https://vscode.dev/redirect'],
    ['Visual Studio Code - Insiders', 'https://insiders.vscode.dev/redirect'],
    ['Cursor', 'cursor://anysphere.cursor-mcp/oauth/callback'],
    ['Cursor', 'https://www.cursor.com/agents/mcp/oauth/callback'],
    ['Cursor', 'http://localhost:8787/callback'],
    ['ChatGPT', 'https://chatgpt.com/connector/oauth/abc123'],
    ['MCP Inspector', 'http://localhost:6274/oauth/callback'],
    ['MCP Inspector', 'http://127.0.0.1:6276/oauth/callback'],
    ['MCP CLI Proxy', 'http://localhost:3334/oauth/callback'],
    ['mcp-remote', 'http://127.0.0.1:3335/oauth/callback'],
    ['Codex', 'http://127.0.0.1:41999/callback'],
    ['GitHub Copilot', 'http://127.0.0.1:40001/'],
    ['Gemini CLI', 'http://localhost:7777/oauth/callback'],
    ['opencode', 'http://127.0.0.1:19876/mcp/oauth/callback'],
  ];

  it.each(CLIENTS)('%s at %s raises no alarm', (name, redirectUri) => {
    expect(who({ name, redirectUri }).alarms).toEqual([]);
  });

  it.each([
    'Notes',
    'Ledger Agent',
    'Text Cursor Tool',
    'Zeditor',
    'Gooseberry',
    'Tickets for GitHub',
    'Acme Desktop',
    'Schreibtisch-Helfer',
    'メモ帳 Pro',
    'VSコード拡張',
    'Заметки',
    'محرر النصوص',
    'می‌خواهم',
    'नोट्स',
    'Family 👨‍👩‍👧 Planner',
    'Café Planner',
    'Node.js runner',
    'my-agent 2.0',
    'Continuum',
    'Amplifier',
  ])('an honest name such as %s raises no alarm', (name) => {
    expect(who({ name, redirectUri: 'https://vendor.example/cb' }).alarms).toEqual([]);
  });

  it('an app named by its own domain raises no alarm there', () => {
    expect(who({ name: 'Vendor.example', redirectUri: 'https://app.vendor.example/cb' }).alarms).toEqual([]);
  });
});

describe('hostile names', () => {
  const HOSTILE = [
    'Qui11',
    'Qui11 Desktop',
    'QUILL',
    'Quil1',
    'Quilll',
    'Qulil',
    'Q u i l l',
    'Quill-Login',
    'Official Quill App',
    'Ԛuill',
    'Quíll',
    'Ｑｕｉｌｌ',
    'Quill — approved by Northwind IT',
    'Сlaude',
    'C1aude',
    'CIaude Desktop',
    'Claude Helper',
    'Сӏаuԁе',
    'Chat GPT',
    'ChatGPТ',
    'OpenAl',
    'Visual Studio Cοde',
    'VSCode',
    'Cursοr',
    'Curs0r',
    'Northwind',
    'N0rthwind Login',
    'Northwind MCP',
    'GitHub',
    'GltHub Sign in',
    'a b c d e f g h i j k l Claude',
    'Cla\u200bude',
    'Notes\u202egnp.exe',
    'Notes \u2066x\u2069',
    'N\u043etes',
    'Pa\u03b3ments',
    'Notes https://login.example',
    'www.vendor-login.net',
    'Sign in at accounts.google.com',
    'No\u00adtes',
    'Notes\u0000',
  ];

  it.each(HOSTILE)('%j raises an alarm on a website that is not the real one', (name) => {
    expect(who({ name, redirectUri: 'https://quill-login.example.net/cb' }).tier).toBe('alarm');
  });

  it('say whom the name resembles and which sites that one uses', () => {
    expect(who({ name: 'Qui11 Desktop', redirectUri: 'https://quill-login.example.net/cb' }).alarms).toEqual([
      { kind: 'looks_like', name: 'Quill', of: 'catalog', sites: ['quill.example'] },
    ]);
  });

  it('are not excused by a confirmed site of their own', () => {
    expect(
      who({ name: 'Claude', redirectUri: 'https://claude-login.net/cb', documentHost: 'claude-login.net' }).tier,
    ).toBe('alarm');
  });

  it('are not excused by a path or subdomain of the real site’s spelling', () => {
    expect(who({ name: 'ChatGPT', redirectUri: 'https://chatgpt.com.evil.example/connector/oauth/x' }).tier).toBe(
      'alarm',
    );
    expect(who({ name: 'Claude', redirectUri: 'https://claude.ai.evil.example/api/mcp/auth_callback' }).tier).toBe(
      'alarm',
    );
  });
});

describe('notes', () => {
  it('point at another publisher before anything else', () => {
    const { notes } = who({ name: 'Verified Notes', documentHost: 'quill.example', siteUsedBefore: false });
    expect(notes.map((note) => note.kind)).toEqual(['publisher_differs', 'claims_authority', 'first_use_of_site']);
  });

  it('tell that nobody here has used a website', () => {
    expect(who({ siteUsedBefore: false }).notes).toEqual([{ kind: 'first_use_of_site' }]);
  });

  it('say nothing about a program on this computer', () => {
    expect(who({ redirectUri: 'http://127.0.0.1:1/cb', siteUsedBefore: false }).notes).toEqual([]);
  });

  it('point at a private network', () => {
    expect(who({ redirectUri: 'https://10.0.4.7:8443/cb' }).notes).toEqual([{ kind: 'private_network' }]);
  });
});

describe('a listed page that hands over to an app', () => {
  it('says so', () => {
    expect(who({ redirectUri: 'https://quill.example/oauth/callback' }).forwards).toBe(false);
    const exact: CatalogEntry = { ...QUILL, destinations: ['https://quill.example/open'] };
    expect(who({ catalog: [exact], redirectUri: 'https://quill.example/open' }).forwards).toBe(true);
    expect(who({ catalog: [exact], redirectUri: 'https://quill.example/other' }).tier).toBe('not_confirmed');
  });
});
