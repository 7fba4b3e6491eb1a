/**
 * Journeys for suites whose upstream lets known applications through at once: to a code, to tokens, as any client.
 *
 * The upstream asks nothing, so every page that a person meets on the way is the broker's.
 */
import { BrowserJar, type JarResponse } from './browser-jar.ts';
import {
  answerOf,
  authorizationUrl,
  decide,
  newPkce,
  type Pkce,
  type RegisteredClient,
  redeem,
  register,
  type TokenAnswer,
} from './mcp-client.ts';

export interface Steps {
  readonly jar?: BrowserJar;
  readonly client?: RegisteredClient;
  /** Members of the registration when no client is given. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Changes to the authorization request; `null` drops a parameter. */
  readonly changes?: Readonly<Record<string, string | null>>;
}

/** A stop of the journey: what the next step needs. */
export interface Stop {
  readonly jar: BrowserJar;
  readonly client: RegisteredClient;
  readonly pkce: Pkce;
}

/** Opens the consent page and stops there. */
export async function openPage(issuer: string, steps: Steps = {}): Promise<Stop & { readonly page: JarResponse }> {
  const jar = steps.jar ?? new BrowserJar();
  const client = steps.client ?? (await register(issuer, steps.metadata));
  const pkce = newPkce();
  const page = await jar.get(authorizationUrl(issuer, client, pkce, steps.changes));
  return { jar, client, pkce, page };
}

/** From the consent page to the callback's address, which the browser has not opened yet. */
export async function allowAndReturn(
  jar: BrowserJar,
  page: JarResponse,
  more: readonly (readonly [string, string])[] = [],
): Promise<JarResponse> {
  const handOff = await jar.follow(await decide(jar, page, 'allow', more));
  return jar.follow(handOff);
}

/** The whole way to the answer for the client. */
export async function obtainCode(
  issuer: string,
  steps: Steps = {},
): Promise<Stop & { readonly code: string; readonly answered: JarResponse }> {
  const { jar, client, pkce, page } = await openPage(issuer, steps);
  const answered = await jar.follow(await allowAndReturn(jar, page));
  const code = answerOf(answered).get('code');
  if (code === null) throw new Error(`no code: ${answered.status} ${answered.next}`);
  return { jar, client, pkce, code, answered };
}

/** A client's HTTP Basic header, form-encoded as RFC 6749 2.3.1 wants it. */
export function basicOf(client: RegisteredClient): string {
  const encode = (text: string) => new URLSearchParams([['', text]]).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(client.client_id)}:${encode(client.client_secret ?? '')}`).toString('base64')}`;
}

/** The whole way to tokens of a public client. */
export async function obtainTokens(
  issuer: string,
  steps: Steps = {},
): Promise<Stop & { readonly code: string; readonly tokens: TokenAnswer }> {
  const { jar, client, pkce, code } = await obtainCode(issuer, steps);
  const response = await redeem(issuer, client, code, pkce);
  if (response.status !== 200) throw new Error(`token endpoint answered ${response.status}: ${await response.text()}`);
  return { jar, client, pkce, code, tokens: (await response.json()) as TokenAnswer };
}

/** What a refused back-channel request was told. */
export async function refusal(response: Response): Promise<{ readonly status: number; readonly error: unknown }> {
  const body = (await response.json()) as { error?: unknown };
  return { status: response.status, error: body.error };
}
