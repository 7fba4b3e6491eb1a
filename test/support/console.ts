/** Ways into the admin console, and its forms. */
import type { AdminRole } from '../../src/domain/admin-key.ts';
import { hashSecret, newId, newSecret } from '../../src/security/secrets.ts';
import type { TestBroker } from './broker.ts';
import { BrowserJar, type JarResponse } from './browser-jar.ts';
import { submit } from './page-forms.ts';

/** Puts a one-time link into the broker's database; the address to open. */
export async function makeLink(
  { broker, clock, issuer }: TestBroker,
  role: AdminRole,
  { resources, origin = issuer, life = 300 }: { resources?: readonly string[]; origin?: string; life?: number } = {},
): Promise<{ readonly url: string; readonly id: string }> {
  const [token, id] = [newSecret(), newId('adl')];
  const at = clock.now();
  const link = { id, role, resources, createdAt: at, expiresAt: at + life };
  const trail = { at, reference: 'req_test', actor: { kind: 'system', id: 'test' } } as const;
  await broker.deps.store.insertConsoleLink(link, hashSecret(token), trail);
  return { url: `${origin}/admin/enter/${token}`, id };
}

/** A browser that is in by a link, and the overview it was led to. */
export async function enterByLink(
  setting: TestBroker,
  role: AdminRole,
  options: { resources?: readonly string[]; origin?: string } = {},
): Promise<{ readonly jar: BrowserJar; readonly page: JarResponse; readonly id: string }> {
  const { url, id } = await makeLink(setting, role, options);
  const jar = new BrowserJar();
  const page = await jar.follow(await submit(jar, await jar.get(url), '/admin/enter/'));
  return { jar, page, id };
}

/** The sign-in at the upstream, from the address bar to what the callback answers. */
export async function signInToConsole(jar: BrowserJar, issuer: string, upstream = 'corp'): Promise<JarResponse> {
  const handOff = await jar.follow(await jar.get(`${issuer}/admin/sign-in/${upstream}`));
  return jar.follow(await jar.follow(handOff));
}

/** The hidden members of the form that posts to an address with this part in it. */
export function hiddenOf(
  page: JarResponse,
  part: string,
): { readonly action: string; readonly fields: Record<string, string> } {
  for (const [, action = '', inner = ''] of page.body.matchAll(/<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/g)) {
    if (!action.includes(part)) continue;
    const pairs = [...inner.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    const fields = pairs.map(([, name = '', value = '']): [string, string] => [name, unescaped(value)]);
    return { action: new URL(action, page.url).href, fields: Object.fromEntries(fields) };
  }
  throw new Error(`no form to ${part} on ${page.status} ${page.url}:\n${page.body.slice(0, 2000)}`);
}

const unescaped = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

/** Sends a confirm page's form as it is, with what the person typed. */
export function confirm(jar: BrowserJar, page: JarResponse, typed: Record<string, string> = {}): Promise<JarResponse> {
  const { action, fields } = hiddenOf(page, '/admin/do/');
  return jar.postForm(action, { ...fields, ...typed });
}
