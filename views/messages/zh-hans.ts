import { type Messages, en } from './en.ts';
export const zhHans: Messages = en;
