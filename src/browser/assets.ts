/**
 * The few files a page loads, all from our own origin: the stylesheet, the brand's colours, the operator's logo.
 *
 * Paths carry a hash of the content and are cached for a year.
 */
import { readFileSync } from 'node:fs';
import { hash } from 'node:crypto';
import type { Hono } from 'hono';
import { brandStylesheet, STYLESHEET } from '../../views/stylesheet.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
