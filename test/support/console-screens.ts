/** The console as `npm run screens` photographs it: a broker with some people and apps, and a browser that is in. */
import { hashSecret, newId, newSecret } from '../../src/security/secrets.ts';
import { BrowserJar } from './browser-jar.ts';
import type { Visit } from './chromium.ts';
import { makeLink } from './console.ts';
import { obtainTokens, register } from './mcp-client.ts';
import { startWorld } from './victim.ts';

const APPS = [
  { person: 'maya', client_name: 'Quill Editor' },
  { person: 'jonas', client_name: 'Quill Editor' },
  { person: 'aiko', client_name: 'Birch Notebook', redirect_uris: ['https://birch.example/callback'] },
  { person: 'maya', client_name: 'Heron Tool', redirect_uris: ['cursor://anysphere.cursor-retrieval/callback'] },
];

export interface ConsoleWorld {
  /** Leads the browser in; answers the address of a page below `/admin`. */
  enter(visit: Visit): Promise<(path: string) => string>;
  close(): Promise<void>;
}

export async function startConsoleWorld(): Promise<ConsoleWorld> {
  const world = await startWorld();
  const { issuer, broker } = world.setting;
  for (const { person, ...metadata } of APPS) {
    const client = await register(issuer, metadata);
    await obtainTokens(issuer, new BrowserJar(), person, {}, client);
  }
  const at = world.setting.clock.now();
  const key = {
    id: newId('adk'),
    name: 'on call',
    role: 'revoker',
    resources: undefined,
    createdAt: at,
    expiresAt: undefined,
  } as const;
  const trail = { at, reference: newId('req'), actor: { kind: 'system', id: 'cli' } } as const;
  await broker.deps.store.insertAdminKey(key, hashSecret(newSecret()), trail);
  return {
    enter: async ({ page }) => {
      const { url } = await makeLink(world.setting, 'admin');
      await page.goto(url);
      await page.getByRole('button', { name: 'Enter' }).click();
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      return (path) => `${issuer}/admin${path}`;
    },
    close: () => world.close(),
  };
}
