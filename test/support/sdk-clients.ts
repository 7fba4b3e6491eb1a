/** The official MCP client SDK in both versions, behind one shape: what suites of fronts and proxies ask of a client. */
import * as v2 from '@modelcontextprotocol/client';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { BrowserJar } from './browser-jar.ts';
import { approveAs } from './mcp-client.ts';
import { emptyMemory, providerOver } from './sdk-app.ts';

export interface SdkApp {
  /** Meets the first 401, lets the person allow, and connects. */
  connect(): Promise<void>;
  /** A tool's text; progress notifications are counted on the way. */
  call(name: string, args?: Record<string, unknown>): Promise<{ readonly text: string; readonly progress: number }>;
  /** Calls what the token does not cover, lets the person allow what is new, and calls again. */
  stepUp(name: string, args?: Record<string, unknown>): Promise<string>;
  readonly scope: () => string | undefined;
  close(): Promise<void>;
}

interface Session {
  readonly client: { callTool(...args: never[]): Promise<unknown>; close(): Promise<void> };
  readonly transport: { finishAuth(answer: never): Promise<void> };
}

const VERSIONS = {
  v1: {
    open: async (url: string, provider: unknown): Promise<Session> => {
      const client = new V1Client({ name: 'kite', version: '1.0.0' });
      const transport = new V1Transport(new URL(url), { authProvider: provider as never });
      await client.connect(transport as never);
      return { client: client as never, transport: transport as never };
    },
    transport: (url: string, provider: unknown) => new V1Transport(new URL(url), { authProvider: provider as never }),
    answer: (parameters: URLSearchParams): unknown => parameters.get('code'),
    options: (onprogress: () => void): unknown[] => [undefined, { onprogress }],
  },
  v2: {
    open: async (url: string, provider: unknown): Promise<Session> => {
      const client = new v2.Client({ name: 'kite', version: '2.0.0' });
      const transport = new v2.StreamableHTTPClientTransport(new URL(url), { authProvider: provider as never });
      await client.connect(transport);
      return { client: client as never, transport: transport as never };
    },
    transport: (url: string, provider: unknown) =>
      new v2.StreamableHTTPClientTransport(new URL(url), { authProvider: provider as never }),
    answer: (parameters: URLSearchParams): unknown => parameters,
    options: (onprogress: () => void): unknown[] => [{ onprogress }],
  },
} as const;

/** An app that keeps one grant for the server at `url`; its person is Maya. */
export function sdkApp(version: keyof typeof VERSIONS, url: string): SdkApp {
  const sdk = VERSIONS[version];
  const memory = emptyMemory<never, { scope?: string; refresh_token?: string }, never>();
  const provider = providerOver(memory);
  const jar = new BrowserJar();
  let session: Session | undefined;
  const allow = async (transport: Session['transport']) => {
    const page = await jar.get(memory.authorizationUrl?.href ?? '');
    const answered = await approveAs('maya', jar, page);
    await transport.finishAuth(sdk.answer(new URL(answered.next ?? '').searchParams) as never);
  };
  const call: SdkApp['call'] = async (name, args = {}) => {
    let progress = 0;
    const options = sdk.options(() => {
      progress += 1;
    });
    const result = await session?.client.callTool(...([{ name, arguments: args }, ...options] as never[]));
    return { text: (result as { content: { text: string }[] }).content[0]?.text ?? '', progress };
  };
  const isRefused = (error: unknown) =>
    error instanceof Error && /Unauthorized|403/.test(`${error.name} ${error.message}`);
  const refusedFirst = async (work: () => Promise<unknown>) => {
    const refused = await work().then(() => false, isRefused);
    if (!refused) throw new Error('nothing was refused');
  };
  return {
    connect: async () => {
      await refusedFirst(() => sdk.open(url, provider));
      await allow(sdk.transport(url, provider) as never);
      session = await sdk.open(url, provider);
    },
    call,
    stepUp: async (name, args) => {
      memory.hideRefreshToken = true;
      await refusedFirst(() => call(name, args));
      if (session !== undefined) await allow(session.transport);
      memory.hideRefreshToken = false;
      return (await call(name, args)).text;
    },
    scope: () => memory.tokens?.scope,
    close: async () => session?.client.close(),
  };
}
