/**
 * The shipped list of well-known MCP clients and where each sends access, dated, so that their names are hard to borrow.
 *
 * Decides nothing; an entry here never makes an app "reviewed". Clients change their callbacks: check the dates.
 */
import type { CatalogDestination, CatalogEntry } from './entry.ts';

const OBSERVED = 'Registrations and redirects seen from the released client';
const USUAL = 'The usual callback of a program on a computer; not observed for this client';

function app(
  id: string,
  name: string,
  destinations: readonly CatalogDestination[],
  more: {
    aliases?: readonly string[];
    forwarders?: readonly CatalogDestination[];
    commonWord?: boolean;
    source?: string;
  } = {},
): CatalogEntry {
  return {
    id,
    name,
    aliases: more.aliases ?? [],
    destinations,
    forwarders: more.forwarders ?? [],
    clientIds: [],
    reviewed: false,
    commonWord: more.commonWord ?? false,
    checkedOn: '2026-11-20',
    source: more.source ?? OBSERVED,
  };
}

export const STARTER_CATALOG: readonly CatalogEntry[] = [
  app(
    'claude',
    'Claude',
    ['https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback', 'scheme:claude'],
    { aliases: ['Claude AI', 'Claude.ai', 'Anthropic'], source: 'Claude help: custom connectors' },
  ),
  app('claude-code', 'Claude Code', ['loopback'], {
    source: 'https://claude.ai/oauth/claude-code-client-metadata (portless loopback callbacks)',
  }),
  app(
    'vscode',
    'Visual Studio Code',
    [
      'loopback',
      'https://vscode.dev/redirect',
      'https://insiders.vscode.dev/redirect',
      'scheme:vscode',
      'scheme:vscode-insiders',
    ],
    {
      aliases: ['VS Code', 'VSCode', 'Visual Studio Code - Insiders'],
      forwarders: ['https://vscode.dev/redirect', 'https://insiders.vscode.dev/redirect'],
    },
  ),
  app(
    'cursor',
    'Cursor',
    [
      'loopback',
      'scheme:cursor',
      'https://www.cursor.com/agents/mcp/oauth/callback',
      'https://cursor.com/agents/mcp/oauth/callback',
    ],
    { commonWord: true, aliases: ['Cursor MCP', 'Anysphere'] },
  ),
  app(
    'chatgpt',
    'ChatGPT',
    ['https://chatgpt.com/connector/oauth/*', 'https://chatgpt.com/connector_platform_oauth_redirect'],
    { aliases: ['OpenAI', 'Chat GPT'], source: 'https://chatgpt.com/oauth/<id>/client.json' },
  ),
  app('codex', 'Codex', ['loopback'], { aliases: ['Codex CLI', 'OpenAI Codex'], source: USUAL }),
  app('inspector', 'MCP Inspector', ['loopback'], { commonWord: true, aliases: ['Inspector'] }),
  app('mcp-remote', 'mcp-remote', ['loopback'], { aliases: ['MCP CLI Proxy'], commonWord: true }),
  app('gemini-cli', 'Gemini CLI', ['loopback'], { aliases: ['Gemini', 'Google Gemini CLI'], source: USUAL }),
  app('github-copilot', 'GitHub Copilot', ['loopback', 'https://vscode.dev/redirect', 'scheme:vscode'], {
    aliases: ['Copilot CLI', 'GitHub Copilot CLI'],
    source: USUAL,
  }),
  app('copilot-studio', 'Microsoft Copilot Studio', ['https://global.consent.azure-apim.net/redirect/*'], {
    aliases: ['Copilot Studio', 'Power Platform'],
    source: 'Copilot Studio documentation: connector redirect URLs',
  }),
  app('windsurf', 'Windsurf', ['loopback', 'scheme:windsurf'], { commonWord: true, source: USUAL }),
  app('zed', 'Zed', ['loopback', 'scheme:zed'], { commonWord: true, source: USUAL }),
  app('goose', 'Goose', ['loopback'], { commonWord: true, source: USUAL }),
  app('cline', 'Cline', ['loopback', 'scheme:vscode'], { commonWord: true, source: USUAL }),
  app('opencode', 'opencode', ['loopback'], { aliases: ['OpenCode'], source: USUAL }),
];
