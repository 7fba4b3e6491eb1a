/**
 * What the console's pages are told: facts only, already read from the admin API.
 */
import type { Frame } from '../models.ts';
import type { ActionName } from './words.ts';

export type Section =
  | 'overview'
  | 'apps'
  | 'approvals'
  | 'people'
  | 'quarantine'
  | 'rules'
  | 'tools'
  | 'audit'
  | 'explain'
  | 'status';

export interface ConsoleFrame extends Frame {
  /** Pages this administrator may open. */
  readonly sections: readonly { readonly name: Section; readonly url: string; readonly current: boolean }[];
}

/** One value: `name` is somebody else's words, shown in quotes; `code` is a machine word; `time` is RFC 3339. */
export type Cell =
  | { readonly kind: 'text' | 'name' | 'code' | 'state'; readonly text: string; readonly url?: string }
  | { readonly kind: 'time'; readonly at: string | null }
  | { readonly kind: 'codes'; readonly texts: readonly string[] }
  | { readonly kind: 'json'; readonly value: object };

export interface Filter {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  /** A choice among these; free text without them. */
  readonly options?: readonly string[] | undefined;
  /** One has to be chosen. */
  readonly required?: boolean;
}

export interface Table {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface LinkTo {
  readonly label: string;
  readonly url: string;
  /** Ends something. */
  readonly danger?: boolean;
}

export interface ListModel {
  readonly frame: ConsoleFrame;
  readonly title: string;
  readonly action: string;
  readonly filters: readonly Filter[];
  readonly table: Table;
  /** Questions that lead to a page of their own, which changes nothing yet. */
  readonly asks: readonly {
    readonly name: string;
    readonly label: string;
    readonly action: string;
    readonly button: string;
  }[];
  readonly links: readonly LinkTo[];
}

/** One question of the explain page, and what came of it. */
export interface Question {
  readonly title: string;
  readonly button: string;
  readonly fields: readonly Filter[];
  readonly answer: readonly Fact[] | undefined;
  readonly problem: string | undefined;
  readonly table?: Table | undefined;
}

export interface ExplainModel {
  readonly frame: ConsoleFrame;
  readonly action: string;
  readonly questions: readonly Question[];
}

export interface Fact {
  readonly label: string;
  readonly value: Cell;
}

export interface FactsModel {
  readonly frame: ConsoleFrame;
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly actions: readonly LinkTo[];
  readonly links: readonly LinkTo[];
  readonly table?: Table | undefined;
}

export interface ConfirmModel {
  readonly frame: ConsoleFrame;
  readonly name: ActionName;
  readonly subject: readonly Fact[];
  readonly counts: { readonly approvals: number; readonly users: number; readonly clients: number } | undefined;
  readonly needsReason: boolean;
  /** The number to type, when many people are concerned. */
  readonly typed: number | undefined;
  readonly problem: string | undefined;
  readonly form: { readonly action: string; readonly hidden: Readonly<Record<string, string>> };
  readonly keepUrl: string;
}

export interface DoneModel {
  readonly frame: ConsoleFrame;
  readonly name: ActionName;
  readonly reason: string | undefined;
  readonly sessions: number | undefined;
  /** Undefined when the action ends no access by its nature. */
  readonly ended: readonly Fact[] | 'nothing' | undefined;
  /** From when on no server takes anything of it, in words. */
  readonly settled: string | undefined;
  readonly reportId: string | undefined;
  readonly upstream: Table | undefined;
  readonly backUrl: string;
}

export interface EnterModel {
  readonly frame: Frame;
  readonly choices: readonly { readonly upstream: string; readonly url: string }[];
  /** Links come from the demo's start, not from a command. */
  readonly demo: boolean;
}
