// The pages of one b-tree ("B-tree Pages", sqlite.org/fileformat2.html): leaves filled in order, then the pages above them.

/** A row of a table, or an entry of an index, whose payload has the row's number in it. */
export interface Cell {
  readonly id: number;
  readonly payload: Uint8Array;
}

export interface TreeOptions {
  /** All pages of the file; those of the tree but its root are added. */
  readonly pages: Uint8Array[];
  /** Bytes at the start of the root's page that are another's: the file header's on page 1. */
  readonly rootOffset: number;
}

const PAGE_BYTES = 4096;
const types = { table: { leaf: 0x0d, inner: 0x05 }, index: { leaf: 0x0a, inner: 0x02 } } as const;

/** A cell as it lies on a page, and what a page above says of it. */
interface Placed {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** A page below, and the cell that parts it from the next. */
interface Child {
  readonly page: number;
  readonly last: Placed;
}

export function treePages(
  kind: "table" | "index",
  cells: readonly Cell[],
  options: TreeOptions,
): { readonly root: Uint8Array } {
  let level = cells.map((cell): Placed => ({ id: cell.id, bytes: leafCell(kind, cell, options.pages) }));
  let below: readonly number[] = [];
  for (let depth = 0; ; depth++) {
    const type = depth === 0 ? types[kind].leaf : types[kind].inner;
    const isLeaf = depth === 0;
    const whole = fits(level, isLeaf, options.rootOffset);
    if (whole) return { root: pageOf(type, level, { below, isLeaf, offset: options.rootOffset }) };
    const parted = part(kind, level, below, { isLeaf, type, pages: options.pages });
    below = parted.map(({ page }) => page);
    level = parted.slice(0, -1).map(({ last }) => innerCell(kind, last));
  }
}

/** Splits cells over as few pages as they need. In an index the cell that parts two pages is on neither. */
function part(
  kind: "table" | "index",
  cells: readonly Placed[],
  below: readonly number[],
  { isLeaf, type, pages }: { readonly isLeaf: boolean; readonly type: number; readonly pages: Uint8Array[] },
): readonly Child[] {
  // On a leaf of a table every row stays; otherwise the parting cell goes up.
  const staysBelow = isLeaf && kind === "table";
  const children: Child[] = [];
  for (let at = 0; at < cells.length || (at === cells.length && !staysBelow); ) {
    let end = at;
    let used = 0;
    while (end < cells.length) {
      used += costOf(cells[end] as Placed, isLeaf);
      if (used > roomOf(isLeaf, 0)) break;
      end++;
    }
    // The last page must have a cell of its own.
    if (!staysBelow && end === cells.length - 1 && end > at + 1) end--;
    const own = cells.slice(at, end);
    const last = (staysBelow ? own.at(-1) : cells[end]) as Placed;
    const page = pages.push(pageOf(type, own, { below: below.slice(at, end + 1), isLeaf, offset: 0 }));
    children.push({ page, last });
    if (end >= cells.length) break;
    at = staysBelow ? end : end + 1;
  }
  return children;
}

const roomOf = (isLeaf: boolean, offset: number): number => PAGE_BYTES - offset - (isLeaf ? 8 : 12);

const fits = (cells: readonly Placed[], isLeaf: boolean, offset: number): boolean =>
  cells.reduce((sum, cell) => sum + costOf(cell, isLeaf), 0) <= roomOf(isLeaf, offset);

/** With its pointer, and on an inner page the number of the page below. */
const costOf = ({ bytes }: Placed, isLeaf: boolean): number => bytes.length + (isLeaf ? 2 : 6);

interface PageOptions {
  /** Of an inner page: the page below each cell, and one more. */
  readonly below: readonly number[];
  readonly isLeaf: boolean;
  readonly offset: number;
}

function pageOf(type: number, cells: readonly Placed[], { below, isLeaf, offset }: PageOptions): Uint8Array {
  const page = Buffer.alloc(PAGE_BYTES);
  let end = PAGE_BYTES;
  const pointers = offset + (isLeaf ? 8 : 12);
  cells.forEach(({ bytes }, at) => {
    const cell = isLeaf ? bytes : Buffer.concat([pageNumber(below[at] ?? 0), bytes]);
    end -= cell.length;
    page.set(cell, end);
    page.writeUInt16BE(end, pointers + 2 * at);
  });
  page[offset] = type;
  page.writeUInt16BE(cells.length, offset + 3);
  page.writeUInt16BE(end, offset + 5);
  if (!isLeaf) page.writeUInt32BE(below[cells.length] ?? 0, offset + 8);
  return page;
}

/** What parts two pages: of a table the number of the last row before, of an index the entry itself. */
function innerCell(kind: "table" | "index", { id, bytes }: Placed): Placed {
  return { id, bytes: kind === "table" ? formatVarint(id) : bytes };
}

/** "Cell Payload Overflow Pages": how much of a payload lies on the page, and the rest on pages of its own. */
function leafCell(kind: "table" | "index", { id, payload }: Cell, pages: Uint8Array[]): Uint8Array {
  const start = kind === "table" ? [formatVarint(payload.length), formatVarint(id)] : [formatVarint(payload.length)];
  const most = kind === "table" ? PAGE_BYTES - 35 : Math.floor(((PAGE_BYTES - 12) * 64) / 255) - 23;
  if (payload.length <= most) return Buffer.concat([...start, payload]);
  const least = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;
  const wanted = least + ((payload.length - least) % (PAGE_BYTES - 4));
  const local = wanted <= most ? wanted : least;
  const first = addOverflow(payload.subarray(local), pages);
  return Buffer.concat([...start, payload.subarray(0, local), pageNumber(first)]);
}

function addOverflow(rest: Uint8Array, pages: Uint8Array[]): number {
  const first = pages.length + 1;
  for (let at = 0; at < rest.length; at += PAGE_BYTES - 4) {
    const part = rest.subarray(at, at + PAGE_BYTES - 4);
    const page = Buffer.alloc(PAGE_BYTES);
    const isLast = at + PAGE_BYTES - 4 >= rest.length;
    page.writeUInt32BE(isLast ? 0 : pages.length + 2, 0);
    page.set(part, 4);
    pages.push(page);
  }
  return first;
}

function pageNumber(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

/** Seven bits a byte, the highest first; every byte but the last has its top bit set. */
export function formatVarint(value: number): Buffer {
  const bytes = [value % 0x80];
  for (let rest = Math.floor(value / 0x80); rest > 0; rest = Math.floor(rest / 0x80))
    bytes.unshift((rest % 0x80) | 0x80);
  return Buffer.from(bytes);
}
