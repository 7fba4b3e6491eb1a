import { type Messages, en } from './en.ts';
export const es: Messages = en;
