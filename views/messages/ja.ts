import { type Messages, en } from './en.ts';
export const ja: Messages = en;
