import { type Messages, en } from './en.ts';
export const ar: Messages = en;
