/**
 * The OpenID provider behind the practice sign-in: its settings, and the memory that keeps it from asking twice.
 *
 * Decides when consent is asked for. The only importer of `oidc-provider`, a development dependency.
 */
import { generateKeyPair, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import type { Configuration, JWK, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { PAGE_HEADERS, type PracticePerson, problemPage } from './practice-pages.ts';

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

/** Not the library's names: cookies are shared between the ports of a host. */
export const COOKIES = {
  session: 'practice_session',
  interaction: 'practice_interaction',
  resume: 'practice_resume',
};
/** Marks a request whose prompt was filled in here, so that it is no wish of the application to ask again. */
const FILLED_IN = 'practice_offline';

type Library = typeof import('oidc-provider');

/**
 * Makes the provider; `remembered` maps memoryKey() to a grant. Rejects with a plain message when the development
 * dependencies are not installed.
 */
export async function createPracticeProvider(
  issuer: string,
  options: PracticeOptions,
  people: readonly PracticePerson[],
  remembered: ReadonlyMap<string, string>,
): Promise<Provider> {
  const key = await signingKey();
  const loaded = await loadLibrary();
  const settings = configuration(loaded, options, people, remembered, key);
  const restore = muteNotices();
  try {
    const provider = new loaded.Provider(issuer, settings);
    keepOfflineAccess(provider);
    return provider;
  } finally {
    restore();
  }
}

let library: Promise<Library> | undefined;

function loadLibrary(): Promise<Library> {
  library ??= importLibrary();
  return library;
}

async function importLibrary(): Promise<Library> {
  const restore = muteNotices();
  try {
    return await import('oidc-provider');
  } catch (cause) {
    library = undefined;
    const message = 'The practice upstream needs the development dependencies: run "npm ci" without --omit=dev.';
    throw new Error(message, { cause });
  } finally {
    restore();
  }
}

/** The library greets every start with notices about runtime and storage that are no news to anybody here. */
function muteNotices(): () => void {
  const { info, warn } = console;
  const quiet =
    (print: typeof console.info) =>
    (...parts: unknown[]) => {
      if (!String(parts[0]).includes('oidc-provider ')) print(...parts);
    };
  Object.assign(console, { info: quiet(info), warn: quiet(warn) });
  return () => void Object.assign(console, { info, warn });
}

async function signingKey(): Promise<JWK> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return {
    ...(privateKey.export({ format: 'jwk' }) as JWK),
    kid: randomBytes(8).toString('hex'),
    alg: 'RS256',
    use: 'sig',
  };
}

/** Under which the grant of one person for one application is remembered. */
export const memoryKey = (accountId: string | undefined, clientId: string | undefined): string =>
  `${accountId}\n${clientId}`;

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
    clientBasedCORS: () => false,
    claims: { openid: ['sub'], profile: ['name'] },
    cookies: { keys: [randomBytes(32).toString('base64url')], names: COOKIES },
    extraParams: [FILLED_IN],
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: false },
    },
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
    if (
      ctx.path === '/auth' &&
      prompt === undefined &&
      typeof scope === 'string' &&
      scope.split(' ').includes('offline_access')
    ) {
      ctx.query = { ...ctx.query, prompt: 'consent', [FILLED_IN]: '1' };
    }
    return next();
  });
}
