/**
 * Registrations as well-known MCP clients send them, and the redirects they then really use.
 *
 * Their shape matters, not their brand: portless and random loopback ports, three and four addresses at once, grant types
 * nobody offers here, an empty scope, a missing application_type.
 */
export interface RealClient {
  readonly name: string;
  readonly registration: Readonly<Record<string, unknown>> & { readonly redirect_uris: readonly string[] };
  /** Each is walked to a token with the one registration. */
  readonly uses: readonly string[];
  /** Left out of the authorization request. */
  readonly omits?: readonly ('resource' | 'scope' | 'state')[];
  /** Instead of a plain state. */
  readonly state?: string;
}

const PUBLIC = {
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};

export const VS_CODE: RealClient = {
  name: 'VS Code, its own port, another port, and its two web redirects',
  registration: {
    ...PUBLIC,
    client_name: 'Visual Studio Code',
    client_uri: 'https://code.visualstudio.com',
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    redirect_uris: [
      'https://insiders.vscode.dev/redirect',
      'https://vscode.dev/redirect',
      'http://127.0.0.1/',
      'http://127.0.0.1:33418/',
    ],
    application_type: 'native',
  },
  uses: [
    'http://127.0.0.1:33418/',
    'http://127.0.0.1:54871/',
    'https://vscode.dev/redirect',
    'https://insiders.vscode.dev/redirect',
  ],
  state: 'vscode://dynamicauthprovider/localhost/authorize?nonce=a%2Bb%3D&windowId=1',
};

export const CURSOR: RealClient = {
  name: 'Cursor, its loopback, its scheme, and its web redirect',
  registration: {
    ...PUBLIC,
    client_name: 'Cursor',
    redirect_uris: [
      'cursor://anysphere.cursor-mcp/oauth/callback',
      'https://www.cursor.com/agents/mcp/oauth/callback',
      'http://localhost:8787/callback',
    ],
  },
  uses: [
    'http://localhost:8787/callback',
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'https://www.cursor.com/agents/mcp/oauth/callback',
  ],
};

export const CLAUDE_CODE: RealClient = {
  name: 'Claude Code, one registration and a new port at every login',
  registration: { ...PUBLIC, client_name: 'Claude Code (notes)', redirect_uris: ['http://localhost:64236/callback'] },
  uses: ['http://localhost:64236/callback', 'http://localhost:51713/callback', 'http://localhost/callback'],
};

export const REAL_CLIENTS: readonly RealClient[] = [
  {
    name: 'Claude on the web, confidential',
    registration: {
      ...PUBLIC,
      client_name: 'Claude',
      redirect_uris: ['https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback'],
      token_endpoint_auth_method: 'client_secret_post',
    },
    uses: ['https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback'],
  },
  {
    name: 'Claude on the web, public',
    registration: { ...PUBLIC, client_name: 'Claude', redirect_uris: ['https://claude.ai/api/mcp/auth_callback'] },
    uses: ['https://claude.ai/api/mcp/auth_callback'],
  },
  CLAUDE_CODE,
  {
    name: 'Claude Code, portless addresses of both names',
    registration: {
      ...PUBLIC,
      client_name: 'Claude Code',
      redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
    },
    uses: ['http://localhost:49822/callback', 'http://127.0.0.1:49823/callback'],
  },
  {
    name: 'Claude Code, sending no resource',
    registration: { ...PUBLIC, client_name: 'Claude Code (notes)', redirect_uris: ['http://localhost:3118/callback'] },
    uses: ['http://localhost:3118/callback'],
    omits: ['resource'],
  },
  VS_CODE,
  CURSOR,
  {
    name: 'ChatGPT',
    registration: {
      ...PUBLIC,
      client_name: 'ChatGPT',
      redirect_uris: ['https://chatgpt.com/connector/oauth/Qm3vT8xYkLzA'],
    },
    uses: ['https://chatgpt.com/connector/oauth/Qm3vT8xYkLzA'],
  },
  {
    name: 'MCP Inspector in a browser',
    registration: {
      ...PUBLIC,
      client_name: 'MCP Inspector',
      client_uri: 'https://github.com/modelcontextprotocol/inspector',
      redirect_uris: ['http://localhost:6274/oauth/callback', 'http://localhost:6274/oauth/callback/debug'],
      scope: '',
    },
    uses: ['http://localhost:6274/oauth/callback', 'http://localhost:6274/oauth/callback/debug'],
  },
  {
    name: 'MCP Inspector on the command line',
    registration: {
      ...PUBLIC,
      client_name: 'MCP Inspector CLI',
      redirect_uris: ['http://127.0.0.1:6276/oauth/callback'],
    },
    uses: ['http://127.0.0.1:6276/oauth/callback', 'http://127.0.0.1:38211/oauth/callback'],
  },
  {
    name: 'mcp-remote, its usual port and the one it took when that was busy',
    registration: {
      ...PUBLIC,
      client_name: 'MCP CLI Proxy',
      client_uri: 'https://github.com/modelcontextprotocol/mcp-cli',
      redirect_uris: ['http://localhost:3334/oauth/callback'],
      software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
      software_version: '0.1.37',
    },
    uses: ['http://localhost:3334/oauth/callback', 'http://localhost:24691/oauth/callback'],
  },
  {
    name: 'Codex, a random port',
    registration: { ...PUBLIC, client_name: 'Codex', redirect_uris: ['http://127.0.0.1:57342/callback'] },
    uses: ['http://127.0.0.1:57342/callback'],
    omits: ['scope'],
  },
  {
    name: 'a client of 2025-03-26: no resource, no scope, no state',
    registration: {
      ...PUBLIC,
      client_name: 'Early Bird',
      redirect_uris: ['http://localhost:7777/oauth/callback'],
      scope: '',
    },
    uses: ['http://localhost:7777/oauth/callback'],
    omits: ['resource', 'scope', 'state'],
  },
];
