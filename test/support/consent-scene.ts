/**
 * An app that waits for its answer, and a browser that stands on the consent page: with scripts and without, side by side.
 *
 * What reached the app is counted when the browser is gone and nothing can come any more; no scene waits for silence.
 */
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { type Landing, startLanding } from './app-landing.ts';
import { startGithubSetting } from './broker.ts';
import { launchChromium, startVisit, type Visit } from './chromium.ts';
import { count } from './database-file.ts';
import { authorizationUrl, newPkce, type Pkce, type RegisteredClient, redeem, register } from './mcp-client.ts';

export interface Scene {
  readonly visit: Visit;
  readonly page: Page;
  readonly landing: Landing;
  readonly client: RegisteredClient;
  readonly pkce: Pkce;
  readonly url: string;
  /** Another tab of the same browser. */
  tab(url: string): Promise<Page>;
  /** Another browser, closed with the scene. */
  stranger(): Promise<Page>;
  /** So many answers reach the app, and no more by the end of the scene. Without it: none. */
  answers(many?: number): Promise<URLSearchParams[]>;
}

export interface Stage {
  readonly issuer: string;
  advance(seconds: number): void;
  /** The scene in a browser with scripts and in one without. `name`: what the app calls itself. */
  play(steps: (scene: Scene) => Promise<void>, name?: string): Promise<void>;
  /** The app gets one code, which works; and there never was another. */
  expectOneCode(scene: Scene): Promise<void>;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const [world, browser] = await Promise.all([
    startGithubSetting({ settings: { limits: { registrations: 'off', prompts: 'off' } } }),
    launchChromium(),
  ]);
  const { setting } = world;
  const { issuer } = setting;
  return {
    issuer,
    advance: (seconds) => setting.clock.advance(seconds),
    play: async (steps, name) => {
      await Promise.all([true, false].map((scripts) => playOne({ browser, issuer, scripts, name }, steps)));
    },
    expectOneCode: async (scene) => {
      const [answer] = await scene.answers();
      expect([...(answer?.keys() ?? [])]).toEqual(['code', 'state', 'iss']);
      expect(count(setting, 'codes', 'client_id = ?', scene.client.client_id)).toBe(1);
      expect((await redeem(issuer, scene.client, answer?.get('code') ?? '', scene.pkce)).status).toBe(200);
    },
    close: async () => {
      await browser.close();
      await world.close();
    },
  };
}

interface Cast {
  readonly browser: Browser;
  readonly issuer: string;
  readonly scripts: boolean;
  readonly name: string | undefined;
}

async function playOne(cast: Cast, steps: (scene: Scene) => Promise<void>): Promise<void> {
  const { browser, issuer, scripts, name } = cast;
  const landing = await startLanding();
  const visit = await startVisit(browser, { javaScript: scripts });
  const strangers: Visit[] = [];
  let expected = 0;
  try {
    const named = name === undefined ? {} : { client_name: name };
    const client = await register(issuer, { redirect_uris: [landing.redirectUri], ...named });
    const pkce = newPkce();
    const url = authorizationUrl(issuer, client, pkce);
    await visit.page.goto(url);
    const tab = async (address: string) => {
      const page = await visit.context.newPage();
      await page.goto(address);
      return page;
    };
    const stranger = async () => {
      const other = await startVisit(browser, { javaScript: scripts });
      strangers.push(other);
      return other.page;
    };
    const answers = async (many = 1) => {
      expected = many;
      const arrived: URLSearchParams[] = [];
      while (arrived.length < many) arrived.push(await landing.arrival());
      return arrived;
    };
    await steps({ visit, page: visit.page, landing, client, pkce, url, tab, stranger, answers });
    for (const one of [visit, ...strangers]) await one.close();
    expect(visit.complaints).toEqual([]);
    expect(landing.received(), 'answers that reached the app').toBe(expected);
  } catch (error) {
    throw new Error(scripts ? 'with scripts' : 'without scripts', { cause: error });
  } finally {
    for (const one of [visit, ...strangers]) await one.close();
    await landing.close();
  }
}
