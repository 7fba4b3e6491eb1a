import { type Messages, en } from './en.ts';
export const de: Messages = en;
