/**
 * The person every confused-deputy attack needs: been through once, so the upstream answers for the broker's client at once.
 */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { type BrokerSettings, startOidcSetting } from './broker.ts';
import { BrowserJar, type JarResponse } from './browser-jar.ts';
import { authorizationUrl, decide, newPkce, obtainTokens, type RegisteredClient, register } from './mcp-client.ts';

export type OidcWorld = Awaited<ReturnType<typeof startOidcSetting>>;

/** A broker before an upstream that remembers, with limits out of the way: attacks here try many things from one address. */
export const startWorld = (options: BrokerSettings = {}): Promise<OidcWorld> =>
  startOidcSetting({ ...options, settings: { limits: { registrations: 'off', prompts: 'off' }, ...options.settings } });

const MALICIOUS_REDIRECT = 'https://evil.example.net/cb';

/** What the attacker registers: an https client nobody here has approved. */
export const registerMalicious = (
  issuer: string,
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<RegisteredClient> =>
  register(issuer, { client_name: 'Handy Helper', redirect_uris: [MALICIOUS_REDIRECT], ...metadata });

/** How often the upstream's authorization endpoint was asked. */
export const hopsUpstream = (world: OidcWorld): number => world.upstream.seen('/auth').length;

/**
 * A browser whose person allowed an honest client once: the broker session lives, and the upstream remembers.
 * Proves that precondition before it returns: the upstream gives the broker's client a code without showing a page.
 */
export async function rememberedVictim(world: OidcWorld, person = 'maya') {
  const jar = new BrowserJar();
  const honest = await obtainTokens(world.setting.issuer, jar, person);
  expect(await upstreamAnswersAtOnce(world, jar)).toBe(true);
  return { jar, ...honest };
}

/** Whether the upstream sends this browser back with a code for the broker's client and shows no page on the way. */
async function upstreamAnswersAtOnce(world: OidcWorld, jar: BrowserJar): Promise<boolean> {
  const callback = `${world.setting.issuer}/callback/corp`;
  const challenge = createHash('sha256').update('v'.repeat(43)).digest('base64url');
  const query = new URLSearchParams({
    client_id: 'broker-at-upstream',
    response_type: 'code',
    redirect_uri: callback,
    scope: 'openid',
    state: 'precondition',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  const answer = await jar.get(`${world.upstream.issuer}/auth?${query}`);
  return answer.next?.startsWith(`${callback}?code=`) === true;
}

/** Opens the authorization URL of a client the way a link somewhere else would. */
export const openAuthorize = (
  world: OidcWorld,
  jar: BrowserJar,
  client: RegisteredClient,
  changes: Readonly<Record<string, string | null>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<JarResponse> => jar.get(authorizationUrl(world.setting.issuer, client, newPkce(), changes), headers);

/** The page stands, nothing points anywhere, and the upstream has not been asked since `hops`. */
export function expectOurPage(world: OidcWorld, page: JarResponse, hops: number): void {
  expect(page.status).toBe(200);
  expect(page.next).toBeUndefined();
  expect(page.headers.refresh).toBeUndefined();
  expect(page.body).toContain('name="decision" value="allow"');
  expect(page.body).toContain('name="decision" value="deny"');
  expect(hopsUpstream(world)).toBe(hops);
}

/** The attacker's side: approves in `jar` and stops at the hand-off; the upstream address is what a victim would be sent. */
export async function handOffIn(
  world: OidcWorld,
  jar: BrowserJar,
  client: RegisteredClient,
  changes: Readonly<Record<string, string | null>> = {},
) {
  const page = await openAuthorize(world, jar, client, changes);
  const handOff = await jar.follow(await decide(jar, page, 'allow'));
  if (handOff.next === undefined) throw new Error(`no hand-off: ${handOff.status}`);
  return { page, handOff, upstreamUrl: handOff.next };
}

/** A refusal that stays here: no redirect, nothing that goes on by itself, no code. */
export function expectNoWayOut(response: JarResponse, status: number): void {
  expect(response.status).toBe(status);
  expect(response.headers.location).toBeUndefined();
  expect(response.headers.refresh).toBeUndefined();
  expect(response.body).not.toContain('code=');
}
