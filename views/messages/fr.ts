import { type Messages, en } from './en.ts';
export const fr: Messages = en;
