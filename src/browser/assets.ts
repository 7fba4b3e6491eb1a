/**
 * The few files a page loads, all from our own origin: the stylesheet in the operator's accent, and the operator's logo.
 *
 * Addresses carry a hash of the content, so they are cached for a year and change when the content does.
 */
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Hono } from 'hono';
import { consoleStylesheet } from '../../views/console/stylesheet.ts';
import { contentHash, type Stylesheet, stylesheetFor } from '../../views/stylesheet.ts';
import type { AppDeps, AppEnv } from '../ports.ts';

const FOREVER = 'public, max-age=31536000, immutable';
const LOGO_TYPES: Readonly<Record<string, string>> = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
};

const stylesheets = new Map<string, Stylesheet>();
const CONSOLE = consoleStylesheet();
const logos = new Map<string, { readonly path: string; readonly body: Buffer; readonly type: string }>();

function stylesheetOf(accent: string): Stylesheet {
  const made = stylesheets.get(accent) ?? stylesheetFor(accent);
  stylesheets.set(accent, made);
  return made;
}

function logoOf(file: string): { readonly path: string; readonly body: Buffer; readonly type: string } {
  const read = logos.get(file);
  if (read !== undefined) return read;
  const body = readFileSync(file);
  const type = LOGO_TYPES[extname(file).toLowerCase()];
  if (type === undefined) throw new Error('the logo is not an svg, png or webp file');
  const logo = {
    path: `/assets/logo-${contentHash(body.toString('base64'))}${extname(file).toLowerCase()}`,
    body,
    type,
  };
  logos.set(file, logo);
  return logo;
}

/** Path below the issuer's own. */
export const stylesheetPath = (accent: string): string => stylesheetOf(accent).path;
/** The console's own stylesheet, loaded after the other. */
export const consoleStylesheetPath = (): string => CONSOLE.path;
export const logoPath = (file: string): string => logoOf(file).path;

/** `base` is what comes before the paths: the issuer's own path, unless a listener has another. */
export function mountAssets(
  app: Hono<AppEnv>,
  { config }: Pick<AppDeps, 'config'>,
  base: string = new URL(config.issuer).pathname.replace(/\/$/, ''),
): void {
  const serve = (path: string, body: string | Uint8Array<ArrayBuffer>, type: string) =>
    app.get(
      `${base}${path}`,
      () =>
        new Response(body, {
          headers: {
            'Content-Type': type,
            'Cache-Control': FOREVER,
            'X-Content-Type-Options': 'nosniff',
            'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
          },
        }),
    );
  const stylesheet = stylesheetOf(config.brand.accent);
  serve(stylesheet.path, stylesheet.css, 'text/css; charset=utf-8');
  serve(CONSOLE.path, CONSOLE.css, 'text/css; charset=utf-8');
  if (config.brand.logo !== undefined) {
    const logo = logoOf(config.brand.logo);
    serve(logo.path, new Uint8Array(logo.body), logo.type);
  }
}
