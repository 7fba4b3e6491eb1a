/**
 * A real Chromium for tests, and a visit in it that remembers everything a page did wrong.
 *
 * A dialog, a script error or a refusal by a content security policy is a complaint; suites expect none. Must never
 * reach out to anything but loopback: every host name leads to 127.0.0.1. After a private scheme was tried in a page,
 * Chromium's question about it takes all further input there: begin a new visit.
 */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--host-resolver-rules=MAP * 127.0.0.1, EXCLUDE localhost, EXCLUDE 127.0.0.1',
];
const PATIENCE = 15_000;

export const launchChromium = (): Promise<Browser> => chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });

export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Dialogs, script errors, policy violations. */
  readonly complaints: string[];
  /** Every address the main frame was sent to, private schemes included. */
  readonly trail: string[];
  /** `Content-Security-Policy` of every document answered by these origins, by address. */
  readonly policies: Map<string, string>;
  close(): Promise<void>;
}

export async function startVisit(browser: Browser, options: { readonly javaScript?: boolean } = {}): Promise<Visit> {
  const context = await browser.newContext({ javaScriptEnabled: options.javaScript ?? true, ignoreHTTPSErrors: true });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const complaints: string[] = [];
  const trail: string[] = [];
  const policies = new Map<string, string>();
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => undefined);
  });
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (/content security policy|refused to/i.test(message.text())) complaints.push(`policy: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) trail.push(request.url());
  });
  page.on('response', (response) => {
    const request = response.request();
    if (request.resourceType() !== 'document' || response.headers()['content-type'] === undefined) return;
    policies.set(response.url(), response.headers()['content-security-policy'] ?? '');
  });
  return { context, page, complaints, trail, policies, close: () => context.close() };
}

/** What has the focus: the tag, or `BODY` when nothing has. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate<string>("document.activeElement?.tagName ?? 'none'");

/** Clicks through the practice provider as `person`; its own consent page comes only the first time. `arrived` is the end to wait for. */
export async function signInByClicking(page: Page, person: string, arrived: Promise<unknown>): Promise<void> {
  await page.locator(`button[name="person"][value="${person}"]`).click();
  const grant = page.locator('button.first[name="decision"][value="allow"]');
  const granted = grant.click().catch(() => undefined);
  await Promise.race([arrived, granted.then(() => arrived)]);
}
