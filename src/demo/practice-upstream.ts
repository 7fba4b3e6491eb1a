/**
 * A real OpenID provider to practise with: three people, no passwords, and a memory for consent.
 *
 * Like the big providers it never asks twice for an application it knows, and with a live session it answers at once:
 * exactly the behaviour a consent broker must protect people from. Everything lives in memory.
 * Must never be started for real people, and never listen anywhere but loopback.
 */
import { generateKeyPair, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { Configuration, JWK, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { grantPage, homePage, PAGE_HEADERS, type PracticePerson, problemPage, signInPage } from './practice-pages.ts';

export interface PracticeClient {
  readonly client_id: string;
  readonly client_secret: string;
  readonly client_name?: string;
  readonly redirect_uris: readonly string[];
}

export interface PracticeOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** A loopback host; it is part of the issuer. */
  readonly host: string;
  readonly clients: readonly PracticeClient[];
  readonly people?: readonly PracticePerson[];
  /** Scopes it knows beside those of OpenID Connect; unknown ones are left out of what it grants. */
  readonly scopes?: readonly string[];
  /** Sees every request before it is answered. */
  readonly watch?: (request: IncomingMessage) => void;
}

export interface PracticeUpstream {
  readonly issuer: string;
  close(): Promise<void>;
}

export const PRACTICE_PEOPLE: readonly PracticePerson[] = [
  { sub: 'maya', name: 'Maya' },
  { sub: 'jonas', name: 'Jonas' },
  { sub: 'aiko', name: 'Aiko' },
];

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);
const COOKIES = { session: 'practice_session', interaction: 'practice_interaction', resume: 'practice_resume' };
/** Marks a request whose prompt was filled in here, so that it is no wish of the application to ask again. */
const FILLED_IN = 'practice_offline';

type Library = typeof import('oidc-provider');

/** Starts it. Rejects with a plain message when the development dependencies are not installed. */
export async function startPracticeUpstream(options: PracticeOptions): Promise<PracticeUpstream> {
  if (!LOOPBACK_HOSTS.has(options.host)) throw new Error('the practice upstream listens on loopback only');
  const people = options.people ?? PRACTICE_PEOPLE;
  const key = await signingKey();
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const issuer = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
  const remembered = new Map<string, string>();
  try {
    const provider = await withoutNotices(async () => {
      const library = await loadLibrary();
      return new library.Provider(issuer, configuration(library, options, people, remembered, key));
    });
    keepOfflineAccess(provider);
    const pages = practicePages(provider, people, remembered);
    server.on('request', (request, response) => {
      options.watch?.(request);
      pages(request, response);
    });
  } catch (error) {
    server.close();
    throw error;
  }
  return { issuer, close: () => closeServer(server) };
}

async function loadLibrary(): Promise<Library> {
  try {
    return await import('oidc-provider');
  } catch (cause) {
    const message = 'The practice upstream needs the development dependencies: run "npm ci" without --omit=dev.';
    throw new Error(message, { cause });
  }
}

/** The library greets every start with notices about runtime and storage that are no news to anybody here. */
async function withoutNotices<T>(work: () => Promise<T>): Promise<T> {
  const { info, warn } = console;
  const quiet =
    (print: typeof console.info) =>
    (...parts: unknown[]) => {
      if (!String(parts[0]).includes('oidc-provider ')) print(...parts);
    };
  Object.assign(console, { info: quiet(info), warn: quiet(warn) });
  try {
    return await work();
  } finally {
    Object.assign(console, { info, warn });
  }
}

async function signingKey(): Promise<JWK> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return { ...(privateKey.export({ format: 'jwk' }) as JWK), kid: randomBytes(8).toString('hex'), alg: 'RS256', use: 'sig' };
}

const memoryKey = (accountId: string | undefined, clientId: string | undefined): string => `${accountId}\n${clientId}`;

function configuration(
  library: Library,
  options: PracticeOptions,
  people: readonly PracticePerson[],
  remembered: ReadonlyMap<string, string>,
  key: JWK,
): Configuration {
  const seconds = { hour: 3_600, days: 14 * 86_400 };
  return {
    clients: options.clients.map((client) => ({
      ...client,
      redirect_uris: [...client.redirect_uris],
      grant_types: ['authorization_code', 'refresh_token'],
    })),
    jwks: { keys: [key] },
    scopes: ['openid', 'offline_access', ...(options.scopes ?? [])],
    claims: { openid: ['sub'], profile: ['name'] },
    cookies: { keys: [randomBytes(32).toString('base64url')], names: COOKIES },
    extraParams: [FILLED_IN],
    features: { devInteractions: { enabled: false }, revocation: { enabled: true }, rpInitiatedLogout: { enabled: false } },
    findAccount: (_ctx, sub) => {
      const person = people.find((candidate) => candidate.sub === sub);
      return person && { accountId: sub, claims: () => ({ sub, name: person.name }) };
    },
    interactions: { policy: rememberingPolicy(library), url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: async (ctx) => {
      const { result, session, client, provider } = ctx.oidc;
      const id = result?.consent?.grantId ?? remembered.get(memoryKey(session?.accountId, client?.clientId));
      return id === undefined ? undefined : provider.Grant.find(id);
    },
    pkce: { required: () => true },
    renderError: (ctx, out) => {
      ctx.set(PAGE_HEADERS);
      ctx.body = problemPage(`${out.error}: ${out.error_description ?? ''}`);
    },
    rotateRefreshToken: true,
    ttl: {
      ...{ AccessToken: seconds.hour, AuthorizationCode: 60, IdToken: seconds.hour, Interaction: seconds.hour },
      ...{ Grant: seconds.days, RefreshToken: seconds.days, Session: seconds.days },
    },
  };
}

/** Asks for consent when something is not granted yet, or the application itself wants the question asked. */
function rememberingPolicy({ interactionPolicy }: Library) {
  const policy = interactionPolicy.base();
  const consent = policy.get('consent');
  consent?.checks.remove('consent_prompt');
  const wanted = new interactionPolicy.Check('consent_prompt', 'consent was asked for', 'consent_required', (ctx) => {
    const { params, prompts } = ctx.oidc;
    return prompts.has('consent') && params?.[FILLED_IN] === undefined && ctx.oidc.result?.consent === undefined;
  });
  consent?.checks.add(wanted);
  return policy;
}

/** The library grants `offline_access` only with `prompt=consent`; most providers do not ask for that. */
function keepOfflineAccess(provider: Provider): void {
  provider.use((ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    const { scope, prompt } = ctx.query;
    if (ctx.path === '/auth' && prompt === undefined && typeof scope === 'string' && scope.split(' ').includes('offline_access')) {
      ctx.query = { ...ctx.query, prompt: 'consent', [FILLED_IN]: '1' };
    }
    return next();
  });
}

function practicePages(provider: Provider, people: readonly PracticePerson[], remembered: Map<string, string>): RequestListener {
  const library = provider.callback();
  return (request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    if (path === '/') return sendPage(response, 200, homePage(false));
    if (path === '/sign-out' && request.method === 'POST') {
      const gone = [COOKIES.session, `${COOKIES.session}.sig`].map((name) => `${name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`);
      response.setHeader('set-cookie', gone);
      return sendPage(response, 200, homePage(true));
    }
    if (!path.startsWith('/interaction/')) return void library(request, response);
    interact(provider, people, remembered, request, response).catch(() => {
      if (!response.headersSent) sendPage(response, 400, problemPage('This sign-in is over. Go back to the application and start again.'));
    });
  };
}

function sendPage(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, PAGE_HEADERS).end(body);
}

async function interact(
  provider: Provider,
  people: readonly PracticePerson[],
  remembered: Map<string, string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(request, response);
  const clientId = String(details.params['client_id']);
  const client = await provider.Client.find(clientId);
  const application = client?.clientName ?? clientId;
  const scopes = String(details.params['scope'] ?? '').split(' ');
  const accountId = details.session?.accountId;

  if (request.method !== 'POST') {
    if (details.prompt.name === 'login') return sendPage(response, 200, signInPage(application, people));
    const person = people.find(({ sub }) => sub === accountId);
    return sendPage(response, 200, grantPage(application, person?.name ?? '', scopes));
  }

  const form = new URLSearchParams(await text(request));
  if (form.get('decision') === 'deny') {
    const result = { error: 'access_denied', error_description: 'The person said no.' };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  if (details.prompt.name === 'login') {
    const person = people.find(({ sub }) => sub === form.get('person'));
    if (person === undefined) return sendPage(response, 400, problemPage('There is no such person here.'));
    return provider.interactionFinished(request, response, { login: { accountId: person.sub } }, { mergeWithLastSubmission: false });
  }
  const known = remembered.get(memoryKey(accountId, clientId));
  const grant = (known && (await provider.Grant.find(known))) || new provider.Grant({ accountId, clientId });
  grant.addOIDCScope(scopes.join(' '));
  const grantId = await grant.save();
  remembered.set(memoryKey(accountId, clientId), grantId);
  return provider.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true });
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
