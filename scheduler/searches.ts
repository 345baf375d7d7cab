import { Dfs } from './search/dfs.ts';
import { Dpor } from './search/dpor.ts';
import type { ViewOptions } from './search/view.ts';
import type { Search } from './search.ts';

/** What a search can be asked for, besides what it tells apart. */
export interface SearchOptions extends ViewOptions {
  /** Preemptions at most; any number if left out. */
  readonly preemptions?: number | undefined;
}

export interface SearchKind {
  /** One line for `list` and the README. */
  readonly summary: string;
  make(options: SearchOptions): Search;
}

const bounded = ({ preemptions, ...view }: SearchOptions, merges: boolean): Dfs =>
  new Dfs({ ...view, merges, ...(preemptions === undefined ? {} : { preemptions }) });

/**
 * By the name on the command line. `deepen`, a series of these, is not here: what belongs in the series
 * depends on the guest.
 */
export const SEARCHES: ReadonlyMap<string, SearchKind> = new Map<string, SearchKind>([
  [
    'dfs',
    {
      summary:
        'every interleaving, one after the other, or those with few preemptions (explore only)',
      make: (options) => bounded(options, false),
    },
  ],
  [
    'dpor',
    {
      summary: 'every order of the operations that matter, none twice (explore only)',
      // Wake-up trees know neither a bound nor a focus; there, traces seen before are remembered.
      make: ({ preemptions, focus, ...view }) =>
        preemptions === undefined && focus === undefined
          ? new Dpor(view)
          : bounded({ ...view, focus, preemptions }, true),
    },
  ],
]);
