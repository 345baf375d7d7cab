import { VMA_ANON } from '../../kernel/vma.ts';

/** Part of an address space, in pages, and what is behind it. */
export interface Area {
  readonly start: number;
  readonly pages: number;
  /** PROT_ bits. */
  readonly prot: number;
  readonly shared: boolean;
  /** VMA_ANON and so on. */
  readonly kind: number;
  /** Which object or file of that kind. */
  readonly object: number;
  /** Page of the object behind the first page. */
  readonly offset: number;
}

const endOf = ({ start, pages }: Area): number => start + pages;

/**
 * The mappings of one process by the rules of mmap and munmap: a list without overlaps, where what
 * can be one area is one.
 */
export class AddressSpace {
  /** In the order of their addresses. */
  readonly areas: readonly Area[];
  private readonly most: number;

  /** @param most entries of the table */
  constructor(most: number, areas: readonly Area[] = []) {
    this.most = most;
    this.areas = areas;
  }

  at(vpn: number): Area | undefined {
    return this.areas.find((area) => vpn >= area.start && vpn < endOf(area));
  }

  /** Entries that are free; below 0 for an address space that cannot be. */
  get free(): number {
    return this.most - this.areas.length;
  }

  /**
   * Where so many pages go: at `wish` if that is not 0 and is free, else into the highest gap that
   * takes them.
   *
   * @param bottom first page that may be used, @param top one past the last
   * @returns 0 for nowhere.
   */
  place(wish: number, pages: number, bottom: number, top: number): number {
    if (wish >= bottom && wish + pages <= top && wish > 0 && this.isFree(wish, pages)) return wish;
    let end = top;
    for (const area of [...this.areas].reverse()) {
      if (area.start >= end) continue;
      if (endOf(area) <= end - pages) break;
      end = area.start;
    }
    return end - pages >= Math.max(bottom, 1) ? end - pages : 0;
  }

  private isFree(start: number, pages: number): boolean {
    return this.areas.every((area) => area.start >= start + pages || endOf(area) <= start);
  }

  /** With a range taken out of it. */
  without(start: number, pages: number): AddressSpace {
    const end = start + pages;
    const areas = this.areas.flatMap((area) => [
      part(area, area.start, Math.min(endOf(area), start)),
      part(area, Math.max(area.start, end), endOf(area)),
    ]);
    return new AddressSpace(
      this.most,
      areas.filter((area) => area !== undefined),
    );
  }

  /** With one area more, where there is none. */
  with(added: Area): AddressSpace {
    const areas: Area[] = [];
    for (const area of [...this.areas, added].sort((a, b) => a.start - b.start)) {
      const last = areas.at(-1);
      if (last === undefined || !continues(last, area)) areas.push(area);
      else areas[areas.length - 1] = { ...last, pages: last.pages + area.pages };
    }
    return new AddressSpace(this.most, areas);
  }
}

/** The pages of an area from one to another; undefined for none. */
function part(area: Area, from: number, to: number): Area | undefined {
  const start = Math.max(from, area.start);
  if (to <= start) return undefined;
  return { ...area, start, pages: to - start, offset: area.offset + start - area.start };
}

/** Whether an area goes on where another ends. What is private and begins as zeros has no offset. */
function continues(a: Area, b: Area): boolean {
  if (endOf(a) !== b.start || a.prot !== b.prot || a.shared !== b.shared) return false;
  if (a.kind !== b.kind || a.object !== b.object) return false;
  return a.kind === VMA_ANON || a.offset + a.pages === b.offset;
}
